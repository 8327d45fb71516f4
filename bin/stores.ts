import { type ClickHouse, createClickHouse } from '../clickhouse/client.ts';
import { type Env, parseEnv } from '../env.ts';
import { type PostgresPool, createPostgresPool } from '../postgres/pool.ts';
import { clickHouseConnection } from './clickhouse-connection.ts';

/** What most commands work with. */
export interface Stores {
  env: Env;
  clickhouse: ClickHouse;
  pool: PostgresPool;
}

/** Runs one piece of work of a command, by whose name the stores know it, on both stores, and closes them. */
export async function withStores<Result>(
  applicationName: string,
  work: (stores: Stores) => Promise<Result>,
): Promise<Result> {
  const env = parseEnv(process.env);
  const clickhouse = createClickHouse(clickHouseConnection(env, applicationName));
  const pool = createPostgresPool({ url: env.POSTGRES_URL, applicationName });
  try {
    return await work({ env, clickhouse, pool });
  } finally {
    await pool.end();
    await clickhouse.close();
  }
}
