import type { IncidentStatus } from '../incidents/types.ts';
import { type PostgresQueryable, queryRows } from './pool.ts';

/** How many incidents have not ended, by where they stand. */
export async function countOpenIncidents(connection: PostgresQueryable): Promise<ReadonlyMap<IncidentStatus, number>> {
  const rows = await queryRows<{ status: IncidentStatus; incidents: string }>(
    connection,
    `SELECT status, count(*) AS incidents FROM incidents WHERE status NOT IN ('merged', 'resolved') GROUP BY status`,
  );
  return new Map(rows.map(({ status, incidents }) => [status, Number(incidents)]));
}

/** How many pages reached whoever got most of them since then. Who that is does not leave the database. */
export async function countPagesPerPersonMax(connection: PostgresQueryable, since: Date): Promise<number> {
  const rows = await queryRows<{ pages: string }>(
    connection,
    `SELECT coalesce(max(pages), 0) AS pages FROM (
       SELECT count(DISTINCT details ->> 'deliveryKey') AS pages FROM incident_timeline
       WHERE kind = 'notified' AND at >= $1 AND details ->> 'kind' = 'page' AND details ->> 'contact' LIKE 'person:%'
       GROUP BY split_part(details ->> 'contact', '/', 1)
     ) AS persons`,
    [since],
  );
  return Number(rows[0]?.pages ?? 0);
}
