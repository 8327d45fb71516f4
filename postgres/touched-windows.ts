import { type Cutoff, mergeCutoffs } from '../events/cutoff.ts';
import { type PostgresPool, type PostgresQueryable, inTransaction, queryRows } from './pool.ts';

/** A window that has to be told that rows have come. */
export interface TouchedWindow {
  tenant_id: string;
  window_start: Date;
  /** As far a run has to see; null when the window only has to be looked after. */
  arrivals: Cutoff | null;
}

/** The same as it is stored. */
export interface StoredTouchedWindow extends TouchedWindow {
  revision: number;
}

/** Up to where a partition of the log was examined: the next offset. */
export interface ExaminedPartition {
  partition: number;
  next_offset: number;
}

const LOCK_CLASS = 7_306_817;

/** Up to where a topic was examined; partitions that never were are missing. */
export async function loadExamined(connection: PostgresQueryable, topic: string): Promise<ExaminedPartition[]> {
  const rows = await queryRows<{ partition: number; next_offset: string }>(
    connection,
    `SELECT kafka_partition AS partition, next_offset FROM examined_arrivals
     WHERE kafka_topic = $1 ORDER BY kafka_partition`,
    [topic],
  );
  return rows.map(({ partition, next_offset: offset }) => ({ partition, next_offset: Number(offset) }));
}

/**
 * Stores what was found in a slice of the log and that it was examined, both or neither. Doing it again changes nothing:
 * what a window has to be told only grows, and so does what was examined.
 */
export async function saveExamination(
  pool: PostgresPool,
  found: { topic: string; examined: readonly ExaminedPartition[]; windows: readonly TouchedWindow[] },
): Promise<void> {
  const { topic, examined, windows } = found;
  await inTransaction(pool, async (connection) => {
    await queryRows(connection, 'SELECT pg_advisory_xact_lock($1, 0)', [LOCK_CLASS]);
    await mergeTouched(connection, windows);
    await queryRows(
      connection,
      `INSERT INTO examined_arrivals (kafka_topic, kafka_partition, next_offset)
       SELECT $1, * FROM unnest($2::integer[], $3::bigint[])
       ON CONFLICT (kafka_topic, kafka_partition)
       DO UPDATE SET next_offset = greatest(examined_arrivals.next_offset, excluded.next_offset)`,
      [topic, examined.map(({ partition }) => partition), examined.map(({ next_offset: offset }) => offset)],
    );
  });
}

/** The next windows that have to be told, in the order of ClickHouse, which compares bytes. */
export function listTouched(
  connection: PostgresQueryable,
  page: { after: { tenantId: string; windowStart: Date } | null; windowsMax: number },
): Promise<StoredTouchedWindow[]> {
  return queryRows<StoredTouchedWindow>(
    connection,
    `SELECT tenant_id, window_start, arrivals, revision FROM touched_windows
     WHERE $1::text IS NULL OR (tenant_id COLLATE "C", window_start) > ($1, $2::timestamptz)
     ORDER BY tenant_id COLLATE "C", window_start LIMIT $3`,
    [page.after?.tenantId ?? null, page.after?.windowStart ?? null, page.windowsMax],
  );
}

/** Forgets windows that were told; one that has grown meanwhile stays. */
export async function forgetTouched(
  connection: PostgresQueryable,
  told: readonly StoredTouchedWindow[],
): Promise<void> {
  await queryRows(
    connection,
    `DELETE FROM touched_windows USING unnest($1::text[], $2::timestamptz[], $3::integer[]) AS told (tenant, start, seen)
     WHERE tenant_id = told.tenant AND window_start = told.start AND revision = told.seen`,
    [
      told.map(({ tenant_id: tenantId }) => tenantId),
      told.map(({ window_start: windowStart }) => windowStart),
      told.map(({ revision }) => revision),
    ],
  );
}

/** How many windows still have to be told. */
export async function countTouched(connection: PostgresQueryable): Promise<number> {
  const rows = await queryRows<{ count: string }>(connection, 'SELECT count(*) FROM touched_windows');
  return Number(rows[0]?.count ?? 0);
}

/** Starts of the windows of a tenant that begin in a range and still have to be told. */
export async function listTouchedOf(
  connection: PostgresQueryable,
  { tenantId, from, to }: { tenantId: string; from: Date; to: Date },
): Promise<Date[]> {
  const rows = await queryRows<{ window_start: Date }>(
    connection,
    'SELECT window_start FROM touched_windows WHERE tenant_id = $1 AND window_start >= $2 AND window_start < $3',
    [tenantId, from, to],
  );
  return rows.map(({ window_start: start }) => start);
}

async function mergeTouched(connection: PostgresQueryable, windows: readonly TouchedWindow[]): Promise<void> {
  if (windows.length === 0) return;
  const stored = await queryRows<TouchedWindow>(
    connection,
    `SELECT tenant_id, window_start, arrivals FROM touched_windows
     WHERE (tenant_id, window_start) IN (SELECT * FROM unnest($1::text[], $2::timestamptz[]))`,
    [windows.map(({ tenant_id: tenantId }) => tenantId), windows.map(({ window_start: start }) => start)],
  );
  const known = new Map(stored.map((window) => [nameOf(window), window.arrivals]));
  const merged = windows.map((window) => ({
    ...window,
    arrivals: mergeArrivals(known.get(nameOf(window)) ?? null, window.arrivals),
  }));
  await queryRows(
    connection,
    `INSERT INTO touched_windows (tenant_id, window_start, arrivals)
     SELECT tenant_id, window_start, arrivals FROM unnest($1::text[], $2::timestamptz[], $3::jsonb[])
       AS found (tenant_id, window_start, arrivals)
     WHERE EXISTS (SELECT 1 FROM tenants WHERE tenants.tenant_id = found.tenant_id)
     ON CONFLICT (tenant_id, window_start)
     DO UPDATE SET arrivals = excluded.arrivals, revision = touched_windows.revision + 1
     WHERE touched_windows.arrivals IS DISTINCT FROM excluded.arrivals`,
    [
      merged.map(({ tenant_id: tenantId }) => tenantId),
      merged.map(({ window_start: start }) => start),
      merged.map(({ arrivals }) => (arrivals === null ? null : JSON.stringify(arrivals))),
    ],
  );
}

const nameOf = ({ tenant_id: tenantId, window_start: start }: TouchedWindow): string =>
  `${tenantId}/${start.getTime()}`;

function mergeArrivals(left: Cutoff | null, right: Cutoff | null): Cutoff | null {
  if (left === null || right === null) return left ?? right;
  return mergeCutoffs(left, right);
}
