import { describe, expect, it } from 'vitest';
import type { TimelineDetails } from '../../incidents/timeline-details.ts';
import type { TimelineEntry, TimelineKind } from '../../incidents/types.ts';
import { createMetrics } from '../../otel/metrics.ts';
import { INCIDENTS_METRICS } from '../../otel/registry/incidents.ts';
import { createTimelineWatch, measureEntries } from './measure-entries.ts';

/** A UUID of version 7 of this moment. */
const OPENED_AT_MS = Date.parse('2026-01-06T03:12:30Z');
const hex = OPENED_AT_MS.toString(16).padStart(12, '0');
const INCIDENT = `${hex.slice(0, 8)}-${hex.slice(8)}-7000-8000-0000000000aa`;

const entry = <Kind extends TimelineKind>(
  afterMs: number,
  kind: Kind,
  details: TimelineDetails[Kind],
): TimelineEntry => ({
  entryId: `${INCIDENT}/${afterMs}`,
  incidentId: INCIDENT,
  atMs: OPENED_AT_MS + afterMs,
  kind,
  actor: 'ada',
  details: details as TimelineEntry['details'],
});

const notice = { deliveryKey: 'k', contact: 'person:ada/mail', channel: 'email', kind: 'page' } as const;

async function pageAfter(entries: readonly TimelineEntry[]): Promise<string> {
  const { metrics, register } = createMetrics(INCIDENTS_METRICS);
  measureEntries(entries, metrics);
  return register.metrics();
}

describe('what is measured of incidents', () => {
  it('comes from the entries of their timelines', async () => {
    const page = await pageAfter([
      entry(0, 'opened', { title: 't', severity: 'critical', urgency: 'high', source: 'heartbeat' }),
      entry(2_000, 'notified', { ...notice, createdAtMs: OPENED_AT_MS + 500, isOutsideHours: true }),
      entry(3_000, 'notice_failed', { ...notice, code: 'channel_failed' }),
      entry(4_000, 'shift_empty', { schedule: 's' }),
      entry(5_000, 'flapped', {}),
      entry(6_000, 'nobody_answered', {}),
      entry(90_000, 'acknowledged', { isFirst: true }),
      entry(100_000, 'acknowledged', { isFirst: false }),
      entry(7_200_000, 'auto_resolved', {}),
      entry(7_200_000, 'resolved', { by: 'source' }),
    ]);
    for (const line of [
      'unmogrowp_incident_opened_total{urgency="high",severity="critical"} 1',
      'unmogrowp_incident_opened_total{urgency="low",severity="critical"} 0',
      'unmogrowp_incident_heartbeats_missed_total 1',
      'unmogrowp_incident_notices_total{channel="email",outcome="sent"} 1',
      'unmogrowp_incident_notices_total{channel="email",outcome="failed"} 1',
      'unmogrowp_incident_notice_delay_seconds_sum 1.5',
      'unmogrowp_incident_pages_outside_hours_total 1',
      'unmogrowp_incident_empty_shifts_total 1',
      'unmogrowp_incident_flaps_total 1',
      'unmogrowp_incident_nobody_answered_total 1',
      'unmogrowp_incident_acknowledge_seconds_count 1',
      'unmogrowp_incident_acknowledge_seconds_sum 90',
      'unmogrowp_incident_resolve_seconds_count 1',
      'unmogrowp_incident_resolve_seconds_sum 7200',
    ]) {
      expect(page).toContain(`${line}\n`);
    }
  });

  it('counts as a page outside of support hours only what paged a person', async () => {
    const page = await pageAfter([
      entry(1, 'notified', { ...notice, contact: 'channel:room', isOutsideHours: true }),
      entry(2, 'notified', { ...notice, kind: 'resolved', isOutsideHours: true }),
      entry(3, 'notified', { ...notice, isOutsideHours: false }),
    ]);
    expect(page).toContain('unmogrowp_incident_pages_outside_hours_total 0\n');
  });

  it('never holds who it was', async () => {
    const page = await pageAfter([
      entry(1, 'notified', notice),
      entry(2, 'acknowledged', { isFirst: true, via: 'cli' }),
    ]);
    expect(page).not.toMatch(/ada/);
  });
});

describe('entries that wait', () => {
  it('are counted until they are written, each incident by its last attempt', async () => {
    const { metrics, register } = createMetrics(INCIDENTS_METRICS);
    const watch = createTimelineWatch(metrics);
    const shown = async (): Promise<string | undefined> =>
      /^unmogrowp_incident_timeline_waiting (.*)$/m.exec(await register.metrics())?.[1];
    expect(await shown()).toBe('0');
    watch.waiting('a', 2);
    watch.waiting('b', 1);
    watch.waiting('a', 5);
    expect(await shown()).toBe('6');
    watch.written('a');
    expect(await shown()).toBe('1');
  });
});
