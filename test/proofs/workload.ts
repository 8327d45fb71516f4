import { kafkaConnection } from '../../bin/kafka-connection.ts';
import { generateBad } from '../../events/generator-bad.ts';
import { generateArrivals } from '../../events/generator.ts';
import type { GeneratedEvent } from '../../events/generator-journey.ts';
import { type LatenessProfile, FIELD_LATENESS } from '../../events/generator-lateness.ts';
import { type Random, createRandom } from '../../events/generator-random.ts';
import { settingsSchema } from '../../events/settings.ts';
import { createRecordProducer } from '../../kafka/producer.ts';
import { topicName } from '../../kafka/topics.ts';
import { createTenant } from '../../postgres/tenants.ts';
import { type Client, startClient } from '../faults/client.ts';
import { DAY_MS, makeEvents } from '../faults/events.ts';
import { lagOf, missingCredits, untilNothingMissing } from '../faults/judge.ts';
import type { Stage } from '../faults/stage.ts';

const SETTLED_MS_MAX = 180_000;
const EVENTS_PER_DAY = 400;
const BAD_EVENTS = 56;
const COLLIDING_EVENTS = 12;
const UNREADABLE_RECORDS = 3;
const PRODUCE_TIMEOUT_MS = 10_000;
/** Nobody's event is late: what a healthy day looks like. */
const PUNCTUAL: LatenessProfile = [
  { share: 0, latenessMs: 1_000 },
  { share: 1, latenessMs: 60_000 },
];

/** A tenant of the workload, and what it has sent. */
export interface WorkloadTenant {
  readonly tenantId: string;
  readonly writeKey: string;
  readonly events: readonly GeneratedEvent[];
  readonly conversions: number;
}

/** Everything that boards, metrics and commands need to have something to show. */
export interface Workload {
  /** Sends everything once. */
  readonly plain: WorkloadTenant;
  /** Sends most events several times. */
  readonly repeating: WorkloadTenant;
  /** Has phones whose clocks are wrong by days. */
  readonly wrongClocks: WorkloadTenant;
}

export interface WorkloadOptions {
  readonly seed: number;
  readonly eventsPerDay?: number;
  readonly signal: AbortSignal;
  readonly onProgress: (text: string) => void;
}

/**
 * Days of three tenants, sent in the order in which real phones report, until every credit is published; then events that
 * are refused, requests that are refused, event ids with two contents, and records that end as dead letters. The same seed
 * gives the same events.
 */
export async function sendWorkload(stage: Stage, options: WorkloadOptions): Promise<Workload> {
  const { seed, onProgress } = options;
  const random = createRandom(seed);
  const [plain, repeating, wrongClocks] = await Promise.all([
    sendTenant(stage, options, { tenantId: 'plain', name: 'usual', copiesMax: 1 }),
    sendTenant(stage, options, { tenantId: 'repeating', name: 'usual', copiesMax: 3 }),
    sendTenant(stage, options, { tenantId: 'wrong-clocks', name: 'wrong_clocks', copiesMax: 1 }),
  ]);
  onProgress(`sent ${plain.events.length} events of each of three tenants`);
  await sendMistakes(stage, plain, random);
  await sendCollisions(stage, plain, random);
  await buryRecords(stage, plain);
  onProgress('sent what is refused, what collides, and what nobody can read');
  for (const tenant of [plain, repeating, wrongClocks]) await untilCredited(stage, tenant, options.signal);
  await must('the lag ends', () => lagOf(stage), options.signal);
  onProgress('all credits are published');
  return { plain, repeating, wrongClocks };
}

async function sendTenant(
  stage: Stage,
  { seed, eventsPerDay = EVENTS_PER_DAY }: WorkloadOptions,
  tenant: { tenantId: string; name: 'usual' | 'wrong_clocks'; copiesMax: number },
): Promise<WorkloadTenant> {
  const { tenantId, name, copiesMax } = tenant;
  const settings = settingsSchema.parse({ allowed_lateness_seconds: 0 });
  const { write_key: writeKey } = await createTenant(stage.postgres, { tenantId, settings });
  const { events, conversions } = makeEvents(name, { seed, eventsPerDay, nowMs: Date.now() });
  const random = createRandom(seed);
  const client = startClient({ events, copiesMax, requestsPerSecond: 0, random, url: stage.ingestUrl, writeKey });
  await client.finish();
  if (client.acknowledged.size !== events.length)
    throw new Error(`${tenantId}: ${client.acknowledged.size} of ${events.length} events were accepted`);
  return { tenantId, writeKey, events, conversions };
}

/** Events that are refused, each for another reason, and requests that are refused as a whole. */
async function sendMistakes(stage: Stage, { writeKey, events }: WorkloadTenant, random: Random): Promise<void> {
  const bad = generateBad(random, events, BAD_EVENTS).map(({ event }) => event);
  await post(stage, writeKey, JSON.stringify({ events: bad }));
  await post(stage, 'nobody', JSON.stringify({ events: events.slice(0, 1) }));
  await post(stage, writeKey, 'no JSON');
}

/** The ids of clicks that came before, with another content. */
async function sendCollisions(stage: Stage, { writeKey, events }: WorkloadTenant, random: Random): Promise<void> {
  const clicks = events.filter(({ type }) => type === 'click');
  const colliding = Array.from({ length: COLLIDING_EVENTS }, () => ({ ...random.pick(clicks), channel: 'elsewhere' }));
  const different = [...new Map(colliding.map((event) => [event.event_id, event])).values()];
  await post(stage, writeKey, JSON.stringify({ events: different }));
}

/** Records as no ingest of ours makes them. */
async function buryRecords(stage: Stage, { tenantId }: WorkloadTenant): Promise<void> {
  const producer = createRecordProducer(kafkaConnection(stage.env, 'proof'));
  const headers = { tenant_id: tenantId, row_count: '1', row_format: '1' };
  const records = Array.from({ length: UNREADABLE_RECORDS }, () => ({
    partition: 0,
    value: Buffer.from('{"not":"a row"}'),
    headers,
  }));
  try {
    const topic = topicName(stage.env.KAFKA_PREFIX, 'events');
    await producer.produce(topic, records, { timeoutMs: PRODUCE_TIMEOUT_MS });
  } finally {
    await producer.close();
  }
}

async function post(stage: Stage, writeKey: string, body: string): Promise<void> {
  const response = await fetch(`${stage.ingestUrl}/v1/events`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${writeKey}`, connection: 'close' },
    body,
  });
  await response.arrayBuffer();
}

const untilCredited = (stage: Stage, { tenantId, conversions }: WorkloadTenant, signal: AbortSignal): Promise<void> =>
  must(`${tenantId} is credited`, () => missingCredits(stage, { tenantId, conversions }), signal);

async function must(what: string, missing: () => Promise<string | undefined>, signal: AbortSignal): Promise<void> {
  const text = await untilNothingMissing(missing, { timeoutMs: SETTLED_MS_MAX, signal });
  if (text !== undefined) throw new Error(`waited ${SETTLED_MS_MAX / 1_000} s in vain until ${what}: ${text}`);
}

export interface LoadOptions {
  readonly seed: number;
  readonly tenantId: string;
  readonly requestsPerSecond: number;
  /** Different events; after them some are sent again. */
  readonly events: number;
  /** Whether events come as late as from real phones, or in time. Default: in time. */
  readonly isLate?: boolean;
}

/** A new tenant with default settings, whose events of yesterday and the day before are sent steadily until it is stopped. */
export async function startLoad(stage: Stage, options: LoadOptions): Promise<Client & { readonly writeKey: string }> {
  const { tenantId, seed, requestsPerSecond } = options;
  const { write_key: writeKey } = await createTenant(stage.postgres, { tenantId });
  const today = Math.floor(Date.now() / DAY_MS);
  const events = [2, 1]
    .flatMap((daysAgo) =>
      generateArrivals({
        seed: seed * 2 + daysAgo,
        dayStartMs: (today - daysAgo) * DAY_MS,
        events: Math.ceil(options.events / 2),
        lateness: options.isLate === true ? FIELD_LATENESS : PUNCTUAL,
      }),
    )
    .toSorted((left, right) => left.arrivesAtMs - right.arrivesAtMs)
    .map(({ event }) => event);
  const random = createRandom(seed);
  const client = startClient({ url: stage.ingestUrl, writeKey, events, copiesMax: 1, requestsPerSecond, random });
  return { ...client, writeKey };
}
