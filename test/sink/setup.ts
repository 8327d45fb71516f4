import { type ChildProcess, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { Kafka, logLevel } from 'kafkajs';
import { afterAll } from 'vitest';
import { clickHouseConnection } from '../../bin/clickhouse-connection.ts';
import { kafkaAdminConfig, kafkaConnection } from '../../bin/kafka-connection.ts';
import { type ClickHouse, type ClickHouseConfig, createClickHouse } from '../../clickhouse/client.ts';
import { migrateClickHouse } from '../../clickhouse/migrate.ts';
import type { EventRow } from '../../events/row.ts';
import { packRecords } from '../../ingest/records.ts';
import { createKafkaAdmin } from '../../kafka/admin.ts';
import { type OutgoingRecord, createRecordProducer } from '../../kafka/producer.ts';
import { sinkGroup, topicName } from '../../kafka/topics.ts';
import { readMetrics, valueOf } from '../support/openmetrics.ts';
import { testEnv, testVariables } from '../support/parts.ts';
import { useZstandard } from '../support/zstandard.ts';

export const EVENTS = topicName(testEnv.KAFKA_PREFIX, 'events');
const DEAD_LETTERS = topicName(testEnv.KAFKA_PREFIX, 'dead-letters');
export const GROUP = sinkGroup(testEnv.KAFKA_PREFIX);
export const PARTITIONS = testEnv.KAFKA_EVENTS_PARTITIONS;

export const clickhouseConfig: ClickHouseConfig = clickHouseConnection(testEnv, 'test');

/** The test file's tables and topics, and the clients to look at them. */
export async function openParts() {
  await migrateClickHouse(clickhouseConfig, { cluster: '' });
  const clickhouse = createClickHouse(clickhouseConfig);
  const admin = createKafkaAdmin(kafkaAdminConfig(testEnv, 'test'));
  await admin.ensureTopics();
  const producer = createRecordProducer(kafkaConnection(testEnv, 'test'));
  afterAll(async () => {
    await Promise.all([clickhouse.close(), admin.close(), producer.close()]);
  });
  const produceRecords = (records: readonly OutgoingRecord[]) =>
    producer.produce(EVENTS, records, { timeoutMs: 10_000 });
  /** As ingest does for one request. */
  const produce = (rows: readonly EventRow[], traceparent = UNSAMPLED) =>
    produceRecords(packRecords(rows, PARTITIONS, { tenantId: 'acme', traceparent }));
  return { clickhouse, admin, produce, produceRecords };
}

const UNSAMPLED = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00';

let made = 0;

/** An event of one of many users, as ingest would put it on Kafka. */
export function newRow(more: Partial<EventRow> = {}): EventRow {
  made += 1;
  return {
    tenant_id: 'acme',
    app_id: 'shop',
    user_key: `00000000-0000-4000-8000-${String(made % 97).padStart(12, '0')}`,
    occurred_at: Date.UTC(2026, 0, 1 + (made % 3), 12),
    event_id: randomUUID(),
    event_type: made % 10 === 0 ? 'conversion' : 'click',
    name: made % 10 === 0 ? 'purchase' : '',
    channel: 'search',
    campaign: `campaign-${made % 7}`,
    ad_group: '',
    creative: '',
    country: 'DE',
    platform: 'web',
    revenue: made % 10 === 0 ? '12.5' : '0',
    currency: made % 10 === 0 ? 'EUR' : '',
    identifier_type: 'user_id',
    properties: '{}',
    received_at: Date.now(),
    trace_id: '0af7651916cd43dd8448eb211c80319c',
    ...more,
  };
}

export const newRows = (count: number, more: Partial<EventRow> = {}): EventRow[] =>
  Array.from({ length: count }, () => newRow(more));

/** One answer of ClickHouse, as the first row's numbers and texts. */
export async function ask<Row = Record<string, number>>(clickhouse: ClickHouse, query: string): Promise<Row> {
  const result = await clickhouse.client.query({ query, format: 'JSONEachRow' });
  const [row] = await result.json<Row>();
  if (row === undefined) throw new Error(`no row: ${query}`);
  return row;
}

/** How often every row is stored: in the table, and in what its views made of it. */
export function countRows(
  clickhouse: ClickHouse,
): Promise<Record<'rows' | 'ids' | 'arrivals' | 'conversions', number>> {
  return ask(
    clickhouse,
    `SELECT (SELECT count() FROM events_raw_v1) AS rows, (SELECT uniqExact(event_id) FROM events_raw_v1) AS ids,
            (SELECT count() FROM arrivals_raw_v1) AS arrivals, (SELECT count() FROM conversions_by_id_v1) AS conversions`,
  );
}

/** The sink process while it runs. */
export interface SinkProcess {
  child: ChildProcess;
  metricsUrl: string;
  /** What it has logged so far. */
  log: () => Record<string, unknown>[];
  /** The sum of a metric over its labels. */
  metric: (name: string) => Promise<number>;
  isHealthy: () => Promise<boolean>;
  /** Sends a signal and gives the exit code (or the signal's name) when the process has ended. */
  end: (signal: NodeJS.Signals) => Promise<number | string>;
}

const PROGRAM = fileURLToPath(new URL('../../bin/sink.ts', import.meta.url));

/** Starts bin/sink.ts on the parts of this test file, and waits until its metrics can be read. */
export async function startSinkProcess(variables: Record<string, string> = {}): Promise<SinkProcess> {
  const child = spawn(process.execPath, [PROGRAM], {
    env: { ...process.env, ...testVariables, LOG_LEVEL: 'info', OTEL_EXPORTER_OTLP_ENDPOINT: '', ...variables },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ended = once(child, 'exit').then(([code, signal]) => (code ?? signal) as number | string);
  let text = '';
  const ready = new Promise<string>((resolve) => {
    child.stdout?.on('data', (chunk: Buffer) => {
      text += chunk.toString();
      const line = text.split('\n').find((candidate) => candidate.startsWith('{"metrics"'));
      if (line !== undefined) resolve(line);
    });
  });
  const line = await Promise.race([ready, ended]);
  if (typeof line !== 'string' || !line.startsWith('{'))
    throw new Error(`the sink ended with ${String(line)}:\n${text}`);
  const { metrics: metricsUrl } = JSON.parse(line) as { metrics: string };
  running.push(child);
  return {
    child,
    metricsUrl,
    log: () =>
      text
        .split('\n')
        .filter((entry) => entry.startsWith('{"level"') && entry.endsWith('}'))
        .map((entry) => JSON.parse(entry) as Record<string, unknown>),
    metric: async (name) => valueOf(await readMetrics(metricsUrl), name),
    isHealthy: async () => (await fetch(`${metricsUrl}/healthz`)).ok,
    end: (signal) => {
      child.kill(signal);
      return ended;
    },
  };
}

const running: ChildProcess[] = [];
// Stopped processes as well: a stopped one ends only by SIGKILL.
afterAll(() => running.forEach((child) => child.kill('SIGKILL')));

/** What lies beside the committed offsets of the group, by partition. */
export async function readCommits(): Promise<Map<number, { offset: number; note: string }>> {
  const admin = new Kafka({ brokers: testEnv.KAFKA_BROKERS, logLevel: logLevel.NOTHING }).admin();
  await admin.connect();
  try {
    const [found] = await admin.fetchOffsets({ groupId: GROUP, topics: [EVENTS] });
    return new Map(
      found?.partitions.map(({ partition, offset, metadata }) => [
        partition,
        { offset: Number(offset), note: metadata ?? '' },
      ]),
    );
  } finally {
    await admin.disconnect();
  }
}

export interface Letter {
  value: string;
  headers: Record<string, string>;
}

/** Everything on the topic dead-letters, once there are `count`. */
export async function readDeadLetters(count: number): Promise<Letter[]> {
  useZstandard();
  const kafka = new Kafka({ brokers: testEnv.KAFKA_BROKERS, logLevel: logLevel.NOTHING });
  const consumer = kafka.consumer({ groupId: `${testEnv.KAFKA_PREFIX}read-${randomUUID()}`, maxWaitTimeInMs: 100 });
  const letters: Letter[] = [];
  await consumer.connect();
  await consumer.subscribe({ topic: DEAD_LETTERS, fromBeginning: true });
  await new Promise<void>((resolve, reject) => {
    consumer
      .run({
        eachMessage: ({ message }) => {
          const headers = Object.entries(message.headers ?? {}).map(([name, value]) => [name, String(value)]);
          letters.push({ value: String(message.value), headers: Object.fromEntries(headers) as Letter['headers'] });
          if (letters.length === count) resolve();
          return Promise.resolve();
        },
      })
      .catch(reject);
  });
  await consumer.disconnect();
  return letters;
}
