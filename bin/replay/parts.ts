import type { WindowClient } from '../../activities/client.ts';
import { type ClickHouse, createClickHouse } from '../../clickhouse/client.ts';
import { type Env, parseEnv } from '../../env.ts';
import { type PostgresPool, createPostgresPool } from '../../postgres/pool.ts';
import { clickHouseConnection } from '../clickhouse-connection.ts';
import { withTemporal } from '../temporal.ts';

const APPLICATION = 'unmogrowp replay';

/** What the commands about replays work with. */
export interface ReplayParts {
  env: Env;
  clickhouse: ClickHouse;
  pool: PostgresPool;
}

/** Runs one piece of work on the parts, and closes them. */
export async function withParts<Result>(work: (parts: ReplayParts) => Promise<Result>): Promise<Result> {
  const env = parseEnv(process.env);
  const clickhouse = createClickHouse(clickHouseConnection(env, APPLICATION));
  const pool = createPostgresPool({ url: env.POSTGRES_URL, applicationName: APPLICATION });
  try {
    return await work({ env, clickhouse, pool });
  } finally {
    await pool.end();
    await clickhouse.close();
  }
}

/** The same with a client of Temporal. */
export function withAllParts<Result>(
  work: (parts: ReplayParts & { client: WindowClient }) => Promise<Result>,
): Promise<Result> {
  return withParts((parts) => withTemporal(parts.env, (client) => work({ ...parts, client })));
}
