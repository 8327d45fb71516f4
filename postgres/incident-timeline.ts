import { UnmogrowpError } from '../errors.ts';
import type { IncidentRecord, StoredEntry } from '../incidents/stored.ts';
import type { TimelineEntry } from '../incidents/types.ts';
import { saveIncident } from './incidents.ts';
import { type PostgresPool, type PostgresQueryable, inTransaction, queryRows } from './pool.ts';

/**
 * Stores what happened in an incident and where it stands after it; the same entries twice are there once. Gives those that
 * were not there before.
 */
export async function appendTimeline(
  pool: PostgresPool,
  record: IncidentRecord,
  entries: readonly TimelineEntry[],
): Promise<TimelineEntry[]> {
  return inTransaction(pool, async (connection) => {
    await saveIncident(connection, record);
    const rows = await queryRows<{ entry_id: string }>(
      connection,
      `INSERT INTO incident_timeline (entry_id, incident_id, entry_number, at, kind, actor, details)
       SELECT entry_id, incident_id, entry_number, at, kind, actor, details
       FROM jsonb_to_recordset($1::jsonb) AS told (entry_id text, incident_id uuid, entry_number integer, at timestamptz,
         kind text, actor text, details jsonb)
       ON CONFLICT (entry_id) DO NOTHING RETURNING entry_id`,
      [JSON.stringify(entries.map(rowOf))],
    );
    const written = new Set(rows.map(({ entry_id: entryId }) => entryId));
    return entries.filter(({ entryId }) => written.has(entryId));
  });
}

const rowOf = (entry: TimelineEntry): Record<string, unknown> => ({
  entry_id: entry.entryId,
  incident_id: entry.incidentId,
  entry_number: numberOf(entry.entryId),
  at: new Date(entry.atMs),
  kind: entry.kind,
  actor: entry.actor,
  details: entry.details,
});

/** An entry is named by its incident and its number in it. */
function numberOf(entryId: string): number {
  const number = /\/(\d{1,9})$/.exec(entryId)?.[1];
  if (number === undefined) throw new UnmogrowpError('bug', `${entryId} is no identity of an entry of a timeline`);
  return Number(number);
}

/** The timeline of an incident from an entry on, the oldest first. */
export function readTimeline(
  connection: PostgresQueryable,
  incidentId: string,
  page: { after?: number; limit?: number } = {},
): Promise<StoredEntry[]> {
  return queryRows<StoredEntry>(
    connection,
    `SELECT entry_id, incident_id, at, kind, actor, details FROM incident_timeline
     WHERE incident_id = $1 AND entry_number > $2 ORDER BY entry_number LIMIT $3`,
    [incidentId, page.after ?? -1, page.limit ?? null],
  );
}
