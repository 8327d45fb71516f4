import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { type CsvPosition, readHead, readRows } from './read-rows.ts';

const folder = mkdtempSync(join(tmpdir(), 'unmogrowp-read-rows-test-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function fileOf(text: string): string {
  const path = join(folder, 'file.csv');
  writeFileSync(path, text);
  return path;
}

async function read(
  text: string,
  from?: CsvPosition,
): Promise<{ line: number; cells: readonly string[]; end: CsvPosition }[]> {
  const rows = [];
  const options = { delimiter: ',', ...(from === undefined ? {} : { from }) };
  for await (const row of readRows(fileOf(text), options)) rows.push(row);
  return rows;
}

const UGLY = '\uFEFFa,b\r\n\r\n1,"two\r\nlines"\r\n2,"quoted ""word"""\r\n3,stray "quote\r\n4\r\nä,ö\r\n';

it('a row is known by the line on which it begins, whatever lies before it', async () => {
  expect((await read(UGLY)).map(({ line, cells }) => [line, ...cells])).toEqual([
    [1, 'a', 'b'],
    [3, '1', 'two\r\nlines'],
    [5, '2', 'quoted "word"'],
    [6, '3', 'stray "quote'],
    [7, '4'],
    [8, 'ä', 'ö'],
  ]);
});

it('reading on after any row gives exactly the rows that are left, with their lines and places', async () => {
  const all = await read(UGLY);
  for (const [index, { end }] of all.entries()) expect(await read(UGLY, end)).toEqual(all.slice(index + 1));
});

it('a file that ends inside of quotes cannot be read, and says where', async () => {
  await expect(read('a,b\n1,2\n3,"open\n4,5\n')).rejects.toThrow(
    'after line 2: a quote is opened there and never closed',
  );
});

it('a file without a header, or with a column twice, is refused', async () => {
  await expect(readHead(fileOf(''), ',')).rejects.toThrow('is empty');
  await expect(readHead(fileOf('a,b,a\n'), ',')).rejects.toThrow('two columns named "a"');
  await expect(readHead(join(folder, 'absent.csv'), ',')).rejects.toThrow('there is no such file');
  expect(await readHead(fileOf('a;b\n1;2\n'), ';')).toMatchObject({ header: ['a', 'b'], firstRow: ['1', '2'] });
});
