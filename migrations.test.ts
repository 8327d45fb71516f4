import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { type Migration, migrate, readMigrations } from './migrations.ts';

/** A folder with files of these names, each with its name as its content. */
function folderOf(...names: string[]): string {
  const folder = mkdtempSync(join(tmpdir(), 'unmogrowp-migrations-test-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  for (const name of names) writeFileSync(join(folder, name), `-- ${name}`);
  return folder;
}

/** A database that remembers what was applied, and can fail at one migration. */
function database(failAt?: string) {
  const applied: Migration[] = [];
  return {
    applied: () => Promise.resolve(applied),
    apply: (migration: Migration) => {
      if (migration.name === failAt) return Promise.reject(new Error('no space'));
      applied.push(migration);
      return Promise.resolve();
    },
  };
}

it('migrations are applied in the order of their numbers, each once, and go on after one that failed', async () => {
  const migrations = await readMigrations(folderOf('0010_last.sql', '0002_second.sql', '0001_first.sql', 'notes.md'));
  const names = ['0001_first', '0002_second', '0010_last'];
  const failing = database('0002_second');
  await expect(migrate(failing, migrations)).rejects.toThrow('no space');
  const target = { ...database(), applied: failing.applied };
  expect(await migrate(target, migrations)).toEqual(names.slice(1));
  const whole = database();
  expect(await migrate(whole, migrations)).toEqual(names);
  expect(await migrate(whole, migrations)).toEqual([]);
});

it('a file that was changed after it had been applied is refused before anything is applied', async () => {
  const folder = folderOf('0001_first.sql');
  const target = database();
  await migrate(target, await readMigrations(folder));
  writeFileSync(join(folder, '0001_first.sql'), 'other');
  writeFileSync(join(folder, '0002_second.sql'), '');
  await expect(migrate(target, await readMigrations(folder))).rejects.toMatchObject({ code: 'migration_changed' });
  expect((await target.applied()).map(({ name }) => name)).toEqual(['0001_first']);
});

it('a number that is taken twice and a name that has none are refused', async () => {
  const twice = readMigrations(folderOf('0001_first.sql', '0001_other.sql'));
  await expect(twice).rejects.toThrow('Two migrations have the number 0001');
  await expect(readMigrations(folderOf('first.sql'))).rejects.toThrow('first.sql is not named like');
});
