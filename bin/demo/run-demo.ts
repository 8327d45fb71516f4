import { setTimeout as wait } from 'node:timers/promises';
import { type ClickHouse, createClickHouse } from '../../clickhouse/client.ts';
import { readConversionToShow, readCountsOfTenant, readCreditsByChannel } from '../../clickhouse/tenant-results.ts';
import type { Env } from '../../env.ts';
import { UnmogrowpError } from '../../errors.ts';
import { type ExpectedCounts, type GeneratedDay, generateDay } from '../../events/generator.ts';
import { settingsSchema } from '../../events/settings.ts';
import { holdLease } from '../../importers/hold-lease.ts';
import { createSender } from '../../importers/send-events.ts';
import { createKafkaAdmin } from '../../kafka/admin.ts';
import { headerOf } from '../../kafka/fetcher.ts';
import { scanTopic } from '../../kafka/scan.ts';
import { topicName } from '../../kafka/topics.ts';
import { type TraceSpan, fetchTrace } from '../../otel/jaeger.ts';
import { type PostgresPool, createPostgresPool } from '../../postgres/pool.ts';
import { createTenant } from '../../postgres/tenants.ts';
import { clickHouseConnection } from '../clickhouse-connection.ts';
import { type EventFacts, findEvent } from '../event-facts.ts';
import { type ClosedWindows, closeImportedWindows } from '../imported-windows.ts';
import { kafkaAdminConfig, kafkaConnection } from '../kafka-connection.ts';
import { printProgress } from '../output.ts';
import { type Check, type StageCounts, reconcileCounts, sumModels } from './reconciliation.ts';
import { newSentCounts, sendRequests } from './send-day.ts';

export interface DemoOptions {
  env: Env;
  /** Address of ingest. */
  url: string;
  seed: number;
  events: number;
  nowMs: number;
  signal: AbortSignal;
}

export interface DemoResult {
  tenantId: string;
  dayStartMs: number;
  expected: ExpectedCounts;
  counts: StageCounts;
  checks: Check[];
  credits: Awaited<ReturnType<typeof readCreditsByChannel>>;
  /** After the late events; `version` is 2 where they changed a window that was published before. */
  windows: ClosedWindows;
  /** One conversion with its journey and the trace of its request; absent when the day has no conversion. */
  conversion?: { facts: EventFacts; trace: TraceSpan[] | undefined };
}

const DAY_MS = 86_400_000;
const EVENTS_PER_REQUEST = 250;
const LEASE_MS = 60_000;
const WINDOWS_WAIT_MS = 600_000;

/**
 * The whole way of a day of events on the real parts: sent over HTTP, on Kafka, in ClickHouse, closed into windows,
 * published, corrected by late data; then every stage is asked what it counted.
 */
export async function runDemo(options: DemoOptions): Promise<DemoResult> {
  const { env, nowMs, signal } = options;
  const dayStartMs = (Math.floor(nowMs / DAY_MS) - 1) * DAY_MS;
  const { seed, events } = options;
  const day = generateDay({ seed, dayStartMs, events, eventsPerRequest: EVENTS_PER_REQUEST });
  const pool = createPostgresPool({ url: env.POSTGRES_URL, applicationName: 'unmogrowp demo', connectionsMax: 2 });
  const clickhouse = createClickHouse(clickHouseConnection(env, 'unmogrowp demo'));
  try {
    const { tenantId, writeKey } = await newTenant(pool, nowMs);
    const kafkaStart = await endOffsets(env);
    const sent = await sendDay({ ...options, pool, tenantId, writeKey, day, dayStartMs });
    const windows = sent.windows;
    signal.throwIfAborted();
    const credits = await readCreditsByChannel(clickhouse, { tenantId });
    const [stored] = await readCountsOfTenant(clickhouse, { tenantId });
    if (stored === undefined) throw new UnmogrowpError('bug', 'a count without a row');
    const counts: StageCounts = {
      ...sent.counts,
      ...stored,
      onKafka: await countOnKafka(env, tenantId, kafkaStart),
      published: windows.conversions,
      models: sumModels(credits),
    };
    const conversion = await findConversion({ env, clickhouse, pool, tenantId, signal });
    const checks = reconcileCounts(counts, day.expected);
    const result = { tenantId, dayStartMs, expected: day.expected, counts, checks, credits, windows };
    return conversion === undefined ? result : { ...result, conversion };
  } finally {
    await clickhouse.close();
    await pool.end();
  }
}

/** A tenant for this run alone: what an earlier run counted is none of its counts. */
async function newTenant(pool: PostgresPool, nowMs: number): Promise<{ tenantId: string; writeKey: string }> {
  const time = new Date(nowMs).toISOString().slice(0, 19).replaceAll(/[-:]/g, '').replace('T', '-');
  const tenantId = `demo-${time}`;
  const settings = settingsSchema.parse({ granularity: '1h', allowed_lateness_seconds: 1 });
  const { write_key: writeKey } = await createTenant(pool, { tenantId, settings });
  return { tenantId, writeKey };
}

interface Sending extends DemoOptions {
  pool: PostgresPool;
  tenantId: string;
  writeKey: string;
  day: GeneratedDay;
  dayStartMs: number;
}

/** Sends the day, waits until its windows are published, then sends what comes late and waits once more. */
async function sendDay(
  sending: Sending,
): Promise<{ counts: ReturnType<typeof newSentCounts>; windows: ClosedWindows }> {
  const { env, url, pool, tenantId, writeKey, day, dayStartMs, signal } = sending;
  const counts = newSentCounts();
  const onRetry = (reason: string): void => printProgress(`waiting for ingest: ${reason}`);
  const send = createSender({ url, writeKey, retryForMs: 60_000, signal, onRetry });
  const range = { start: dayStartMs, end: dayStartMs + DAY_MS - 1 };
  // As an import does: its windows close once, when all of the day is there.
  const lease = await holdLease(pool, {
    tenantId,
    range,
    durationMs: LEASE_MS,
    leaseId: null,
    onProblem: (error) => printProgress(`the lease was not prolonged: ${(error as Error).message}`),
  });
  try {
    await sendRequests({ label: 'sending', requests: day.requests, send, counts, signal });
  } finally {
    await lease.release();
  }
  const closing = { env, pool, tenantId, range, waitMs: WINDOWS_WAIT_MS, signal };
  const windows = await closeImportedWindows(closing);
  if (day.lateRequests.length === 0) return { counts, windows };
  await sendRequests({ label: 'late', requests: day.lateRequests, send, counts, signal });
  return { counts, windows: await closeImportedWindows(closing) };
}

async function endOffsets(env: Env): Promise<number[]> {
  const admin = createKafkaAdmin(kafkaAdminConfig(env, 'unmogrowp-demo'));
  try {
    return await admin.endOffsets(topicName(env.KAFKA_PREFIX, 'events'));
  } finally {
    await admin.close();
  }
}

const SCAN_BYTES_MAX = 4_000_000_000;

/** Rows of the tenant on Kafka, as the records' headers say. */
async function countOnKafka(env: Env, tenantId: string, from: readonly number[]): Promise<number> {
  let rows = 0;
  await scanTopic(kafkaConnection(env, 'unmogrowp-demo'), {
    topic: topicName(env.KAFKA_PREFIX, 'events'),
    from,
    to: await endOffsets(env),
    bytesMax: SCAN_BYTES_MAX,
    onRecord: (record) => {
      if (headerOf(record, 'tenant_id') === tenantId) rows += Number(headerOf(record, 'row_count') ?? 0);
    },
  });
  return rows;
}

async function findConversion(options: {
  env: Env;
  clickhouse: ClickHouse;
  pool: PostgresPool;
  tenantId: string;
  signal: AbortSignal;
}): Promise<DemoResult['conversion']> {
  const { clickhouse, env, tenantId, signal } = options;
  const [shown] = await readConversionToShow(clickhouse, { tenantId });
  if (shown === undefined) return undefined;
  const found = await findEvent({ ...options, eventId: shown.eventId });
  if (!Array.isArray(found) || found[0] === undefined) return undefined;
  return { facts: found[0], trace: await awaitTrace(env, found[0].copies[0].traceId, signal) };
}

const TRACE_WAIT_MS = 8_000;
const TRACE_POLL_MS = 250;

/** The trace once the sink's part of it has come: spans are sent in batches after they end. */
async function awaitTrace(env: Env, traceId: string, signal: AbortSignal): Promise<TraceSpan[] | undefined> {
  const giveUpAt = performance.now() + TRACE_WAIT_MS;
  for (;;) {
    signal.throwIfAborted();
    const spans = await fetchTrace(env.JAEGER_QUERY_URL, traceId);
    const isWhole = spans?.some(({ service }) => service === 'sink') === true;
    if (isWhole || performance.now() > giveUpAt) return spans;
    await wait(TRACE_POLL_MS);
  }
}
