import { UnmogrowpError } from '../errors.ts';
import type { Override, Shift } from '../incidents/oncall/who.ts';
import { epochMs } from './epoch.ts';
import { type PostgresPool, type PostgresQueryable, inTransaction, queryRows } from './pool.ts';

/**
 * An override as it is stored. `toMs` is the end that counts: one that is withdrawn counts until then, and not at all when
 * that was before its begin.
 */
export interface StoredOverride extends Override {
  /** The end that it was added with. */
  readonly plannedToMs: number;
  readonly reason: string;
  /** The event of the calendar that it was imported from. */
  readonly calendarUid: string | null;
  readonly createdBy: string;
  readonly withdrawnAtMs: number | null;
  readonly withdrawnBy: string | null;
}

export interface NewOverride extends Shift {
  readonly overrideId: string;
  readonly scheduleId: string;
  readonly reason: string;
  readonly createdBy: string;
}

/** A shift of a calendar. */
export interface ImportedShift extends Shift {
  readonly overrideId: string;
  readonly calendarUid: string;
}

export interface CalendarImport {
  readonly scheduleId: string;
  readonly kind: Override['kind'];
  readonly shifts: readonly ImportedShift[];
  /** The range that the calendar was read for. */
  readonly fromMs: number;
  readonly toMs: number;
  readonly reason: string;
  readonly importedBy: string;
}

const END = 'greatest(starts_at, least(ends_at, withdrawn_at))';

const COLUMNS = `override_id AS "overrideId", schedule_id AS "scheduleId", kind, people, ${epochMs('starts_at')} AS "fromMs",
  ${epochMs(END)} AS "toMs", ${epochMs('ends_at')} AS "plannedToMs", reason, calendar_uid AS "calendarUid", created_by AS "createdBy",
  ${epochMs('created_at')} AS "createdAtMs", ${epochMs('withdrawn_at')} AS "withdrawnAtMs", withdrawn_by AS "withdrawnBy"`;

/** Adds an override. The same one again changes nothing; another one under its id is refused with `oncall_invalid`. */
export async function addOverride(connection: PostgresQueryable, override: NewOverride): Promise<StoredOverride> {
  const { overrideId, scheduleId, people, fromMs, toMs, reason, createdBy } = override;
  await queryRows(
    connection,
    `INSERT INTO oncall_overrides (override_id, schedule_id, kind, people, starts_at, ends_at, reason, created_by)
     VALUES ($1, $2, 'override', $3, $4, $5, $6, $7) ON CONFLICT (override_id) DO NOTHING`,
    [overrideId, scheduleId, people, new Date(fromMs), new Date(toMs), reason, createdBy],
  );
  const stored = await loadOverride(connection, overrideId);
  const isSame =
    stored.scheduleId === scheduleId &&
    stored.fromMs === fromMs &&
    stored.plannedToMs === toMs &&
    stored.people.join() === people.join();
  if (isSame) return stored;
  throw new UnmogrowpError('oncall_invalid', `There is another override ${overrideId} already.`);
}

interface OverrideFilter {
  /** Of these schedules; of all without. */
  readonly scheduleIds?: readonly string[] | undefined;
  readonly fromMs: number;
  readonly toMs: number;
}

/** What counts at some time of a range: overrides and imported shifts, also those that were withdrawn in the meantime. */
export const overridesBetween = (connection: PostgresQueryable, filter: OverrideFilter): Promise<StoredOverride[]> =>
  selectOverrides(connection, filter, `${END} > $2 AND ${END} > starts_at`);

/** The same as a record for people: those that stand, or with `isWithdrawnToo` all that were ever added. */
export const listOverrides = (
  connection: PostgresQueryable,
  { isWithdrawnToo = false, ...filter }: OverrideFilter & { readonly isWithdrawnToo?: boolean | undefined },
): Promise<StoredOverride[]> =>
  selectOverrides(connection, filter, isWithdrawnToo ? 'ends_at > $2' : 'ends_at > $2 AND withdrawn_at IS NULL');

/** In the order in which they begin. */
function selectOverrides(
  connection: PostgresQueryable,
  { scheduleIds, fromMs, toMs }: OverrideFilter,
  condition: string,
): Promise<StoredOverride[]> {
  return queryRows<StoredOverride>(
    connection,
    `SELECT ${COLUMNS} FROM oncall_overrides
     WHERE ($1::text[] IS NULL OR schedule_id = ANY ($1)) AND starts_at < $3 AND ${condition}
     ORDER BY starts_at, created_at, override_id`,
    [scheduleIds ?? null, new Date(fromMs), new Date(toMs)],
  );
}

/** Takes an override back; one that was taken back already stays as it was. Throws `oncall_invalid` when there is none. */
export async function withdrawOverride(
  connection: PostgresQueryable,
  overrideId: string,
  by: string,
): Promise<StoredOverride> {
  await queryRows(
    connection,
    `UPDATE oncall_overrides SET withdrawn_at = now(), withdrawn_by = $2
     WHERE override_id = $1 AND withdrawn_at IS NULL`,
    [overrideId, by],
  );
  return loadOverride(connection, overrideId);
}

async function loadOverride(connection: PostgresQueryable, overrideId: string): Promise<StoredOverride> {
  const [row] = await queryRows<StoredOverride>(
    connection,
    `SELECT ${COLUMNS} FROM oncall_overrides WHERE override_id = $1`,
    [overrideId],
  );
  if (row !== undefined) return row;
  throw new UnmogrowpError('oncall_invalid', `There is no override ${overrideId}. See: unmogrowp oncall override list`);
}

/**
 * Stores what a calendar says, as a whole or not at all. Shifts make it the truth of its range: what an earlier import put
 * there and this calendar does not say any more is withdrawn. Overrides are only added. What is there already stays.
 */
export async function importCalendar(
  pool: PostgresPool,
  { scheduleId, kind, shifts, fromMs, toMs, reason, importedBy }: CalendarImport,
): Promise<{ added: number; kept: number; withdrawn: number }> {
  return inTransaction(pool, async (connection) => {
    // Two imports at once would each withdraw what the other adds.
    await queryRows(connection, `SELECT pg_advisory_xact_lock(hashtextextended('oncall_overrides ' || $1, 0))`, [
      scheduleId,
    ]);
    const told = JSON.stringify(shifts.map(rowOf));
    const withdrawn =
      kind === 'shift' ? await withdrawMissing(connection, { scheduleId, fromMs, toMs, told, by: importedBy }) : 0;
    const added = await queryRows(
      connection,
      `INSERT INTO oncall_overrides (override_id, schedule_id, kind, people, starts_at, ends_at, reason, calendar_uid, created_by)
       SELECT override_id, $1, $2, people, starts_at, ends_at, $4, calendar_uid, $5 FROM ${TOLD('$3')}
       ON CONFLICT (schedule_id, kind, calendar_uid, starts_at, ends_at, people)
         WHERE withdrawn_at IS NULL AND calendar_uid IS NOT NULL DO NOTHING
       RETURNING 1`,
      [scheduleId, kind, told, reason, importedBy],
    );
    return { added: added.length, kept: shifts.length - added.length, withdrawn };
  });
}

async function withdrawMissing(
  connection: PostgresQueryable,
  {
    scheduleId,
    fromMs,
    toMs,
    told,
    by,
  }: { scheduleId: string; fromMs: number; toMs: number; told: string; by: string },
): Promise<number> {
  const rows = await queryRows(
    connection,
    `UPDATE oncall_overrides AS known SET withdrawn_at = now(), withdrawn_by = $5
     WHERE schedule_id = $1 AND kind = 'shift' AND withdrawn_at IS NULL AND starts_at < $3 AND ends_at > $2
       AND NOT EXISTS (
         SELECT 1 FROM ${TOLD('$4')}
         WHERE (told.calendar_uid, told.starts_at, told.ends_at, told.people)
           = (known.calendar_uid, known.starts_at, known.ends_at, known.people)
       )
     RETURNING 1`,
    [scheduleId, new Date(fromMs), new Date(toMs), told, by],
  );
  return rows.length;
}

const TOLD = (parameter: string): string => `jsonb_to_recordset(${parameter}::jsonb) AS told
  (override_id uuid, people text[], starts_at timestamptz, ends_at timestamptz, calendar_uid text)`;

const rowOf = ({ overrideId, people, fromMs, toMs, calendarUid }: ImportedShift): Record<string, unknown> => ({
  override_id: overrideId,
  people,
  starts_at: new Date(fromMs),
  ends_at: new Date(toMs),
  calendar_uid: calendarUid,
});
