import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { UnmogrowpError } from '../errors.ts';
import { type Migration, migrate, readMigrations } from '../migrations.ts';
import { type ClickHouse, type ClickHouseConfig, createClickHouse, runNamed } from './client.ts';

const FOLDER = fileURLToPath(new URL('./migrations', import.meta.url));

export interface MigrateOptions {
  /** Name of a cluster: statements run on all of its servers and tables are replicated. Empty for a single server. */
  cluster: string;
}

/**
 * How many inserted blocks a table remembers by their token, so that a repeated insert is dropped. A crashed sink is
 * repeated within ten seconds by whoever takes its partitions over. An insert makes a block for each day of its events:
 * at ten blocks a second this reaches back a quarter of an hour, and an import of history over 1,000 days, which makes
 * some 300 a second on 2 cores, half a minute. An entry costs some 100 bytes.
 */
const DEDUPLICATION_WINDOW = 10_000;

/**
 * Brings the database to the newest state and gives the names of the migrations applied now. ClickHouse has no
 * transactions over statements, so each file holds one idempotent statement: a run that was killed, or two at the same
 * time, can simply be repeated.
 */
export async function migrateClickHouse(config: ClickHouseConfig, options: MigrateOptions): Promise<string[]> {
  // Not the database itself, which may not exist yet.
  const server = createClickHouse({ ...config, database: 'default' });
  try {
    await runStatement(server, `CREATE DATABASE IF NOT EXISTS ${config.database} {on_cluster}`, options);
  } finally {
    await server.close();
  }
  const clickhouse = createClickHouse(config);
  try {
    return await applyAll(clickhouse, options);
  } finally {
    await clickhouse.close();
  }
}

async function applyAll(clickhouse: ClickHouse, options: MigrateOptions): Promise<string[]> {
  await runStatement(
    clickhouse,
    `CREATE TABLE IF NOT EXISTS migrations {on_cluster} (
       name String, checksum String, applied_at DateTime64(3, 'UTC') DEFAULT now64(3)
     ) ENGINE = {engine:MergeTree} ORDER BY name`,
    options,
  );
  return migrate(
    {
      applied: () => appliedMigrations(clickhouse),
      apply: async (migration) => {
        await runMigration(clickhouse, migration, options);
        await clickhouse.client.insert({
          table: 'migrations',
          values: [{ name: migration.name, checksum: migration.checksum }],
          format: 'JSONEachRow',
        });
      },
    },
    await readMigrations(FOLDER),
  );
}

const appliedRows = z.array(z.object({ name: z.string(), checksum: z.string() }));

function appliedMigrations(clickhouse: ClickHouse): Promise<z.infer<typeof appliedRows>> {
  return runNamed('applied_migrations', {}, async (call) => {
    const query = 'SELECT name, argMin(migrations.checksum, applied_at) AS checksum FROM migrations GROUP BY name';
    const result = await clickhouse.client.query({ query, format: 'JSONEachRow', ...call });
    return appliedRows.parse(await result.json());
  });
}

async function runMigration(clickhouse: ClickHouse, { name, sql }: Migration, options: MigrateOptions): Promise<void> {
  try {
    await runStatement(clickhouse, sql, options);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new UnmogrowpError('migration_failed', `Migration ${name} failed: ${reason}`, { cause });
  }
}

async function runStatement(clickhouse: ClickHouse, sql: string, options: MigrateOptions): Promise<void> {
  await runNamed('migrate', {}, (call) => clickhouse.client.command({ query: expandMacros(sql, options), ...call }));
}

/**
 * Fills in what differs between a single server and a cluster: `{on_cluster}`, `{engine:AnyMergeTree}` and
 * `{deduplication}`. A file that needs none of it is taken as it is.
 */
export function expandMacros(sql: string, { cluster }: MigrateOptions): string {
  const isCluster = cluster !== '';
  const deduplication = isCluster
    ? `replicated_deduplication_window = ${DEDUPLICATION_WINDOW}, replicated_deduplication_window_seconds = 604800`
    : `non_replicated_deduplication_window = ${DEDUPLICATION_WINDOW}`;
  return sql
    .replaceAll('{on_cluster}', isCluster ? `ON CLUSTER '${cluster}'` : '')
    .replaceAll(/\{engine:(\w+)\}/g, isCluster ? 'Replicated$1' : '$1')
    .replaceAll('{deduplication}', deduplication);
}
