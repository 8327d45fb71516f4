import type { Metrics } from '../otel/metrics.ts';
import { EVENT_AGES, type INGEST_METRICS } from '../otel/registry/ingest.ts';
import type { AnswerStatus } from './answers.ts';
import type { ProduceRecords } from './publish-records.ts';
import type { SpoolState } from './spool/spool.ts';
import type { RequestFacts } from './take-events.ts';

type IngestMetrics = Metrics<typeof INGEST_METRICS>;

/** Measures each request once, whatever the number of its events. What nearly every request has is not looked up by labels. */
export function createRequestMeter(metrics: IngestMetrics): (facts: RequestFacts) => void {
  const durationsOf = remember((status: AnswerStatus) => metrics.requestDuration.of({ status: statusText(status) }));
  const sentBytes = metrics.requestBytes.of();
  const acceptedTo = {
    kafka: metrics.acceptedEvents.of({ destination: 'kafka' }),
    spool: metrics.acceptedEvents.of({ destination: 'spool' }),
  };
  const agesOf = EVENT_AGES.map((age) => [age, metrics.eventAges.of({ age })] as const);
  const acceptedOf = remember((tenant: string) => metrics.tenantEvents.of({ tenant, outcome: 'accepted' }));

  return function measureRequest(facts) {
    const { status, seconds, bytes, accepted, destination, code, tenantId } = facts;
    const example = facts.isRecorded ? facts.traceId : undefined;
    durationsOf(status).observe(seconds, example);
    sentBytes.inc(bytes);
    if (destination !== undefined) acceptedTo[destination].inc(accepted, example);
    if (accepted > 0) {
      for (const [age, events] of agesOf) if (facts.ages[age] > 0) events.inc(facts.ages[age]);
      if (tenantId !== undefined) acceptedOf(tenantId).inc(accepted);
    }
    if (code !== undefined || facts.rejectedCodes.length > 0) measureRefusals(metrics, facts);
  };
}

function measureRefusals(
  metrics: IngestMetrics,
  { code, events, rejectedCodes, tenantId: tenant }: RequestFacts,
): void {
  if (code !== undefined) metrics.refusedRequests.inc({ code });
  for (const [rejected, count] of countEach(rejectedCodes)) metrics.rejectedEvents.inc({ code: rejected }, count);
  if (tenant === undefined) return;
  if (rejectedCodes.length > 0) metrics.tenantEvents.inc({ tenant, outcome: 'rejected' }, rejectedCodes.length);
  if (code === 'rate_limited') metrics.tenantEvents.inc({ tenant, outcome: 'rate_limited' }, events);
}

/** The function that asks `make` once for each key. */
function remember<Key, Value extends object>(make: (key: Key) => Value): (key: Key) => Value {
  const known = new Map<Key, Value>();
  return function remembered(key) {
    let value = known.get(key);
    if (value === undefined) known.set(key, (value = make(key)));
    return value;
  };
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
  const stored = metrics.produceDuration.of({ source, outcome: 'stored' });
  const failed = metrics.produceDuration.of({ source, outcome: 'failed' });
  return async function produceMeasured(records) {
    const started = performance.now();
    let durations = failed;
    try {
      await produce(records);
      durations = stored;
    } finally {
      durations.observe((performance.now() - started) / 1_000);
    }
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
