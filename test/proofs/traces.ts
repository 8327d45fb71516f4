/**
 * `npm run prove:traces`: of the events that were sent, the share whose trace leads unbroken from the request over Kafka and
 * the sink to the span of the ClickHouse server; and whether the run of the window that credited a conversion is found
 * from the trace of that conversion.
 */
import { setTimeout as wait } from 'node:timers/promises';
import type { ClickHouse } from '../../clickhouse/client.ts';
import { type TraceSpan, fetchTrace } from '../../otel/jaeger.ts';
import { SPANS } from '../../otel/registry/spans.ts';
import { settingsSchema } from '../../events/settings.ts';
import { createTenant } from '../../postgres/tenants.ts';
import { createRandom } from '../../events/generator-random.ts';
import { startClient } from '../faults/client.ts';
import { makeEvents } from '../faults/events.ts';
import { missingCredits, untilNothingMissing } from '../faults/judge.ts';
import type { ProofSection } from './report.ts';
import { type ProofContext, runProof } from './run-proof.ts';
import { type EventPlace, type ReadTrace, breakOf } from './trace-paths.ts';

const TENANT = 'traced';
const UNBROKEN_SHARE_MIN = 0.999;
const EVENTS_PER_DAY = { short: 700, long: 7_000 } as const;
const REQUESTS_PER_SECOND = 40;
const CREDITED_MS_MAX = 240_000;
/** Spans of the server come by its log, which is read every few seconds. */
const COMPLETE_MS_MAX = 60_000;
const POLL_MS = 2_000;

async function proveTraces(context: ProofContext): Promise<ProofSection> {
  const { pipeline, onProgress } = context;
  const { clickhouse, env } = pipeline.stage;
  const sent = await send(context);
  onProgress(`${sent} events were sent and credited; following them`);
  const read = createTraceReader(env.JAEGER_QUERY_URL);
  const places = await readPlaces(clickhouse);
  const broken = await untilComplete(places, (place) => breakOf(place, read.cached), read.forget);
  const conversions = await readConversions(clickhouse);
  const unfound = await untilComplete(conversions, (each) => breakOfConversion(each, read.cached), read.forget);
  const share = places.length === 0 ? 0 : 1 - broken.length / places.length;
  const reasons = Map.groupBy([...broken, ...unfound], ({ reason }) => reason);
  const percent = (share * 100).toFixed(3);
  return {
    summary:
      `${places.length} events were sent at ${REQUESTS_PER_SECOND} requests a second with every trace sampled: the path of ` +
      `${percent} % is unbroken from the request over Kafka and the sink to the span of the ClickHouse server. From the ` +
      `traces of ${conversions.length - unfound.length} of ${conversions.length} credited conversions one comes to the run of their window.`,
    table: {
      columns: ['where a path ends', 'paths'],
      rows:
        reasons.size === 0 ? [['none ends', '0']] : [...reasons].map(([reason, list]) => [reason, String(list.length)]),
    },
    problems: [
      ...(places.length === sent ? [] : [`${sent} events were sent, and ${places.length} are stored`]),
      ...(share >= UNBROKEN_SHARE_MIN ? [] : [`only ${percent} % of the paths are unbroken`]),
      ...(conversions.length > 0 ? [] : ['no conversion was credited']),
      ...(unfound.length === 0 ? [] : [`from ${unfound.length} conversions one does not come to their run`]),
    ],
  };
}

/** Days of one tenant, each event once, until every credit is published; gives the number of events. */
async function send({ pipeline, seed, isLong, signal }: ProofContext): Promise<number> {
  const { stage } = pipeline;
  const settings = settingsSchema.parse({ allowed_lateness_seconds: 0 });
  const { write_key: writeKey } = await createTenant(stage.postgres, { tenantId: TENANT, settings });
  const eventsPerDay = isLong ? EVENTS_PER_DAY.long : EVENTS_PER_DAY.short;
  const { events, conversions } = makeEvents('usual', { seed, eventsPerDay, nowMs: Date.now() });
  const random = createRandom(seed);
  const client = startClient({
    url: stage.ingestUrl,
    writeKey,
    events,
    copiesMax: 1,
    requestsPerSecond: REQUESTS_PER_SECOND,
    random,
  });
  // The client keeps a part until it is told to finish, which would come twice otherwise.
  while (client.counts.requests * 25 < events.length * 0.85) await wait(POLL_MS, undefined, { signal });
  await client.finish();
  const missing = await untilNothingMissing(() => missingCredits(stage, { tenantId: TENANT, conversions }), {
    timeoutMs: CREDITED_MS_MAX,
    signal,
  });
  if (missing !== undefined) throw new Error(`the events were not credited: ${missing}`);
  return events.length;
}

/** Traces of Jaeger, each read once until they are to be forgotten. */
function createTraceReader(queryUrl: string): { cached: ReadTrace; forget: () => void } {
  const traces = new Map<string, Promise<readonly TraceSpan[]>>();
  return {
    cached: (traceId) => {
      const known = traces.get(traceId) ?? fetchTrace(queryUrl, traceId).then((spans) => spans ?? []);
      traces.set(traceId, known);
      return known;
    },
    forget: () => traces.clear(),
  };
}

/** Follows each path, and those that break again until they are whole or the time is over. */
async function untilComplete<Path>(
  paths: readonly Path[],
  follow: (path: Path) => Promise<string | undefined>,
  forget: () => void,
): Promise<{ path: Path; reason: string }[]> {
  const giveUpAt = performance.now() + COMPLETE_MS_MAX;
  let open: { path: Path; reason: string }[] = paths.map((path) => ({ path, reason: 'not looked at' }));
  for (;;) {
    const still: typeof open = [];
    for (const { path } of open) {
      const reason = await follow(path);
      if (reason !== undefined) still.push({ path, reason });
    }
    open = still;
    if (open.length === 0 || performance.now() > giveUpAt) return open;
    await wait(POLL_MS);
    forget();
  }
}

async function readPlaces(clickhouse: ClickHouse): Promise<EventPlace[]> {
  return rowsOf<EventPlace>(
    clickhouse,
    `SELECT toString(trace_id) AS traceId, kafka_partition AS partition, toUInt32(kafka_offset) AS offset
     FROM events WHERE tenant_id = '${TENANT}'`,
  );
}

/** A conversion that got credit, and the trace of the run that gave it. */
interface CreditedConversion {
  traceId: string;
  runTraceId: string;
  windowStart: string;
}

/** What the conversion's trace names (its event) leads to its credit, that to the run, and the run to its own trace. */
async function readConversions(clickhouse: ClickHouse): Promise<CreditedConversion[]> {
  return rowsOf<CreditedConversion>(
    clickhouse,
    `SELECT toString(events.trace_id) AS traceId, runs.trace_id AS runTraceId, toString(credited.window_start) AS windowStart
     FROM (SELECT DISTINCT conversion_event_id, window_start, run_id FROM credits WHERE tenant_id = '${TENANT}') AS credited
     INNER JOIN events ON events.event_id = credited.conversion_event_id AND events.tenant_id = '${TENANT}'
     LEFT JOIN runs ON runs.run_id = credited.run_id AND runs.tenant_id = '${TENANT}'`,
  );
}

async function breakOfConversion(conversion: CreditedConversion, read: ReadTrace): Promise<string | undefined> {
  if ((await read(conversion.traceId)).length === 0) return 'no trace of the conversion';
  if (conversion.runTraceId === '') return 'the run of the conversion has no trace';
  const run = (await read(conversion.runTraceId)).find(({ name }) => name === SPANS.windowRun.name);
  if (run === undefined) return 'the trace of the run has no span of it';
  const start = Date.parse(`${conversion.windowStart.replace(' ', 'T')}Z`);
  const isSame = Date.parse(run.attributes['unmogrowp.window_start'] ?? '') === start;
  return isSame ? undefined : 'the run is one of another window';
}

async function rowsOf<Row>({ client }: ClickHouse, query: string): Promise<Row[]> {
  return (await client.query({ query, format: 'JSONEachRow' })).json<Row>();
}

await runProof('traces', {}, proveTraces);
