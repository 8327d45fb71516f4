import { fileURLToPath } from 'node:url';
import { migrate, readMigrations } from '../migrations.ts';
import { type PostgresPool, inTransaction, queryRows } from './pool.ts';

const FOLDER = fileURLToPath(new URL('./migrations', import.meta.url));

/** Any fixed number: it names the lock that keeps two migrating processes apart. */
const LOCK_ID = 7_306_815;

/** Brings the database to the newest state; gives the names of the migrations applied now. All of them or none. */
export async function migratePostgres(pool: PostgresPool): Promise<string[]> {
  const migrations = await readMigrations(FOLDER);
  return inTransaction(pool, async (connection) => {
    await queryRows(connection, 'SELECT pg_advisory_xact_lock($1)', [LOCK_ID]);
    await queryRows(
      connection,
      `CREATE TABLE IF NOT EXISTS migrations (
         name text PRIMARY KEY, checksum text NOT NULL, applied_at timestamptz NOT NULL DEFAULT now()
       )`,
    );
    return migrate(
      {
        applied: () =>
          queryRows<{ name: string; checksum: string }>(connection, 'SELECT name, checksum FROM migrations'),
        apply: async ({ name, sql, checksum }) => {
          await queryRows(connection, sql);
          await queryRows(connection, 'INSERT INTO migrations (name, checksum) VALUES ($1, $2)', [name, checksum]);
        },
      },
      migrations,
    );
  });
}
