import { type PostgresPool, type PostgresQueryable, inTransaction, queryRows } from './pool.ts';

/** Events of one tenant in one hour of receipt. */
export interface HourCount {
  tenantId: string;
  hourMs: number;
  events: number;
}

/** What an ingest process has accepted since its start, as far as it has changed, and all that its spool holds. */
export interface AcceptedReport {
  processId: string;
  accepted: readonly HourCount[];
  spoolId: string;
  held: readonly HourCount[];
}

/**
 * Stores what a process tells, all at once: whoever reads it never sees events as accepted that are not yet counted on the
 * spool where they lie.
 */
export async function saveAcceptedEvents(pool: PostgresPool, report: AcceptedReport): Promise<void> {
  const { processId, accepted, spoolId, held } = report;
  await inTransaction(pool, async (connection) => {
    await queryRows(
      connection,
      `INSERT INTO accepted_events (process_id, tenant_id, hour, events)
       SELECT $1, tenant_id, hour, events FROM unnest($2::text[], $3::timestamptz[], $4::bigint[])
         AS told (tenant_id, hour, events)
       JOIN tenants USING (tenant_id)
       ON CONFLICT (hour, tenant_id, process_id)
       DO UPDATE SET events = greatest(accepted_events.events, excluded.events)`,
      [processId, ...columnsOf(accepted)],
    );
    await queryRows(connection, 'DELETE FROM spooled_events WHERE spool_id = $1', [spoolId]);
    if (held.length === 0) return;
    await queryRows(
      connection,
      `INSERT INTO spooled_events (spool_id, tenant_id, hour, events)
       SELECT $1, tenant_id, hour, events FROM unnest($2::text[], $3::timestamptz[], $4::bigint[])
         AS told (tenant_id, hour, events)
       JOIN tenants USING (tenant_id)`,
      [spoolId, ...columnsOf(held)],
    );
  });
}

const columnsOf = (counts: readonly HourCount[]): unknown[][] => [
  counts.map(({ tenantId }) => tenantId),
  counts.map(({ hourMs }) => new Date(hourMs)),
  counts.map(({ events }) => events),
];

/** What was accepted in an hour, and how much of it is not on Kafka yet. */
export interface AcceptedHour {
  tenantId: string;
  hourMs: number;
  accepted: number;
  spooled: number;
}

/** The hours of receipt in a range in which anything was accepted or lies on a spool, both as of one moment. */
export async function readAcceptedHours(
  connection: PostgresQueryable,
  range: { tenantId: string | null; fromMs: number; toMs: number },
): Promise<AcceptedHour[]> {
  const rows = await queryRows<{ tenant_id: string; hour: Date; accepted: number; spooled: number }>(
    connection,
    `SELECT tenant_id, hour, sum(accepted)::float8 AS accepted, sum(spooled)::float8 AS spooled
     FROM (
       SELECT tenant_id, hour, events AS accepted, 0 AS spooled FROM accepted_events
       UNION ALL
       SELECT tenant_id, hour, 0, events FROM spooled_events
     ) AS told
     WHERE ($1::text IS NULL OR tenant_id = $1) AND hour >= $2 AND hour < $3
     GROUP BY tenant_id, hour
     ORDER BY tenant_id, hour`,
    [range.tenantId, new Date(range.fromMs), new Date(range.toMs)],
  );
  return rows.map(({ tenant_id: tenantId, hour, accepted, spooled }) => ({
    tenantId,
    hourMs: hour.getTime(),
    accepted,
    spooled,
  }));
}

/** Forgets the counts of hours that nobody measures any more. */
export async function forgetAcceptedEvents(connection: PostgresQueryable, before: Date): Promise<void> {
  await queryRows(connection, 'DELETE FROM accepted_events WHERE hour < $1', [before]);
}
