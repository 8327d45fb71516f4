import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { openRejects } from './rejects-file.ts';

const reject = (line: number, message = 'why') => ({ line, event: 'click', code: 'invalid_time', message });

function rejectsPath(): string {
  const folder = mkdtempSync(join(tmpdir(), 'unmogrowp-rejects-test-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return join(folder, 'file.csv.rejects.csv');
}

it('an import that is continued lists each reject once, whatever a killed one had written beyond its state', async () => {
  const path = rejectsPath();
  const killed = await openRejects(path, 0);
  const bytes = await killed.append([reject(2), reject(3, 'with, a comma and a "quote"')]);
  await killed.append([reject(4)]);
  await killed.close();

  const continued = await openRejects(path, bytes);
  await continued.append([reject(4), reject(5)]);
  await continued.close();

  expect(readFileSync(path, 'utf8').split('\n')).toEqual([
    'line,event,code,message',
    '2,click,invalid_time,why',
    '3,click,invalid_time,"with, a comma and a ""quote"""',
    '4,click,invalid_time,why',
    '5,click,invalid_time,why',
    '',
  ]);
});

it('a new import forgets the rejects of an earlier one, and writes no file without rejects', async () => {
  const path = rejectsPath();
  writeFileSync(path, 'of an earlier import');
  const rejects = await openRejects(path, 0);
  expect(await rejects.append([])).toBe(0);
  await rejects.close();
  expect(() => readFileSync(path)).toThrow('ENOENT');
});

it('an import whose rejects are gone is not continued as if there had been none', async () => {
  await expect(openRejects(rejectsPath(), 100)).rejects.toMatchObject({
    code: 'import_invalid',
    message: expect.stringContaining('it is gone. With --restart') as string,
  });
});

it('a place where no rejects can be written is refused before the first row is sent', async () => {
  await expect(openRejects(join(rejectsPath(), 'nowhere', 'rejects.csv'), 0)).rejects.toMatchObject({
    code: 'import_invalid',
    message: expect.stringContaining('its folder does not exist') as string,
  });
});
