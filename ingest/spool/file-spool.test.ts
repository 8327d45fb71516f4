import { spawn } from 'node:child_process';
import { appendFileSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openFileSpool } from './file-spool.ts';
import { encodeFrame } from './frame.ts';
import type { Spool, SpooledRecord } from './spool.ts';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'unmogrowp-spool-'));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

const record = (text: string, receivedAt = 1_000): SpooledRecord => ({
  partition: 3,
  value: Buffer.from(text),
  headers: { traceparent: `of ${text}`, spooled: '1' },
  receivedAt,
});
const open = (options: { bytesMax?: number; segmentBytesMax?: number } = {}) =>
  openFileSpool({ directory, bytesMax: 1_000_000, ...options });

/** Takes everything out, in batches of about `bytesMax`. */
async function takeAll(spool: Spool, bytesMax = 200): Promise<string[]> {
  const texts: string[] = [];
  for (;;) {
    const batch = await spool.readBatch(bytesMax);
    if (batch === undefined) return texts;
    texts.push(...batch.records.map(({ value }) => value.toString()));
    await batch.discard();
  }
}

const segments = () => readdirSync(directory).filter((name) => name.endsWith('.segment'));
const numbers = (count: number) => Array.from({ length: count }, (_, index) => `record ${index} ü`);

describe('the spool', () => {
  it('gives back whole records in their order, over many segments, and leaves no file', async () => {
    const spool = await open({ segmentBytesMax: 500 });
    for (const text of numbers(40)) await spool.append([record(text, 5_000), record(`${text}b`, 4_000)]);
    expect(segments().length).toBeGreaterThan(5);
    expect(spool.state()).toMatchObject({ records: 80, oldestReceivedAt: 4_000 });
    const first = await spool.readBatch(1);
    expect(first?.records).toEqual([record('record 0 ü', 5_000)]);
    expect(await takeAll(spool)).toEqual(numbers(40).flatMap((text) => [text, `${text}b`]));
    expect(spool.state()).toEqual({ records: 0, bytes: 0, oldestReceivedAt: undefined });
    expect(segments()).toEqual([]);
    await spool.append([record('again')]);
    expect(await takeAll(spool)).toEqual(['again']);
    await spool.close();
  });

  it('takes records from many requests at once without losing or mixing one', async () => {
    const spool = await open({ segmentBytesMax: 2_000 });
    const taken: string[] = [];
    const appending = Promise.all(numbers(300).map((text) => spool.append([record(text)])));
    while (taken.length < 300) {
      taken.push(...(await takeAll(spool, 1_000)));
      await setImmediate();
    }
    await appending;
    expect(taken).toEqual(numbers(300));
    await spool.close();
  });

  it('refuses what would exceed its bytes, and takes it again after it was drained', async () => {
    const bytes = encodeFrame(record('12345')).length;
    const spool = await open({ bytesMax: bytes * 2 });
    await Promise.all([spool.append([record('12345')]), spool.append([record('67890')])]);
    await expect(spool.append([record('x')])).rejects.toMatchObject({ code: 'spool_full', retryable: true });
    expect(await takeAll(spool)).toEqual(['12345', '67890']);
    await spool.append([record('x')]);
    await spool.close();
  });

  it('keeps its name and its records over a restart, and ignores a torn end', async () => {
    const before = await open();
    await before.append(numbers(3).map((text) => record(text)));
    await before.close();
    const torn = encodeFrame(record('never answered'));
    const path = join(directory, segments()[0] ?? '');
    appendFileSync(path, torn.subarray(0, torn.length - 1));
    const after = await open();
    expect(after.id).toBe(before.id);
    await after.append([record('newer')]);
    expect(after.state().records).toBe(4);
    expect(await takeAll(after)).toEqual([...numbers(3), 'newer']);
    await after.close();
  });

  it('says how many events of which tenant and hour it holds, also after a restart', async () => {
    const of = (tenant: string, rows: number, receivedAt: number) => ({
      ...record(tenant, receivedAt),
      headers: { tenant_id: tenant, row_count: String(rows) },
    });
    const before = await open({ segmentBytesMax: 200 });
    await before.append([of('acme', 3, 3_599_999), of('acme', 2, 3_600_000), of('beta', 1, 5)]);
    await before.append([of('acme', 4, 0)]);
    await before.close();
    const after = await open();
    const held = [
      { tenantId: 'acme', hourMs: 0, events: 7 },
      { tenantId: 'acme', hourMs: 3_600_000, events: 2 },
      { tenantId: 'beta', hourMs: 0, events: 1 },
    ];
    expect(after.held()).toEqual(held);
    await (await after.readBatch(1))?.discard();
    expect(after.held()).toEqual([{ ...held[0], events: 4 }, held[1], held[2]]);
    await takeAll(after);
    expect(after.held()).toEqual([]);
    await after.close();
  });

  it('ignores a torn end with a wrong checksum or an absurd length', async () => {
    const before = await open();
    await before.append([record('whole')]);
    await before.close();
    const damaged = encodeFrame(record('damaged'));
    damaged[damaged.length - 1] = 0;
    appendFileSync(join(directory, segments()[0] ?? ''), damaged);
    appendFileSync(join(directory, segments()[0] ?? ''), Buffer.alloc(20, 0xff));
    const after = await open();
    expect(await takeAll(after)).toEqual(['whole']);
    await after.close();
  });

  it('belongs to one process at a time, and is free again when that one is killed', async () => {
    const spool = await open();
    await expect(open()).rejects.toMatchObject({ code: 'spool_failed' });
    await spool.close();
    const program = `import { openFileSpool } from ${JSON.stringify(new URL('./file-spool.ts', import.meta.url).href)};
      const spool = await openFileSpool({ directory: ${JSON.stringify(directory)}, bytesMax: 1e6 });
      await spool.append([{ partition: 0, value: Buffer.from('kept'), headers: {}, receivedAt: 1 }]);
      process.stdout.write('appended');
      setInterval(() => {}, 1e6);`;
    const child = spawn(process.execPath, ['--input-type=module-typescript', '-e', program], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    await new Promise((resolve) => child.stdout.once('data', resolve));
    const exited = new Promise((resolve) => child.once('exit', resolve));
    child.kill('SIGKILL');
    await exited;
    const after = await open();
    expect(await takeAll(after)).toEqual(['kept']);
    await after.close();
  });
});
