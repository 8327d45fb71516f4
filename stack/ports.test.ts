import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { openPortBook } from './ports.ts';

/** Two different ports that are free now. */
async function freePorts(): Promise<[number, number]> {
  const chosen = await openPortBook({ file: bookFile(), preferDefaults: false }).choose('x', { one: 0, other: 0 });
  return [chosen['one'] ?? 0, chosen['other'] ?? 0];
}

function bookFile(): string {
  const directory = mkdtempSync(join(tmpdir(), 'unmogrowp-ports-test-'));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  return join(directory, 'ports.json');
}

test('a port stays over restarts, until somebody demands another one', async () => {
  const [known, demanded] = await freePorts();
  const file = bookFile();
  const choose = (more?: { http: number }) =>
    openPortBook({ file, preferDefaults: true }).choose('ingest', { http: known }, more);

  expect(await choose()).toEqual({ http: known });
  expect(await choose({ http: demanded })).toEqual({ http: demanded });
  expect(await choose()).toEqual({ http: demanded });
});

test('a demanded port counts also where nobody wants the well-known ones, and 0 is any', async () => {
  const [known, demanded] = await freePorts();
  const choose = (http: number) =>
    openPortBook({ file: bookFile(), preferDefaults: false }).choose('ingest', { http: known }, { http });

  expect(await choose(demanded)).toEqual({ http: demanded });
  expect((await choose(0))['http']).toBeGreaterThan(0);
});

test('no port is given to two listeners', async () => {
  const book = openPortBook({ file: bookFile(), preferDefaults: true });
  const [port] = await freePorts();
  const first = await book.choose('first', { http: port });
  const second = await book.choose('second', { http: port }, { http: port });

  expect(first).toEqual({ http: port });
  expect(second['http']).not.toBe(port);
});

test('two books of one process never find the same free port, though nobody listens on it yet', async () => {
  const wanted = Object.fromEntries(Array.from({ length: 300 }, (_, number) => [`listener ${number}`, 0]));
  const choose = () => openPortBook({ file: bookFile(), preferDefaults: false }).choose('many', wanted);
  const [one, other] = await Promise.all([choose(), choose()]);

  expect(new Set([...Object.values(one), ...Object.values(other)]).size).toBe(600);
});
