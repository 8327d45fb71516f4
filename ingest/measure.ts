import type { Metrics } from '../otel/metrics.ts';
import { EVENT_AGES, type INGEST_METRICS } from '../otel/registry/ingest.ts';
import type { AnswerStatus } from './answers.ts';
import type { ProduceRecords } from './publish-records.ts';
import type { SpoolState } from './spool/spool.ts';
import type { RequestFacts } from './take-events.ts';

type IngestMetrics = Metrics<typeof INGEST_METRICS>;

/** Measures each request once, whatever the number of its events. */
export function createRequestMeter(metrics: IngestMetrics): (facts: RequestFacts) => void {
  return function measureRequest(facts) {
    const { status, seconds, bytes, accepted, destination, code, rejectedCodes } = facts;
    metrics.requestDuration.observe({ status: statusText(status) }, seconds);
    metrics.requestBytes.inc(bytes);
    if (code !== undefined) metrics.refusedRequests.inc({ code });
    if (destination !== undefined) metrics.acceptedEvents.inc({ destination }, accepted);
    for (const [rejected, events] of countEach(rejectedCodes)) metrics.rejectedEvents.inc({ code: rejected }, events);
    for (const age of EVENT_AGES) {
      if (accepted > 0 && facts.ages[age] > 0) metrics.eventAges.inc({ age }, facts.ages[age]);
    }
    measureTenant(metrics, facts);
  };
}

function measureTenant(metrics: IngestMetrics, facts: RequestFacts): void {
  const { tenantId: tenant, accepted, code, events, rejectedCodes } = facts;
  if (tenant === undefined) return;
  if (accepted > 0) metrics.tenantEvents.inc({ tenant, outcome: 'accepted' }, accepted);
  if (rejectedCodes.length > 0) metrics.tenantEvents.inc({ tenant, outcome: 'rejected' }, rejectedCodes.length);
  if (code === 'rate_limited') metrics.tenantEvents.inc({ tenant, outcome: 'rate_limited' }, events);
}

function countEach<Value>(values: readonly Value[]): Map<Value, number> {
  const counts = new Map<Value, number>();
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  return counts;
}

const statusText = (status: AnswerStatus): `${AnswerStatus}` => `${status}`;

/** Measures how long Kafka takes for records, and whether it takes them. */
export function measureProduce(
  metrics: IngestMetrics,
  source: 'request' | 'spool',
  produce: ProduceRecords,
): ProduceRecords {
  return async function produceMeasured(records) {
    const started = performance.now();
    const observe = (outcome: 'stored' | 'failed') =>
      metrics.produceDuration.observe({ source, outcome }, (performance.now() - started) / 1_000);
    try {
      await produce(records);
    } catch (error) {
      observe('failed');
      throw error;
    }
    observe('stored');
  };
}

/** Shows what the spool holds now. */
export function measureSpool(
  metrics: IngestMetrics,
  { bytes, records, oldestReceivedAt }: SpoolState,
  bytesMax: number,
): void {
  metrics.spoolBytesMax.set(bytesMax);
  metrics.spoolBytes.set(bytes);
  metrics.spoolRecords.set(records);
  metrics.spoolAge.set(oldestReceivedAt === undefined ? 0 : Math.max(0, (Date.now() - oldestReceivedAt) / 1_000));
}
