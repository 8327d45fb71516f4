import { fileURLToPath } from 'node:url';
import { clickHouseConnection } from '../bin/clickhouse-connection.ts';
import { type ClickHouse, createClickHouse } from '../clickhouse/client.ts';
import { migrateClickHouse } from '../clickhouse/migrate.ts';
import type { Env } from '../env.ts';
import { startNode } from './child.ts';

/** A database with the platform's newest schema, and a client for it. */
export async function openDatabase(env: Env, database = env.CLICKHOUSE_DATABASE): Promise<ClickHouse> {
  const config = { ...clickHouseConnection(env, 'bench'), database };
  await migrateClickHouse(config, { cluster: env.CLICKHOUSE_CLUSTER });
  return createClickHouse(config);
}

/** Removes the database of a bench, with all that is in it, and closes its client. */
export async function dropDatabase(clickhouse: ClickHouse): Promise<void> {
  if (!clickhouse.database.startsWith('bench')) throw new Error(`${clickhouse.database} is no bench's: not dropped`);
  await clickhouse.client.command({ query: `DROP DATABASE ${clickhouse.database} SYNC` });
  await clickhouse.close();
}

/** The rows of one SELECT. */
export async function select<Row>(clickhouse: ClickHouse, query: string): Promise<Row[]> {
  const result = await clickhouse.client.query({ query, format: 'JSONEachRow' });
  return result.json();
}

/** Starts bin/sink.ts on the given environment and waits until it consumes. */
export function startSink(variables: Readonly<Record<string, string>>) {
  const program = fileURLToPath(new URL('../bin/sink.ts', import.meta.url));
  return startNode([program], variables, (line) => /^\{"(listening|metrics)"/.test(line));
}
