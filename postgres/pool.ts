import pg from 'pg';
import { UnmogrowpError } from '../errors.ts';

export interface PoolConfig {
  url: string;
  /** Shown by `pg_stat_activity`, so that a connection can be led back to its process. */
  applicationName: string;
  connectionsMax?: number;
  connectTimeoutMs?: number;
  /** How long one statement may run before the server gives it up. */
  statementTimeoutMs?: number;
}

export type PostgresPool = pg.Pool;

/** What queries need: the pool itself, or one of its connections inside a transaction. */
export type PostgresQueryable = Pick<pg.Pool, 'query'>;

/** A pool of connections. No connection is opened before the first query. */
export function createPostgresPool(config: PoolConfig): PostgresPool {
  const pool = new pg.Pool({
    connectionString: config.url,
    application_name: config.applicationName,
    max: config.connectionsMax ?? 5,
    connectionTimeoutMillis: config.connectTimeoutMs ?? 3_000,
    statement_timeout: config.statementTimeoutMs ?? 10_000,
    // The server's own limit does not help when the server or the network has vanished.
    query_timeout: (config.statementTimeoutMs ?? 10_000) + 1_000,
    keepAlive: true,
  });
  // A lost idle connection is not an error of any query: the pool opens another one when it is needed.
  pool.on('error', () => {});
  return pool;
}

/** Runs one statement and gives its rows. Throws `postgres_unavailable` or `postgres_query_failed`. */
export async function queryRows<Row extends pg.QueryResultRow>(
  connection: PostgresQueryable,
  text: string,
  values: readonly unknown[] = [],
): Promise<Row[]> {
  try {
    const result = await connection.query<Row>(text, [...values]);
    return result.rows;
  } catch (error) {
    throw classifyPostgresError(error);
  }
}

/** Runs `work` on one connection in one transaction; whatever it throws rolls everything back. */
export async function inTransaction<Result>(
  pool: PostgresPool,
  work: (connection: pg.PoolClient) => Promise<Result>,
): Promise<Result> {
  const connection = await pool.connect().catch((error: unknown) => {
    throw classifyPostgresError(error);
  });
  let broken: Error | undefined;
  // The pool listens to idle connections only; an error of this one that nobody listens to would end the process.
  const onLost = (error: Error): void => {
    broken = error;
  };
  connection.on('error', onLost);
  try {
    await queryRows(connection, 'BEGIN');
    const result = await work(connection);
    await queryRows(connection, 'COMMIT');
    return result;
  } catch (error) {
    await connection.query('ROLLBACK').catch(onLost);
    throw error;
  } finally {
    connection.release(broken);
    connection.off('error', onLost);
  }
}

/** SQLSTATE classes and codes of a server that cannot serve now but may later: connections, resources, shutdown, locks. */
const UNAVAILABLE_STATES = /^(08|53|57P|40001|40P01|55P03|57014)/;

const UNDEFINED_TABLE = '42P01';

/** The platform's error behind anything that the driver threw. */
function classifyPostgresError(thrown: unknown): UnmogrowpError {
  if (thrown instanceof UnmogrowpError) return thrown;
  const message = thrown instanceof Error ? thrown.message : String(thrown);
  if (!(thrown instanceof pg.DatabaseError)) {
    // Everything that is not an answer of the server is a connection that could not be made or was lost.
    return new UnmogrowpError('postgres_unavailable', `Postgres does not answer: ${message || 'connection refused'}`, {
      cause: thrown,
    });
  }
  const state = thrown.code ?? '';
  const code = UNAVAILABLE_STATES.test(state) ? 'postgres_unavailable' : 'postgres_query_failed';
  const hint = state === UNDEFINED_TABLE ? '. Its tables are missing: run unmogrowp migrate' : '';
  return new UnmogrowpError(code, `Postgres: ${message}${hint}`, { cause: thrown, context: { sqlstate: state } });
}
