import { UnmogrowpError } from '../errors.ts';
import { type Settings, type SettingsVersion, settingsSchema } from '../events/settings.ts';
import { type PostgresPool, type PostgresQueryable, inTransaction, queryRows } from './pool.ts';
import { unknownTenant } from './write-keys.ts';

/** The settings of a tenant that are in force now, or the given version of them. */
export async function loadSettings(
  connection: PostgresQueryable,
  tenantId: string,
  version?: number,
): Promise<SettingsVersion> {
  const source = version === undefined ? 'settings_in_force' : 'attribution_settings';
  const rows = await queryRows<Omit<SettingsVersion, 'settings'> & { settings: unknown }>(
    connection,
    `SELECT tenant_id, version, settings, applies_from FROM ${source}
     WHERE tenant_id = $1 AND ($2::integer IS NULL OR version = $2)`,
    [tenantId, version ?? null],
  );
  const row = rows[0];
  if (row === undefined) throw unknownTenant(tenantId);
  return { ...row, settings: settingsSchema.parse(row.settings) };
}

/**
 * The version of the settings by which a window is computed. A window that is published keeps the settings of its
 * publication: only a replay gives it others. One that never was takes the newest that apply when it begins; `knownAt`
 * asks for those that were stored by then.
 */
export async function settingsVersionOf(
  connection: PostgresQueryable,
  window: { tenantId: string; windowStartMs: number; publishedVersion: number | null; knownAt?: Date },
): Promise<number> {
  if (window.publishedVersion !== null) return window.publishedVersion;
  const rows = await queryRows<{ version: number | null }>(
    connection,
    `SELECT max(version) AS version FROM attribution_settings
     WHERE tenant_id = $1 AND replay_id IS NULL AND (applies_from IS NULL OR applies_from <= $2)
       AND (version = 1 OR $3::timestamptz IS NULL OR created_at <= $3)`,
    [window.tenantId, new Date(window.windowStartMs), window.knownAt ?? null],
  );
  const version = rows[0]?.version ?? null;
  if (version === null) throw unknownTenant(window.tenantId);
  return version;
}

/**
 * Stores changed settings as a new version; fields that `changes` does not name keep their values. Changes that change
 * nothing make no version. They apply to windows that begin at `appliesFrom` or later, without it to all windows that
 * are not published yet.
 */
export async function changeSettings(
  pool: PostgresPool,
  tenantId: string,
  changes: Readonly<Record<string, unknown>>,
  appliesFrom?: Date,
): Promise<SettingsVersion> {
  return inTransaction(pool, async (connection) => {
    await lockTenant(connection, tenantId);
    const before = await loadNewest(connection, tenantId);
    const settings = changedSettings(before, changes);
    refuseDate(before, appliesFrom);
    const isSameDate = appliesFrom === undefined || appliesFrom.getTime() === before.applies_from?.getTime();
    if (isSameDate && isSame(settings, before.settings)) return before;
    return insertSettings(connection, { tenantId, settings, appliesFrom: appliesFrom ?? null, replayId: null });
  });
}

/** Settings that somebody changed, and what of them. */
export interface SettingsChange {
  tenant_id: string;
  version: number;
  created_at: Date;
  applies_from: Date | null;
  /** Names of the settings that differ from the version before. */
  changed: string[];
}

/** What was changed since then, of one tenant or of all, the newest first. What a replay brought along is no change. */
export async function listSettingsChanges(
  connection: PostgresQueryable,
  filter: { tenantId: string | undefined; since: Date; limit: number },
): Promise<SettingsChange[]> {
  return queryRows<SettingsChange>(
    connection,
    `SELECT later.tenant_id, later.version, later.created_at, later.applies_from, array(
         SELECT key FROM jsonb_each(later.settings) WHERE value IS DISTINCT FROM earlier.settings -> key ORDER BY key
       ) AS changed
     FROM attribution_settings AS later CROSS JOIN LATERAL (
       SELECT settings FROM attribution_settings
       WHERE tenant_id = later.tenant_id AND version < later.version AND replay_id IS NULL ORDER BY version DESC LIMIT 1
     ) AS earlier
     WHERE ($1::text IS NULL OR later.tenant_id = $1) AND later.replay_id IS NULL AND later.created_at >= $2
     ORDER BY later.created_at DESC, later.tenant_id LIMIT $3`,
    [filter.tenantId ?? null, filter.since, filter.limit],
  );
}

/** Two changes at once must not both become version n + 1. Settings are changed only under this lock. */
export async function lockTenant(connection: PostgresQueryable, tenantId: string): Promise<void> {
  const known = await queryRows(connection, 'SELECT 1 FROM tenants WHERE tenant_id = $1 FOR NO KEY UPDATE', [tenantId]);
  if (known.length === 0) throw unknownTenant(tenantId);
}

/** Stores settings as the next version of the tenant. The caller holds the tenant's lock. */
export async function insertSettings(
  connection: PostgresQueryable,
  entry: { tenantId: string; settings: Settings; appliesFrom: Date | null; replayId: string | null },
): Promise<SettingsVersion> {
  const rows = await queryRows<{ version: number }>(
    connection,
    `INSERT INTO attribution_settings (tenant_id, version, settings, applies_from, replay_id)
     SELECT $1, max(version) + 1, $2, $3, $4 FROM attribution_settings WHERE tenant_id = $1
     RETURNING version`,
    [entry.tenantId, entry.settings, entry.appliesFrom, entry.replayId],
  );
  const version = rows[0]?.version ?? 0;
  return { tenant_id: entry.tenantId, version, settings: entry.settings, applies_from: entry.appliesFrom };
}

/** Settings with changes. Throws `settings_invalid` for what cannot be, or not be any more. */
export function changedSettings(
  { tenant_id: tenantId, settings: before }: SettingsVersion,
  changes: Readonly<Record<string, unknown>>,
): Settings {
  const parsed = settingsSchema.safeParse({ ...before, ...changes });
  if (!parsed.success) throw invalidSettings(parsed.error.issues);
  if (parsed.data.granularity !== before.granularity) {
    throw new UnmogrowpError(
      'settings_invalid',
      `The granularity of ${tenantId} is ${before.granularity} for ever: windows of two sizes over one time ` +
        'would count a conversion twice. Create another tenant for another granularity.',
    );
  }
  return parsed.data;
}

export const isSame = (left: Settings, right: Settings): boolean => JSON.stringify(left) === JSON.stringify(right);

/** One error that names every setting that is wrong. */
export function invalidSettings(issues: readonly { path: readonly PropertyKey[]; message: string }[]): UnmogrowpError {
  const problems = issues.map((issue) => `  ${issue.path.map(String).join('.') || 'settings'}: ${issue.message}`);
  return new UnmogrowpError('settings_invalid', `These settings cannot be used:\n${problems.join('\n')}`);
}

/** The newest settings, also those whose date is still to come: a change builds on them. */
async function loadNewest(connection: PostgresQueryable, tenantId: string): Promise<SettingsVersion> {
  const rows = await queryRows<{ version: number }>(
    connection,
    'SELECT max(version) AS version FROM attribution_settings WHERE tenant_id = $1 AND replay_id IS NULL',
    [tenantId],
  );
  return loadSettings(connection, tenantId, rows[0]?.version ?? 0);
}

/** A change in the past would reach some published windows and not others; changes in another order than their dates would undo each other. */
function refuseDate(before: SettingsVersion, appliesFrom: Date | undefined): void {
  if (appliesFrom !== undefined && appliesFrom.getTime() < Date.now()) {
    throw new UnmogrowpError(
      'settings_invalid',
      `${appliesFrom.toISOString()} has passed. Settings change from a coming moment on; for windows of the past: unmogrowp replay`,
    );
  }
  const planned = before.applies_from;
  if (planned === null || planned.getTime() <= Date.now()) return;
  if (appliesFrom !== undefined && appliesFrom.getTime() >= planned.getTime()) return;
  throw new UnmogrowpError(
    'settings_invalid',
    `Version ${before.version} applies from ${planned.toISOString()} on: a further change must not come before it. ` +
      'With that same moment it replaces what was planned.',
  );
}
