import type { Env } from '../env.ts';
import { UnmogrowpError, toUnmogrowpError } from '../errors.ts';
import { recordsMissing } from '../events/cutoff.ts';
import type { SpooledRecord } from '../ingest/spool/spool.ts';
import { type KafkaAdmin, createKafkaAdmin } from '../kafka/admin.ts';
import { type ConsumedRecord, headerOf } from '../kafka/fetcher.ts';
import { scanTopic } from '../kafka/scan.ts';
import { sinkGroup, topicName } from '../kafka/topics.ts';
import type { PostgresPool } from '../postgres/pool.ts';
import { openSpools } from '../postgres/spools.ts';
import { findSpooled } from './event-spool.ts';
import { kafkaAdminConfig, kafkaConnection } from './kafka-connection.ts';
import { countText } from './output.ts';

/** Where an event is that is not in ClickHouse, or where it was looked for. */
export interface Absence {
  state: 'on_spool' | 'on_kafka' | 'dead_letter' | 'unknown';
  /** In one sentence. */
  reason: string;
  /** Where it lies on Kafka, if it does. */
  place: { topic: string; partition: number; offset: number } | null;
  /** Why it became a dead letter. */
  headers: Record<string, string>;
  traceId: string | null;
  /** Records that the sink has not stored yet; null when Kafka does not answer. */
  lag: number | null;
  /** Ingest processes that hold accepted events on their disk. */
  spools: number;
}

/** How much of a topic is read at most. */
const SCAN_BYTES_MAX = 67_108_864;
const DEAD_LETTERS_MAX = 100_000;
/** A broker that hangs is asked again and again for minutes; nobody waits so long for a negative answer. */
const KAFKA_DEADLINE_MS = 15_000;

/**
 * Looks for an event behind and beside ClickHouse: in the spool of this machine, on Kafka where the sink has not been, and
 * in the dead letters. In the order of an event's way, so that one that moves meanwhile is met.
 */
export async function findAbsent(env: Env, pool: PostgresPool, eventId: string): Promise<Absence> {
  const spools = (await openSpools(pool)).length;
  const spooled = await findSpooled(env.INGEST_SPOOL_DIRECTORY, eventId);
  if (spooled !== undefined) return onSpool(spooled, spools);
  try {
    return await withDeadline(findOnKafka(env, eventId, spools));
  } catch (error) {
    const { code, message } = toUnmogrowpError(error);
    if (code !== 'kafka_unavailable' && code !== 'kafka_timeout') throw error;
    return unanswered(message, spools);
  }
}

async function withDeadline<Result>(work: Promise<Result>): Promise<Result> {
  const { promise, reject } = Promise.withResolvers<never>();
  const giveUp = (): void => reject(new UnmogrowpError('kafka_timeout', `Kafka: no answer in ${KAFKA_DEADLINE_MS} ms`));
  const timer = setTimeout(giveUp, KAFKA_DEADLINE_MS);
  // What is given up goes on failing, and nobody is there for it any more.
  work.catch(() => {});
  try {
    return await Promise.race([work, promise]);
  } finally {
    clearTimeout(timer);
  }
}

async function findOnKafka(env: Env, eventId: string, spools: number): Promise<Absence> {
  const admin = createKafkaAdmin(kafkaAdminConfig(env, CLIENT));
  try {
    const topic = topicName(env.KAFKA_PREFIX, 'events');
    const [committed, ends] = await Promise.all([
      admin.committedOffsets(sinkGroup(env.KAFKA_PREFIX), topic),
      admin.endOffsets(topic),
    ]);
    const facts = { lag: recordsMissing({ [topic]: committed }, { [topic]: ends }), spools };
    const waiting = await findRecord(env, { topic, from: committed, to: ends, eventId });
    if (waiting.found !== undefined) return onKafka(waiting.found, topic, facts);
    const dead = await findDeadLetter(env, admin, eventId);
    return dead === undefined ? unknown(facts, waiting.isWhole) : { ...dead, ...facts };
  } finally {
    await admin.close();
  }
}

const CLIENT = 'unmogrowp-event';

interface Found {
  record: ConsumedRecord;
  partition: number;
}

/** `isWhole` when nothing of the range was left out. */
async function findRecord(
  env: Env,
  place: { topic: string; from: readonly number[]; to: readonly number[]; eventId: string },
): Promise<{ found: Found | undefined; isWhole: boolean }> {
  let found: Found | undefined;
  const isWhole = await scanTopic(kafkaConnection(env, CLIENT), {
    topic: place.topic,
    from: place.from,
    to: place.to,
    bytesMax: SCAN_BYTES_MAX,
    onRecord: (record, partition) => {
      if (record.value.includes(place.eventId)) found ??= { record, partition };
    },
  });
  return { found, isWhole };
}

async function findDeadLetter(
  env: Env,
  admin: KafkaAdmin,
  eventId: string,
): Promise<Omit<Absence, 'lag' | 'spools'> | undefined> {
  const topic = topicName(env.KAFKA_PREFIX, 'dead-letters');
  const to = await admin.endOffsets(topic);
  const from = to.map((end) => Math.max(0, end - DEAD_LETTERS_MAX));
  const { found } = await findRecord(env, { topic, from, to, eventId });
  if (found === undefined) return undefined;
  const headers = Object.fromEntries(
    DEAD_LETTER_HEADERS.flatMap((name) => {
      const value = headerOf(found.record, name);
      return value === undefined ? [] : [[name, value]];
    }),
  );
  const why = headers['clickhouse_error'] ? ` (${headers['clickhouse_error']})` : '';
  return {
    state: 'dead_letter',
    reason: `it is a dead letter: ${headers['reason'] ?? 'no reason given'} at ${headers['stage'] ?? 'the sink'}${why}`,
    place: { topic, partition: found.partition, offset: found.record.offset },
    headers,
    traceId: traceIdOf(found.record),
  };
}

const DEAD_LETTER_HEADERS = [
  ...(['reason', 'stage', 'origin_topic', 'origin_partition', 'origin_offset', 'origin_line'] as const),
  ...(['attempt', 'error_code', 'clickhouse_code', 'clickhouse_error', 'tenant_id'] as const),
];

const NOWHERE = { place: null, headers: {}, traceId: null };

function onSpool(record: SpooledRecord, spools: number): Absence {
  const takenAt = new Date(record.receivedAt).toISOString();
  return {
    ...NOWHERE,
    state: 'on_spool',
    reason: `it was accepted at ${takenAt} and is safe in the spool of ingest on this machine until Kafka takes it`,
    traceId: traceIdIn(record.headers['traceparent']),
    lag: null,
    spools,
  };
}

function onKafka({ record, partition }: Found, topic: string, facts: { lag: number; spools: number }): Absence {
  return {
    ...NOWHERE,
    state: 'on_kafka',
    reason: `it is on Kafka and the sink has not stored it yet: ${countText(facts.lag, 'record')} wait${facts.lag === 1 ? 's' : ''} to be stored`,
    place: { topic, partition, offset: record.offset },
    traceId: traceIdOf(record),
    ...facts,
  };
}

function unknown(facts: { lag: number; spools: number }, isWhole: boolean): Absence {
  const left = isWhole
    ? ''
    : `Of the ${countText(facts.lag, 'record')} that the sink has not stored, only the first were read: it may lie behind them. `;
  return {
    ...NOWHERE,
    state: 'unknown',
    reason:
      'neither ClickHouse, nor Kafka behind the sink, nor the dead letters have it. ' +
      `${left}${spoolText(facts.spools)}Either it was never sent here, or ingest refused it: its answer names refused events with their codes`,
    ...facts,
  };
}

function unanswered(message: string, spools: number): Absence {
  return {
    ...NOWHERE,
    state: 'unknown',
    reason:
      `ClickHouse does not have it, and Kafka does not answer (${message}): what waits there cannot be told. ` +
      `${spoolText(spools)}What is up: unmogrowp status`,
    lag: null,
    spools,
  };
}

const spoolText = (spools: number): string =>
  spools === 0
    ? ''
    : `It may be on the disk of an ingest process: ${spools} ${spools === 1 ? 'holds' : 'of them hold'} accepted events until Kafka takes them. `;

const traceIdOf = (record: ConsumedRecord): string | null => traceIdIn(headerOf(record, 'traceparent'));

const traceIdIn = (traceparent = ''): string | null => /^[0-9a-f]{2}-([0-9a-f]{32})-/.exec(traceparent)?.[1] ?? null;
