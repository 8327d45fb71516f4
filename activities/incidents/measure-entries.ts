import { openedAtMsOf } from '../../incidents/incident-id.ts';
import { detailsOf } from '../../incidents/timeline-details.ts';
import type { TimelineEntry, TimelineKind } from '../../incidents/types.ts';
import type { Metrics } from '../../otel/metrics.ts';
import type { INCIDENTS_METRICS } from '../../otel/registry/incidents.ts';

type IncidentMetrics = Metrics<typeof INCIDENTS_METRICS>;

type Measure = (entry: TimelineEntry, metrics: IncidentMetrics) => void;

/** Counts what happened in incidents. Give it only entries that were written just now for the first time. */
export function measureEntries(entries: readonly TimelineEntry[], metrics: IncidentMetrics): void {
  for (const entry of entries) MEASURES[entry.kind]?.(entry, metrics);
}

/** What is measured of which entries; the others are only written down. */
const MEASURES: Readonly<Partial<Record<TimelineKind, Measure>>> = {
  opened: measureOpening,
  acknowledged: (entry, metrics) => {
    if (detailsOf(entry, 'acknowledged').isFirst === true) metrics.acknowledgeDuration.observe(secondsOpen(entry));
  },
  resolved: (entry, metrics) => metrics.resolveDuration.observe(secondsOpen(entry)),
  notified: measureNotice,
  notice_failed: measureNotice,
  nobody_answered: (_, metrics) => metrics.nobodyAnswered.inc(),
  flapped: (_, metrics) => metrics.flaps.inc(),
  shift_empty: (_, metrics) => metrics.emptyShifts.inc(),
};

const secondsOpen = ({ incidentId, atMs }: TimelineEntry): number =>
  Math.max(0, (atMs - openedAtMsOf(incidentId)) / 1_000);

function measureOpening(entry: TimelineEntry, metrics: IncidentMetrics): void {
  const { urgency, severity, source } = detailsOf(entry, 'opened');
  if (urgency !== undefined && severity !== undefined) metrics.incidentsOpened.inc({ urgency, severity });
  if (source === 'heartbeat') metrics.heartbeatsMissed.inc();
}

function measureNotice(entry: TimelineEntry, metrics: IncidentMetrics): void {
  const { channel, kind, contact, createdAtMs, isOutsideHours } = detailsOf(entry, 'notified');
  const outcome = entry.kind === 'notified' ? 'sent' : 'failed';
  if (channel !== undefined) metrics.notices.inc({ channel, outcome });
  if (outcome === 'failed') return;
  if (createdAtMs !== undefined) metrics.noticeDelay.observe(Math.max(0, (entry.atMs - createdAtMs) / 1_000));
  const isPageOfPerson = kind === 'page' && contact?.startsWith('person:') === true;
  if (isPageOfPerson && isOutsideHours === true) metrics.pagesOutsideHours.inc();
}

/** Keeps count of entries that this process was to write and could not. */
export interface TimelineWatch {
  /** All entries of an incident that wait now; it is told again with each attempt. */
  waiting(incidentId: string, entries: number): void;
  written(incidentId: string): void;
}

/** Shows how many entries of timelines wait for PostgreSQL. */
export function createTimelineWatch(metrics: IncidentMetrics): TimelineWatch {
  const waiting = new Map<string, number>();
  const show = (): void => metrics.timelineWaiting.set([...waiting.values()].reduce((sum, each) => sum + each, 0));
  show();
  return {
    waiting: (incidentId, entries) => {
      waiting.set(incidentId, entries);
      show();
    },
    written: (incidentId) => {
      waiting.delete(incidentId);
      show();
    },
  };
}
