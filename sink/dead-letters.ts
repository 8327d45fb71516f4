import { type ConsumedRecord, headerOf } from '../kafka/fetcher.ts';
import type { OutgoingRecord } from '../kafka/producer.ts';
import type { UnmogrowpError } from '../errors.ts';
import type { DEAD_LETTER_REASONS } from '../otel/registry/sink.ts';
import type { Origin } from './encode-rows.ts';

/** What could not become a row: one line, or a whole record whose lines nobody can tell apart. */
export interface DeadLetter {
  reason: (typeof DEAD_LETTER_REASONS)[number];
  stage: 'decode' | 'insert';
  record: ConsumedRecord;
  /** Of the line within its record; none for a whole record. */
  line?: number;
  bytes: Buffer;
  error?: UnmogrowpError;
}

/** The one partition of the topic dead-letters. */
const PARTITION = 0;
/** What comes along from the record as it was. */
const KEPT_HEADERS = ['traceparent', 'tracestate', 'tenant_id', 'row_format'] as const;

/**
 * A dead letter as a record: the bytes as they were sent, and headers that say why and from where. Its origin (topic,
 * partition, offset, line) is its identity: after a crash it may come twice.
 */
export function toDeadLetterRecord({ topic, partition }: Origin, letter: DeadLetter): OutgoingRecord {
  const { reason, stage, record, line, bytes, error } = letter;
  const headers: Record<string, string> = {
    reason,
    stage,
    origin_topic: topic,
    origin_partition: String(partition),
    origin_offset: String(record.offset),
  };
  if (line !== undefined) headers['origin_line'] = String(line);
  if (error !== undefined) {
    headers['error_code'] = error.code;
    headers['clickhouse_code'] = String(error.context['clickhouse_code'] ?? '');
    headers['clickhouse_error'] = String(error.context['clickhouse_error'] ?? '');
  }
  for (const name of KEPT_HEADERS) {
    const value = headerOf(record, name);
    if (value !== undefined) headers[name] = value;
  }
  return { partition: PARTITION, value: bytes, headers };
}
