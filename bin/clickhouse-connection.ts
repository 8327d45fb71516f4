import type { ClickHouseConfig } from '../clickhouse/client.ts';
import type { Env } from '../env.ts';

/** How the environment says that ClickHouse is reached. */
export function clickHouseConnection(env: Env, applicationName: string): ClickHouseConfig {
  const { CLICKHOUSE_URL: url, CLICKHOUSE_USERNAME: username, CLICKHOUSE_PASSWORD: password } = env;
  return { url, username, password, database: env.CLICKHOUSE_DATABASE, applicationName };
}
