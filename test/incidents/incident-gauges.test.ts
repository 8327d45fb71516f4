import { v7 as uuidv7 } from 'uuid';
import { expect, it } from 'vitest';
import { createIncidentGauges } from '../../activities/incidents/incident-gauges.ts';
import { measureEntries } from '../../activities/incidents/measure-entries.ts';
import type { IncidentRecord } from '../../incidents/stored.ts';
import type { ContactReference, IncidentStatus, NoticeKind, TimelineEntry } from '../../incidents/types.ts';
import { createMetrics } from '../../otel/metrics.ts';
import { INCIDENTS_METRICS } from '../../otel/registry/incidents.ts';
import { appendTimeline } from '../../postgres/incident-timeline.ts';
import { createPostgresPool } from '../../postgres/pool.ts';
import { migratedPool } from '../ingest/setup.ts';
import { testEnv } from '../support/parts.ts';

const pool = await migratedPool(testEnv);
const HOUR_MS = 3_600_000;

const recordOf = (incidentId: string, status: IncidentStatus, entries: number): IncidentRecord => ({
  incidentId,
  workflowId: `incident/platform/${incidentId.slice(-16)}`,
  tenant: 'platform',
  title: 'a test',
  severity: 'critical',
  urgency: 'high',
  status,
  policyVersion: 'test',
  previousIncidentId: null,
  openedAtMs: Date.now(),
  acknowledgedAtMs: null,
  resolvedAtMs: null,
  entries,
});

/** Somebody was told so long ago. */
function toldOf(
  incidentId: string,
  number: number,
  of: { contact: ContactReference; kind?: NoticeKind; agoMs?: number },
): TimelineEntry {
  const { contact, kind = 'page', agoMs = 0 } = of;
  return {
    entryId: `${incidentId}/${number}`,
    incidentId,
    atMs: Date.now() - agoMs,
    kind: 'notified',
    actor: 'platform',
    details: { deliveryKey: `${incidentId}/${number}/${contact}`, contact, channel: 'email', kind },
  };
}

async function shown(): Promise<string> {
  const { metrics, register } = createMetrics(INCIDENTS_METRICS);
  const fail = (error: unknown): void => {
    throw error;
  };
  await createIncidentGauges({ postgres: pool, metrics, onError: fail })();
  return register.metrics();
}

it('counts open incidents where they stand, and the pages of the last day of whoever got most', async () => {
  const [triggered, resolved] = [uuidv7(), uuidv7()];
  await appendTimeline(pool, recordOf(triggered, 'triggered', 6), [
    toldOf(triggered, 1, { contact: 'person:ada/mail' }),
    toldOf(triggered, 2, { contact: 'person:ada/hook' }),
    // Neither a page, nor of the last day, nor of a person.
    toldOf(triggered, 3, { contact: 'person:ada/mail', kind: 'resolved' }),
    toldOf(triggered, 4, { contact: 'person:ada/mail', agoMs: 25 * HOUR_MS }),
    toldOf(triggered, 5, { contact: 'channel:room' }),
    toldOf(triggered, 6, { contact: 'person:grace/mail' }),
  ]);
  await appendTimeline(pool, recordOf(resolved, 'resolved', 1), [toldOf(resolved, 1, { contact: 'person:ada/mail' })]);
  const page = await shown();
  expect(page).toContain('unmogrowp_incident_open{status="triggered"} 1\n');
  expect(page).toContain('unmogrowp_incident_open{status="acknowledged"} 0\n');
  expect(page).toContain('unmogrowp_incident_pages_per_person_max 3\n');
  expect(page).not.toMatch(/ada|grace/);
});

it('measures an entry once, however often it is sent', async () => {
  const incidentId = uuidv7();
  const { metrics, register } = createMetrics(INCIDENTS_METRICS);
  const [first, second] = [1, 2].map((number) => toldOf(incidentId, number, { contact: 'person:ada/mail' }));
  if (first === undefined || second === undefined) throw new Error('there are two entries');
  for (const entries of [[first], [first, second], [first, second]]) {
    measureEntries(await appendTimeline(pool, recordOf(incidentId, 'triggered', entries.length), entries), metrics);
  }
  expect(await register.metrics()).toContain('unmogrowp_incident_notices_total{channel="email",outcome="sent"} 2\n');
});

it('leaves the gauges as they were while PostgreSQL is away, and says so', async () => {
  const away = createPostgresPool({ url: 'postgres://nobody@127.0.0.1:1/none', applicationName: 'test' });
  const { metrics, register } = createMetrics(INCIDENTS_METRICS);
  metrics.openIncidents.set({ status: 'triggered' }, 7);
  const errors: unknown[] = [];
  await createIncidentGauges({ postgres: away, metrics, onError: (error) => void errors.push(error) })();
  await away.end();
  expect(errors).toMatchObject([{ code: 'postgres_unavailable' }, { code: 'postgres_unavailable' }]);
  expect(await register.metrics()).toContain('unmogrowp_incident_open{status="triggered"} 7\n');
});
