import type { Env } from '../env.ts';
import { recordsMissing } from '../events/cutoff.ts';
import { type KafkaAdmin, createKafkaAdmin } from '../kafka/admin.ts';
import { type ConsumedRecord, headerOf } from '../kafka/fetcher.ts';
import { scanTopic } from '../kafka/scan.ts';
import { sinkGroup, topicName } from '../kafka/topics.ts';
import type { PostgresPool } from '../postgres/pool.ts';
import { openSpools } from '../postgres/spools.ts';
import { kafkaAdminConfig, kafkaConnection } from './kafka-connection.ts';

/** Where an event is that is not in ClickHouse, or where it was looked for. */
export interface Absence {
  state: 'on_kafka' | 'dead_letter' | 'unknown';
  /** In one sentence. */
  reason: string;
  /** Where it lies on Kafka, if it does. */
  place: { topic: string; partition: number; offset: number } | null;
  /** Why it became a dead letter. */
  headers: Record<string, string>;
  traceId: string | null;
  /** Records that the sink has not stored yet. */
  lag: number;
  /** Ingest processes that hold accepted events on their disk. */
  spools: number;
}

/** How much of a topic is read at most, from its end. */
const SCAN_BYTES_MAX = 67_108_864;
const DEAD_LETTERS_MAX = 100_000;

/** Looks for an event behind and beside ClickHouse: on Kafka where the sink has not been, and in the dead letters. */
export async function findAbsent(env: Env, pool: PostgresPool, eventId: string): Promise<Absence> {
  const admin = createKafkaAdmin(kafkaAdminConfig(env, CLIENT));
  try {
    const topic = topicName(env.KAFKA_PREFIX, 'events');
    const [committed, ends] = await Promise.all([
      admin.committedOffsets(sinkGroup(env.KAFKA_PREFIX), topic),
      admin.endOffsets(topic),
    ]);
    const lag = recordsMissing({ [topic]: committed }, { [topic]: ends });
    const spools = (await openSpools(pool)).length;
    const facts = { lag, spools };
    const waiting = await findRecord(env, { topic, from: committed, to: ends, eventId });
    if (waiting !== undefined) return onKafka(waiting, topic, facts);
    const dead = await findDeadLetter(env, admin, eventId);
    return dead === undefined ? unknown(facts) : { ...dead, ...facts };
  } finally {
    await admin.close();
  }
}

const CLIENT = 'unmogrowp-event';

interface Found {
  record: ConsumedRecord;
  partition: number;
}

async function findRecord(
  env: Env,
  place: { topic: string; from: readonly number[]; to: readonly number[]; eventId: string },
): Promise<Found | undefined> {
  let found: Found | undefined;
  await scanTopic(kafkaConnection(env, CLIENT), {
    topic: place.topic,
    from: place.from,
    to: place.to,
    bytesMax: SCAN_BYTES_MAX,
    onRecord: (record, partition) => {
      if (record.value.includes(place.eventId)) found ??= { record, partition };
    },
  });
  return found;
}

async function findDeadLetter(
  env: Env,
  admin: KafkaAdmin,
  eventId: string,
): Promise<Omit<Absence, 'lag' | 'spools'> | undefined> {
  const topic = topicName(env.KAFKA_PREFIX, 'dead-letters');
  const to = await admin.endOffsets(topic);
  const from = to.map((end) => Math.max(0, end - DEAD_LETTERS_MAX));
  const found = await findRecord(env, { topic, from, to, eventId });
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
  ...(['error_code', 'clickhouse_code', 'clickhouse_error', 'tenant_id'] as const),
];

function onKafka({ record, partition }: Found, topic: string, facts: Pick<Absence, 'lag' | 'spools'>): Absence {
  return {
    state: 'on_kafka',
    reason: `it is on Kafka and the sink has not stored it yet: ${facts.lag} records wait before the end of the topic`,
    place: { topic, partition, offset: record.offset },
    headers: {},
    traceId: traceIdOf(record),
    ...facts,
  };
}

function unknown(facts: Pick<Absence, 'lag' | 'spools'>): Absence {
  const spooled =
    facts.spools > 0
      ? `It may be on the disk of an ingest process: ${facts.spools} of them hold accepted events until Kafka takes them. `
      : '';
  return {
    state: 'unknown',
    reason:
      'neither ClickHouse, nor Kafka behind the sink, nor the dead letters have it. ' +
      `${spooled}Either it was never sent here, or ingest refused it: its answer names refused events with their codes`,
    place: null,
    headers: {},
    traceId: null,
    ...facts,
  };
}

const traceIdOf = (record: ConsumedRecord): string | null =>
  /^[0-9a-f]{2}-([0-9a-f]{32})-/.exec(headerOf(record, 'traceparent') ?? '')?.[1] ?? null;
