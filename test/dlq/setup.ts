import { spawn } from 'node:child_process';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { afterAll, expect } from 'vitest';
import { kafkaConnection } from '../../bin/kafka-connection.ts';
import { encodeRow } from '../../events/encode.ts';
import type { EventRow } from '../../events/row.ts';
import { type ConsumedRecord, headerOf } from '../../kafka/fetcher.ts';
import { type OutgoingRecord, createRecordProducer } from '../../kafka/producer.ts';
import { scanTopic } from '../../kafka/scan.ts';
import { topicName } from '../../kafka/topics.ts';
import { migratePostgres } from '../../postgres/migrate.ts';
import { createPostgresPool } from '../../postgres/pool.ts';
import { type Result, unmogrowp } from '../replay/command.ts';
import { EVENTS, newRow, openParts, readCommits } from '../sink/setup.ts';
import { testEnv, testVariables } from '../support/parts.ts';

export const DEAD_LETTERS = topicName(testEnv.KAFKA_PREFIX, 'dead-letters');

/** The tables and topics of a test file, as the sink and the commands about dead letters need them. */
export async function openDeadLetters() {
  const parts = await openParts();
  const pool = createPostgresPool({ url: testEnv.POSTGRES_URL, applicationName: 'test' });
  await migratePostgres(pool);
  const producer = createRecordProducer(kafkaConnection(testEnv, 'test'));
  afterAll(() => Promise.all([pool.end(), producer.close()]));
  const bury = (records: readonly OutgoingRecord[]) => producer.produce(DEAD_LETTERS, records, { timeoutMs: 10_000 });
  return { ...parts, pool, bury };
}

/** A record as ingest makes it, of lines that need not be rows. */
export function recordOf(lines: readonly string[], headers: Record<string, string> = {}): OutgoingRecord {
  return {
    partition: 2,
    value: Buffer.from(lines.join('\n')),
    headers: {
      traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00',
      tenant_id: 'acme',
      row_count: String(lines.length),
      row_format: '1',
      ...headers,
    },
  };
}

/** A row that no ClickHouse takes, whatever is mended. */
export const poison = (more: Partial<EventRow> = {}): string =>
  encodeRow(newRow({ user_key: 'jane@example.org', ...more }));

/** Waits until the sink has judged all records of partition 2, the only one that these tests fill. */
export async function untilJudged(records: number): Promise<void> {
  await expect.poll(async () => (await readCommits()).get(2)).toEqual({ offset: records, note: '' });
}

/** Everything on partition 2 of the topic of events, the oldest first. */
export async function eventsOnKafka(
  end: number,
): Promise<{ value: string; header: (name: string) => string | undefined }[]> {
  const found: ConsumedRecord[] = [];
  await scanTopic(kafkaConnection(testEnv, 'test'), {
    topic: EVENTS,
    from: [0, 0, 0],
    to: [0, 0, end],
    bytesMax: Infinity,
    onRecord: (record) => void found.push(record),
  });
  return found.map((record) => ({ value: record.value.toString(), header: (name) => headerOf(record, name) }));
}

/** What `unmogrowp dlq …` says. */
export const dlq = (...args: string[]): Promise<Result> => unmogrowp('dlq', ...args);

/** The same with `--json`, parsed, and its exit code. */
export async function dlqJson<Answer>(...args: string[]): Promise<Answer & { code: number }> {
  const { code, stdout, stderr } = await dlq(...args, '--json');
  if (stdout === '') throw new Error(stderr);
  return { ...(JSON.parse(stdout) as Answer), code };
}

/** A letter as `dlq list` gives it. */
export interface ListedLetter {
  id: string;
  state: string;
  reason: string;
  clickhouse_error: string;
  tenant_id: string;
  attempt: number;
  events: number;
  received_at: string;
  buried_at: string;
  origin: { id: string; partition: number; offset: number; line: number | null };
}

export interface Listed {
  counts: { reason: string; clickhouse_error: string; state: string; letters: number; rows: number }[];
  letters: ListedLetter[];
}

export interface Replayed {
  ended: string;
  replayed: number;
  came_back: number;
  failed: number;
  gone: number;
}

/** A command that goes on while the test does something else, with variables of its own. */
export function startDlq(args: readonly string[], variables: Readonly<Record<string, string>> = {}) {
  const program = fileURLToPath(new URL('../../bin/unmogrowp.ts', import.meta.url));
  const child = spawn(process.execPath, [program, 'dlq', ...args], {
    env: { ...process.env, ...testVariables, ...variables },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const ended = new Promise<number>((resolve) => child.on('close', (code) => resolve(code ?? -1)));
  return { child, ended, stdout: text(child.stdout), stderr: text(child.stderr) };
}
