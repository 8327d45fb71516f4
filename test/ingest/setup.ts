import { randomUUID } from 'node:crypto';
import { Kafka, logLevel } from 'kafkajs';
import { afterAll, vi } from 'vitest';
import { kafkaAdminConfig } from '../../bin/kafka-connection.ts';
import type { Env } from '../../env.ts';
import { createKafkaAdmin } from '../../kafka/admin.ts';
import { migratePostgres } from '../../postgres/migrate.ts';
import { type PostgresPool, createPostgresPool } from '../../postgres/pool.ts';
import { ROW_COLUMNS } from '../../events/row.ts';
import { useZstandard } from '../support/zstandard.ts';

/** The test's Postgres with its tables. */
export async function migratedPool(env: Env): Promise<PostgresPool> {
  const pool = createPostgresPool({ url: env.POSTGRES_URL, applicationName: 'test' });
  afterAll(() => pool.end());
  await migratePostgres(pool);
  return pool;
}

/** A Kafka client with the topics of the test. */
export async function kafkaWithTopic(env: Env): Promise<Kafka> {
  const admin = createKafkaAdmin(kafkaAdminConfig(env, 'test'));
  await admin.ensureTopics();
  await admin.close();
  return new Kafka({ brokers: env.KAFKA_BROKERS, logLevel: logLevel.NOTHING });
}

/** A row as it lies on Kafka, with the headers of its record. */
export interface StoredRow {
  row: Record<string, string>;
  headers: Record<string, string>;
  partition: number;
}

/** Reads everything that is on the events topic now. */
export async function readTopic(kafka: Kafka, env: Pick<Env, 'KAFKA_PREFIX'>): Promise<StoredRow[]> {
  useZstandard();
  const topic = `${env.KAFKA_PREFIX}events`;
  const admin = kafka.admin();
  await admin.connect();
  // A broker that has just started leads its partitions one after the other, and kafkajs gives up where one is not led yet.
  const offsets = await vi.waitFor(() => admin.fetchTopicOffsets(topic), { timeout: 15_000, interval: 100 });
  const ends = new Map(offsets.map(({ partition, high }) => [partition, Number(high)]));
  await admin.disconnect();
  const open = new Set([...ends].filter(([, end]) => end > 0).map(([partition]) => partition));
  const rows: StoredRow[] = [];
  if (open.size === 0) return rows;
  const consumer = kafka.consumer({ groupId: `${env.KAFKA_PREFIX}read-${randomUUID()}`, maxWaitTimeInMs: 100 });
  await consumer.connect();
  await consumer.subscribe({ topic, fromBeginning: true });
  await new Promise<void>((resolve, reject) => {
    consumer
      .run({
        eachMessage: ({ partition, message }) => {
          const headers = Object.fromEntries(
            Object.entries(message.headers ?? {}).map(([name, value]) => [name, String(value)]),
          );
          for (const line of (message.value ?? '').toString().split('\n')) {
            const values = JSON.parse(line) as string[];
            const row = Object.fromEntries(ROW_COLUMNS.map((column, index) => [column, values[index] ?? '']));
            rows.push({ row, headers, partition });
          }
          if (Number(message.offset) + 1 >= (ends.get(partition) ?? 0)) open.delete(partition);
          if (open.size === 0) resolve();
          return Promise.resolve();
        },
      })
      .catch(reject);
  });
  await consumer.disconnect();
  return rows;
}

/** A click that is taken as it is. */
export const click = (user: string, more: Record<string, unknown> = {}): Record<string, unknown> => ({
  event_id: randomUUID(),
  type: 'click',
  occurred_at: Date.now(),
  app_id: 'shop',
  channel: 'search',
  user_id: user,
  ...more,
});

export interface Answer {
  status: number;
  headers: Headers;
  body: {
    code?: string;
    accepted: number;
    rejected: { index: number; event_id: string | null; code: string; message: string }[];
    assigned_event_ids?: { index: number; event_id: string }[];
    trace_id: string;
  };
}

/** Posts a body to /v1/events; objects are sent as JSON. */
export async function post(
  url: string,
  writeKey: string | undefined,
  body: unknown,
  headers: Record<string, string> = {},
): Promise<Answer> {
  const isRaw = typeof body === 'string' || body instanceof Uint8Array;
  const response = await fetch(`${url}/v1/events`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      ...(writeKey === undefined ? {} : { authorization: `Bearer ${writeKey}` }),
      ...headers,
    },
    body: isRaw ? (body as string | Uint8Array<ArrayBuffer>) : JSON.stringify(body),
  });
  return { status: response.status, headers: response.headers, body: (await response.json()) as Answer['body'] };
}
