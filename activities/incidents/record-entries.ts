import type { Metrics } from '../../otel/metrics.ts';
import type { INCIDENTS_METRICS } from '../../otel/registry/incidents.ts';
import { appendTimeline } from '../../postgres/incident-timeline.ts';
import type { PostgresPool } from '../../postgres/pool.ts';
import type { IncidentActivities } from './contract.ts';
import { type TimelineWatch, measureEntries } from './measure-entries.ts';

export interface RecordDependencies {
  readonly postgres: PostgresPool;
  readonly metrics: Metrics<typeof INCIDENTS_METRICS>;
  readonly timelineWatch: TimelineWatch;
}

/** Writes lines of a timeline and where its incident stands. Twice is once, and measured once. */
export function createRecordEntries({
  postgres,
  metrics,
  timelineWatch,
}: RecordDependencies): IncidentActivities['recordEntries'] {
  return async function recordEntries({ incident, entries }) {
    timelineWatch.waiting(incident.incidentId, entries.length);
    const written = await appendTimeline(postgres, incident, entries);
    timelineWatch.written(incident.incidentId);
    measureEntries(written, metrics);
  };
}
