import { randomBytes } from 'node:crypto';
import pg from 'pg';
import { UnmogrowpError } from '../errors.ts';
import { type Settings, settingsSchema } from '../events/settings.ts';
import { type PostgresPool, type PostgresQueryable, inTransaction, queryRows } from './pool.ts';
import { insertWriteKey, unknownTenant } from './write-keys.ts';

/** Above what one process can take: a limit is a decision that somebody takes for a tenant. */
const EVENTS_PER_SECOND_MAX_DEFAULT = 200_000;

const TENANT_ID = /^[a-z0-9][a-z0-9_-]{0,62}$/;

export interface Tenant {
  tenant_id: string;
  created_at: Date;
  events_per_second_max: number;
  /** Prefixes of the write keys that are valid now. */
  key_prefixes: string[];
  settings_version: number;
  settings: Settings;
}

export interface NewTenant {
  tenantId: string;
  settings?: Settings;
  eventsPerSecondMax?: number;
}

/** Makes a tenant with its secret, its first settings and its first write key, which is shown only here. */
export async function createTenant(
  pool: PostgresPool,
  { tenantId, settings = settingsSchema.parse({}), eventsPerSecondMax = EVENTS_PER_SECOND_MAX_DEFAULT }: NewTenant,
): Promise<{ tenant_id: string; write_key: string; settings: Settings }> {
  if (!TENANT_ID.test(tenantId)) {
    throw new UnmogrowpError(
      'settings_invalid',
      `${JSON.stringify(tenantId)} cannot name a tenant: use 1 to 63 of a-z, 0-9, - and _, and begin with a letter or digit`,
    );
  }
  return inTransaction(pool, async (connection) => {
    await queryRows(
      connection,
      'INSERT INTO tenants (tenant_id, user_key_secret, events_per_second_max) VALUES ($1, $2, $3)',
      [tenantId, randomBytes(32), eventsPerSecondMax],
    ).catch((error: unknown) => {
      throw isUniqueViolation(error) ? existing(tenantId) : error;
    });
    await queryRows(connection, 'INSERT INTO attribution_settings (tenant_id, version, settings) VALUES ($1, 1, $2)', [
      tenantId,
      settings,
    ]);
    return { tenant_id: tenantId, write_key: await insertWriteKey(connection, tenantId), settings };
  });
}

/** All tenants in the order of their names. */
export async function loadTenants(connection: PostgresQueryable): Promise<Tenant[]> {
  const rows = await queryRows<Omit<Tenant, 'settings'> & { settings: unknown }>(
    connection,
    `SELECT tenant_id, tenants.created_at, events_per_second_max, latest.version AS settings_version, settings,
       ARRAY(
         SELECT display_prefix FROM write_keys
         WHERE write_keys.tenant_id = tenants.tenant_id AND (revoked_at IS NULL OR revoked_at > now())
         ORDER BY write_keys.created_at
       ) AS key_prefixes
     FROM tenants
     JOIN settings_in_force AS latest USING (tenant_id)
     ORDER BY tenant_id`,
  );
  return rows.map((row) => ({ ...row, settings: settingsSchema.parse(row.settings) }));
}

/** Changes how many events a second each ingest process takes from a tenant; in force within the key cache time. */
export async function limitTenant(
  connection: PostgresQueryable,
  tenantId: string,
  eventsPerSecondMax: number,
): Promise<void> {
  const changed = await queryRows(
    connection,
    'UPDATE tenants SET events_per_second_max = $2 WHERE tenant_id = $1 RETURNING 1',
    [tenantId, eventsPerSecondMax],
  );
  if (changed.length === 0) throw unknownTenant(tenantId);
}

const UNIQUE_VIOLATION = '23505';

function isUniqueViolation(error: unknown): boolean {
  const cause = error instanceof UnmogrowpError ? error.cause : error;
  return cause instanceof pg.DatabaseError && cause.code === UNIQUE_VIOLATION;
}

const existing = (tenantId: string): UnmogrowpError =>
  new UnmogrowpError(
    'tenant_exists',
    `There is a tenant ${tenantId} already. For a new key: unmogrowp tenant key rotate`,
  );
