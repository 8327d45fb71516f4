import { UnmogrowpError } from '../errors.ts';
import type { MaintenanceWindow } from '../incidents/maintenance.ts';
import { epochMs } from './epoch.ts';
import { type PostgresQueryable, queryRows } from './pool.ts';

/** A maintenance window as it is stored; one that ended early too. */
export interface StoredMaintenanceWindow extends MaintenanceWindow {
  readonly reason: string;
  readonly createdBy: string;
  readonly createdAtMs: number;
  /** The end that it was planned with. */
  readonly plannedToMs: number;
  readonly endedBy: string | null;
}

export interface NewMaintenanceWindow extends MaintenanceWindow {
  readonly reason: string;
  readonly createdBy: string;
}

/** An early end before the begin makes it empty. */
const END = 'greatest(starts_at, least(ends_at, ended_at))';

const COLUMNS = `maintenance_id AS "maintenanceId", matchers, ${epochMs('starts_at')} AS "fromMs", ${epochMs(END)} AS "toMs",
  reason, created_by AS "createdBy", ${epochMs('created_at')} AS "createdAtMs", ${epochMs('ends_at')} AS "plannedToMs",
  ended_by AS "endedBy"`;

/** Adds a maintenance window. The same one again changes nothing; another one under its id is refused with `oncall_invalid`. */
export async function createMaintenanceWindow(
  connection: PostgresQueryable,
  { maintenanceId, matchers, fromMs, toMs, reason, createdBy }: NewMaintenanceWindow,
): Promise<StoredMaintenanceWindow> {
  await queryRows(
    connection,
    `INSERT INTO maintenance_windows (maintenance_id, matchers, starts_at, ends_at, reason, created_by)
     VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (maintenance_id) DO NOTHING`,
    [maintenanceId, matchers, new Date(fromMs), new Date(toMs), reason, createdBy],
  );
  const stored = await loadMaintenanceWindow(connection, maintenanceId);
  const isSame =
    stored.fromMs === fromMs &&
    stored.plannedToMs === toMs &&
    JSON.stringify(stored.matchers) === JSON.stringify(matchers);
  if (isSame) return stored;
  throw new UnmogrowpError('oncall_invalid', `There is another maintenance window ${maintenanceId} already.`);
}

/** Ends a maintenance window now; one that is over stays as it was. Throws `oncall_invalid` when there is none. */
export async function endMaintenanceWindow(
  connection: PostgresQueryable,
  maintenanceId: string,
  by: string,
): Promise<StoredMaintenanceWindow> {
  await queryRows(
    connection,
    `UPDATE maintenance_windows SET ended_at = now(), ended_by = $2
     WHERE maintenance_id = $1 AND ended_at IS NULL AND ends_at > now()`,
    [maintenanceId, by],
  );
  return loadMaintenanceWindow(connection, maintenanceId);
}

/** Maintenance windows that hold at some time of a range, in the order in which they begin; for one moment, those at it. */
export function listMaintenanceWindows(
  connection: PostgresQueryable,
  { fromMs, toMs }: { readonly fromMs: number; readonly toMs: number },
): Promise<StoredMaintenanceWindow[]> {
  return queryRows<StoredMaintenanceWindow>(
    connection,
    `SELECT ${COLUMNS} FROM maintenance_windows
     WHERE starts_at <= $2 AND ${END} > $1
     ORDER BY starts_at, maintenance_id`,
    [new Date(fromMs), new Date(toMs)],
  );
}

async function loadMaintenanceWindow(
  connection: PostgresQueryable,
  maintenanceId: string,
): Promise<StoredMaintenanceWindow> {
  const [row] = await queryRows<StoredMaintenanceWindow>(
    connection,
    `SELECT ${COLUMNS} FROM maintenance_windows WHERE maintenance_id = $1`,
    [maintenanceId],
  );
  if (row !== undefined) return row;
  throw new UnmogrowpError(
    'oncall_invalid',
    `There is no maintenance window ${maintenanceId}. See: unmogrowp incident maintenance list`,
  );
}
