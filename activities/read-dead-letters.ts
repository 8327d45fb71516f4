import { originOfHeaders, receivedAtOf } from '../events/dead-letter.ts';
import type { KafkaAdmin, TopicLog } from '../kafka/admin.ts';
import type { KafkaConnection } from '../kafka/connection.ts';
import { type ConsumedRecord, headerOf } from '../kafka/fetcher.ts';
import { scanTopic } from '../kafka/scan.ts';
import {
  type LetterPlace,
  type NewDeadLetter,
  loadDeadLetterReads,
  saveDeadLetters,
} from '../postgres/dead-letters.ts';
import type { PostgresPool } from '../postgres/pool.ts';

export interface DeadLetterSource {
  kafka: KafkaConnection;
  admin: Pick<KafkaAdmin, 'describeLog'>;
  pool: PostgresPool;
  /** Name of the topic of dead letters on the cluster. */
  topic: string;
}

/** What is read before it is stored; a record more may come on top. */
const BYTES_AT_ONCE = 8_388_608;

/**
 * Brings what PostgreSQL knows of the dead letters up to the end that their topic has now, and gives how the topic lies.
 * Only what is new is read. Doing it again, or by several at once, changes nothing.
 */
export async function readDeadLetters(source: DeadLetterSource, signal?: AbortSignal): Promise<TopicLog> {
  const { kafka, admin, pool, topic } = source;
  const log = await admin.describeLog(topic);
  const { topicId } = log;
  const known = await loadDeadLetterReads(pool, topicId);
  const next = log.starts.map((start, partition) => Math.max(start, known.get(partition) ?? 0));
  for (let isWhole = next.every((offset, partition) => offset >= (log.ends[partition] ?? 0)); !isWhole;) {
    signal?.throwIfAborted();
    const letters: NewDeadLetter[] = [];
    const from = [...next];
    isWhole = await scanTopic(kafka, {
      topic,
      from,
      to: log.ends,
      bytesMax: BYTES_AT_ONCE,
      onRecord: (record, partition) => {
        letters.push(letterOf(record, { topic, topicId, partition, offset: record.offset }));
        next[partition] = record.offset + 1;
      },
    });
    // Also what lies at the end and is no record, such as the mark of a transaction.
    if (isWhole) next.splice(0, next.length, ...log.ends);
    await saveDeadLetters(pool, { topicId, next, letters });
  }
  return log;
}

function letterOf(record: ConsumedRecord, place: LetterPlace): NewDeadLetter {
  // PostgreSQL takes no zero bytes in a text, and one strange letter must not hide those behind it.
  const header = (name: string): string | undefined => headerOf(record, name)?.replaceAll('\0', '');
  const tried = originOfHeaders(header) ?? {
    origin: { ...place, line: 0, timestampMs: record.timestampMs },
    attempt: 1,
  };
  const isLine = tried.origin.line >= 0;
  const receivedAtMs = (isLine ? receivedAtOf(record.value.toString()) : undefined) ?? momentOf(header('received_at'));
  return {
    ...tried,
    place,
    tenantId: header('tenant_id') ?? '',
    reason: header('reason') ?? '',
    stage: header('stage') ?? '',
    errorCode: header('error_code') ?? '',
    clickhouseError: header('clickhouse_error') ?? '',
    rows: isLine ? 1 : rowsOf(header('row_count')),
    bytes: record.value.length,
    receivedAt: new Date(receivedAtMs ?? (tried.origin.timestampMs || record.timestampMs)),
    buriedAt: new Date(record.timestampMs),
  };
}

/** The moment of a header in epoch milliseconds; undefined when it is none. */
function momentOf(text: string | undefined): number | undefined {
  const epochMs = Number(text ?? Number.NaN);
  return Number.isSafeInteger(epochMs) && epochMs > 0 && epochMs < MOMENT_MS_MAX ? epochMs : undefined;
}

/** The year 2300: what lies beyond is no time of ours. */
const MOMENT_MS_MAX = 10_413_792_000_000;

const ROWS_MAX = 1_000_000;

/** A header that is no count stands for one event: there was something. */
function rowsOf(text: string | undefined): number {
  const count = Number(text ?? 1);
  return Number.isSafeInteger(count) && count > 0 && count <= ROWS_MAX ? count : 1;
}
