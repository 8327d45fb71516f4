import { UnmogrowpError } from '../errors.ts';
import { type SettingsVersion, settingsSchema } from '../events/settings.ts';
import { type PostgresPool, type PostgresQueryable, inTransaction, queryRows } from './pool.ts';
import { unknownTenant } from './write-keys.ts';

/** The newest settings of a tenant, or the given version of them. */
export async function loadSettings(
  connection: PostgresQueryable,
  tenantId: string,
  version?: number,
): Promise<SettingsVersion> {
  const rows = await queryRows<{ version: number; settings: unknown }>(
    connection,
    `SELECT version, settings FROM attribution_settings
     WHERE tenant_id = $1 AND ($2::integer IS NULL OR version = $2) ORDER BY version DESC LIMIT 1`,
    [tenantId, version ?? null],
  );
  const row = rows[0];
  if (row === undefined) throw unknownTenant(tenantId);
  return { tenant_id: tenantId, version: row.version, settings: settingsSchema.parse(row.settings) };
}

/**
 * Stores changed settings as a new version; fields that `changes` does not name keep their values. Changes that change
 * nothing make no version.
 */
export async function changeSettings(
  pool: PostgresPool,
  tenantId: string,
  changes: Readonly<Record<string, unknown>>,
): Promise<SettingsVersion> {
  return inTransaction(pool, async (connection) => {
    // Two changes at once must not both become version n + 1.
    await queryRows(connection, 'SELECT 1 FROM tenants WHERE tenant_id = $1 FOR UPDATE', [tenantId]);
    const before = await loadSettings(connection, tenantId);
    const parsed = settingsSchema.safeParse({ ...before.settings, ...changes });
    if (!parsed.success) throw invalidSettings(parsed.error.issues);
    if (parsed.data.granularity !== before.settings.granularity) {
      throw new UnmogrowpError(
        'settings_invalid',
        `The granularity of ${tenantId} is ${before.settings.granularity} for ever: windows of two sizes over one time ` +
          'would count a conversion twice. Create another tenant for another granularity.',
      );
    }
    if (JSON.stringify(parsed.data) === JSON.stringify(before.settings)) return before;
    const version = before.version + 1;
    await queryRows(connection, 'INSERT INTO attribution_settings (tenant_id, version, settings) VALUES ($1, $2, $3)', [
      tenantId,
      version,
      parsed.data,
    ]);
    return { tenant_id: tenantId, version, settings: parsed.data };
  });
}

/** One error that names every setting that is wrong. */
export function invalidSettings(issues: readonly { path: readonly PropertyKey[]; message: string }[]): UnmogrowpError {
  const problems = issues.map((issue) => `  ${issue.path.map(String).join('.') || 'settings'}: ${issue.message}`);
  return new UnmogrowpError('settings_invalid', `These settings cannot be used:\n${problems.join('\n')}`);
}
