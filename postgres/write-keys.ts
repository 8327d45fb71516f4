import { createHash, randomBytes } from 'node:crypto';
import { type PostgresQueryable, type PostgresPool, inTransaction, queryRows } from './pool.ts';
import { UnmogrowpError } from '../errors.ts';
import { type Settings, settingsSchema } from '../events/settings.ts';

const KEY_PREFIX = 'umg_';
const KEY_BYTES = 24;
const DISPLAY_LENGTH = 10;

/** What ingest needs to know about the owner of a write key. */
export interface WriteKeyOwner {
  tenant_id: string;
  /** Secret of the keyed hash that makes user keys. */
  user_key_secret: Buffer;
  events_per_second_max: number;
  identity_priority: Settings['identity_priority'];
  /** From when on the key is refused, if that is known already. */
  revoked_at: Date | null;
}

/** The stored form of a write key. */
export function hashWriteKey(writeKey: string): Buffer {
  return createHash('sha256').update(writeKey).digest();
}

/** Stores a new random write key and gives it in clear: this is the only moment at which it can be seen. */
export async function insertWriteKey(connection: PostgresQueryable, tenantId: string): Promise<string> {
  const writeKey = KEY_PREFIX + randomBytes(KEY_BYTES).toString('base64url');
  await queryRows(connection, 'INSERT INTO write_keys (key_hash, tenant_id, display_prefix) VALUES ($1, $2, $3)', [
    hashWriteKey(writeKey),
    tenantId,
    writeKey.slice(0, DISPLAY_LENGTH),
  ]);
  return writeKey;
}

/**
 * Gives a tenant a new write key and revokes its other ones, at once or after a time of grace. Ingest processes cache
 * keys, so a revocation takes effect within their cache time.
 */
export async function rotateKey(
  pool: PostgresPool,
  tenantId: string,
  options: { graceSeconds?: number } = {},
): Promise<{ write_key: string; revoked: number }> {
  return inTransaction(pool, async (connection) => {
    const known = await queryRows(connection, 'SELECT 1 FROM tenants WHERE tenant_id = $1 FOR UPDATE', [tenantId]);
    if (known.length === 0) throw unknownTenant(tenantId);
    const revoked = await queryRows(
      connection,
      `UPDATE write_keys SET revoked_at = least(revoked_at, now() + make_interval(secs => $2))
       WHERE tenant_id = $1 AND (revoked_at IS NULL OR revoked_at > now()) RETURNING 1`,
      [tenantId, options.graceSeconds ?? 0],
    );
    return { write_key: await insertWriteKey(connection, tenantId), revoked: revoked.length };
  });
}

/** The owner of the key with this hash, or undefined when no such key is valid now. */
export async function findWriteKeyOwner(
  connection: PostgresQueryable,
  keyHash: Buffer,
): Promise<WriteKeyOwner | undefined> {
  const rows = await queryRows<Omit<WriteKeyOwner, 'identity_priority'> & { settings: unknown }>(
    connection,
    `SELECT tenant_id, user_key_secret, events_per_second_max, revoked_at, settings
     FROM write_keys JOIN tenants USING (tenant_id) JOIN settings_in_force USING (tenant_id)
     WHERE key_hash = $1 AND (revoked_at IS NULL OR revoked_at > now())`,
    [keyHash],
  );
  const row = rows[0];
  if (row === undefined) return undefined;
  const { settings, ...owner } = row;
  return { ...owner, identity_priority: settingsSchema.parse(settings).identity_priority };
}

export function unknownTenant(tenantId: string): UnmogrowpError {
  return new UnmogrowpError('tenant_unknown', `There is no tenant ${tenantId}. See: unmogrowp tenant list`);
}
