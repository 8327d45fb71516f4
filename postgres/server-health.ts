import { type PostgresQueryable, queryRows } from './pool.ts';

/** What the server says about itself. */
export interface PostgresHealth {
  active: number;
  idle: number;
  other: number;
  connectionsMax: number;
  databaseBytes: number;
}

/** Asks the server for its connections and the size of the database: also the measure of how fast it answers. */
export async function readPostgresHealth(connection: PostgresQueryable): Promise<PostgresHealth> {
  const [row] = await queryRows<Record<keyof PostgresHealth, string>>(
    connection,
    `SELECT count(*) FILTER (WHERE state = 'active') AS active,
       count(*) FILTER (WHERE state = 'idle') AS idle,
       count(*) FILTER (WHERE state IS NULL OR state NOT IN ('active', 'idle')) AS other,
       current_setting('max_connections') AS "connectionsMax",
       pg_database_size(current_database()) AS "databaseBytes"
     FROM pg_stat_activity WHERE backend_type = 'client backend'`,
  );
  const number = (name: keyof PostgresHealth): number => Number(row?.[name] ?? 0);
  return {
    active: number('active'),
    idle: number('idle'),
    other: number('other'),
    connectionsMax: number('connectionsMax'),
    databaseBytes: number('databaseBytes'),
  };
}
