import { UnmogrowpError } from '../errors.ts';
import type { IncidentRecord, StoredAlert, StoredIncident, ToldAlert } from '../incidents/stored.ts';
import type { IncidentStatus } from '../incidents/types.ts';
import { type PostgresQueryable, queryRows } from './pool.ts';

const COLUMNS = `incident_id, workflow_id, tenant_id, title, severity, urgency, status, policy_version,
  previous_incident_id, opened_at, acknowledged_at, resolved_at`;

/** Stores where an incident stands; what was told with fewer entries of its timeline changes nothing. */
export async function saveIncident(connection: PostgresQueryable, record: IncidentRecord): Promise<void> {
  await queryRows(
    connection,
    `INSERT INTO incidents (incident_id, workflow_id, tenant_id, title, severity, urgency, status, policy_version,
       previous_incident_id, opened_at, acknowledged_at, resolved_at, entries)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
     ON CONFLICT (incident_id) DO UPDATE SET title = excluded.title, severity = excluded.severity,
       urgency = excluded.urgency, status = excluded.status,
       previous_incident_id = coalesce(excluded.previous_incident_id, incidents.previous_incident_id),
       acknowledged_at = excluded.acknowledged_at, resolved_at = excluded.resolved_at, entries = excluded.entries
     WHERE incidents.entries <= excluded.entries`,
    [
      record.incidentId,
      record.workflowId,
      record.tenant,
      record.title,
      record.severity,
      record.urgency,
      record.status,
      record.policyVersion,
      record.previousIncidentId,
      new Date(record.openedAtMs),
      dateOf(record.acknowledgedAtMs),
      dateOf(record.resolvedAtMs),
      record.entries,
    ],
  );
}

const dateOf = (epochMs: number | null): Date | null => (epochMs === null ? null : new Date(epochMs));

/** One incident. Throws `incident_unknown`. */
export async function loadIncident(connection: PostgresQueryable, incidentId: string): Promise<StoredIncident> {
  const rows = await queryRows<StoredIncident>(connection, `SELECT ${COLUMNS} FROM incidents WHERE incident_id = $1`, [
    incidentId,
  ]);
  const incident = rows[0];
  if (incident !== undefined) return incident;
  throw new UnmogrowpError('incident_unknown', `There is no incident ${incidentId}. See: unmogrowp incident list`);
}

/** Incidents, the newest first. */
export function listIncidents(
  connection: PostgresQueryable,
  filter: { tenant?: string; statuses?: readonly IncidentStatus[]; limit: number },
): Promise<StoredIncident[]> {
  return queryRows<StoredIncident>(
    connection,
    `SELECT ${COLUMNS} FROM incidents
     WHERE ($1::text IS NULL OR tenant_id = $1) AND ($2::text[] IS NULL OR status = ANY ($2))
     ORDER BY opened_at DESC, incident_id DESC LIMIT $3`,
    [filter.tenant ?? null, filter.statuses ?? null, filter.limit],
  );
}

/** The newest incident of a group of alerts; undefined when there was none. */
export async function findLastIncident(
  connection: PostgresQueryable,
  workflowId: string,
): Promise<StoredIncident | undefined> {
  const rows = await queryRows<StoredIncident>(
    connection,
    `SELECT ${COLUMNS} FROM incidents WHERE workflow_id = $1 ORDER BY opened_at DESC, incident_id DESC LIMIT 1`,
    [workflowId],
  );
  return rows[0];
}

/**
 * Stores what a source says of alerts of an incident. An older message never undoes a newer one: a later start comes
 * after an earlier one, and of one start the end comes after the beginning.
 */
export async function saveIncidentAlerts(
  connection: PostgresQueryable,
  incidentId: string,
  alerts: readonly ToldAlert[],
): Promise<void> {
  const newest = [...new Map(alerts.toSorted(byTime).map((alert) => [alert.fingerprint, alert])).values()];
  await queryRows(
    connection,
    `INSERT INTO incident_alerts AS known (incident_id, fingerprint, status, starts_at, ends_at, labels, annotations,
       generator_url)
     SELECT $1, fingerprint, status, starts_at, ends_at, labels, annotations, generator_url
     FROM jsonb_to_recordset($2::jsonb) AS told (fingerprint text, status text, starts_at timestamptz,
       ends_at timestamptz, labels jsonb, annotations jsonb, generator_url text)
     ON CONFLICT (incident_id, fingerprint) DO UPDATE SET status = excluded.status, starts_at = excluded.starts_at,
       ends_at = excluded.ends_at, labels = excluded.labels, annotations = excluded.annotations,
       generator_url = excluded.generator_url
     WHERE excluded.starts_at > known.starts_at
       OR (excluded.starts_at = known.starts_at AND (known.status = 'firing' OR excluded.status = 'resolved'))`,
    [incidentId, JSON.stringify(newest.map(rowOf))],
  );
}

const byTime = (left: ToldAlert, right: ToldAlert): number =>
  left.startsAtMs - right.startsAtMs || Number(left.status === 'resolved') - Number(right.status === 'resolved');

const rowOf = (alert: ToldAlert): Record<string, unknown> => ({
  fingerprint: alert.fingerprint,
  status: alert.status,
  starts_at: new Date(alert.startsAtMs),
  ends_at: dateOf(alert.endsAtMs),
  labels: alert.labels,
  annotations: alert.annotations,
  generator_url: alert.generatorUrl ?? '',
});

/** Some alerts of an incident. */
export function findIncidentAlerts(
  connection: PostgresQueryable,
  incidentId: string,
  fingerprints: readonly string[],
): Promise<StoredAlert[]> {
  return queryRows<StoredAlert>(
    connection,
    `SELECT fingerprint, status, starts_at, ends_at, labels, annotations, generator_url FROM incident_alerts
     WHERE incident_id = $1 AND fingerprint = ANY ($2)`,
    [incidentId, fingerprints],
  );
}

/** The alerts of an incident, those that fire first. */
export function listIncidentAlerts(
  connection: PostgresQueryable,
  incidentId: string,
  limit: number,
): Promise<StoredAlert[]> {
  return queryRows<StoredAlert>(
    connection,
    `SELECT fingerprint, status, starts_at, ends_at, labels, annotations, generator_url FROM incident_alerts
     WHERE incident_id = $1 ORDER BY status, starts_at, fingerprint LIMIT $2`,
    [incidentId, limit],
  );
}
