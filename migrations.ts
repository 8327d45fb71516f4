import { createHash } from 'node:crypto';
import { readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { UnmogrowpError } from './errors.ts';

export interface Migration {
  /** File name without `.sql`, as `0001_tenants`. */
  name: string;
  sql: string;
  /** SHA-256 of the file, in hexadecimal. */
  checksum: string;
}

/** What a database must offer to be migrated. */
export interface MigrationTarget {
  applied(): Promise<readonly { name: string; checksum: string }[]>;
  /** Runs the migration and remembers it with its checksum. */
  apply(migration: Migration): Promise<void>;
}

const FILE_NAME = /^\d{4}_[a-z0-9_]+\.sql$/;

/** The migrations of a folder in the order of their numbers. Other files than `NNNN_name.sql` are refused. */
export async function readMigrations(folder: string): Promise<Migration[]> {
  const files = (await readdir(folder)).filter((file) => file.endsWith('.sql')).sort();
  const numbers = new Set<string>();
  for (const file of files) {
    if (!FILE_NAME.test(file)) {
      throw new UnmogrowpError('migration_failed', `${file} is not named like 0001_what_it_does.sql`);
    }
    const number = file.slice(0, 4);
    if (numbers.has(number)) throw new UnmogrowpError('migration_failed', `Two migrations have the number ${number}`);
    numbers.add(number);
  }
  return Promise.all(
    files.map(async (file) => {
      const sql = await readFile(join(folder, file), 'utf8');
      return {
        name: file.slice(0, -'.sql'.length),
        sql,
        checksum: createHash('sha256').update(sql).digest('hex'),
      };
    }),
  );
}

/**
 * Applies the migrations that are new; gives their names. An applied file must never change, because databases made
 * before and after the change would differ without anybody knowing: `migration_changed`.
 */
export async function migrate(target: MigrationTarget, migrations: readonly Migration[]): Promise<string[]> {
  const applied = new Map((await target.applied()).map(({ name, checksum }) => [name, checksum]));
  for (const { name, checksum } of migrations) {
    const before = applied.get(name);
    if (before !== undefined && before !== checksum) {
      throw new UnmogrowpError(
        'migration_changed',
        `Migration ${name} was changed after it had been applied. Put the file back as it was and add a new migration.`,
      );
    }
  }
  const pending = migrations.filter(({ name }) => !applied.has(name));
  for (const migration of pending) await target.apply(migration);
  return pending.map(({ name }) => name);
}
