import {
  type TriedOrigin,
  WHOLE_RECORD,
  headersOfOrigin,
  originOfHeaders,
  valuesOfLine,
} from '../events/dead-letter.ts';
import { type ConsumedRecord, headerOf } from '../kafka/fetcher.ts';
import type { OutgoingRecord } from '../kafka/producer.ts';
import type { UnmogrowpError } from '../errors.ts';
import type { DEAD_LETTER_REASONS } from '../otel/registry/sink.ts';
import type { Origin } from './encode-rows.ts';
import type { Place } from './range.ts';

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
const KEPT_HEADERS = ['traceparent', 'tracestate', 'tenant_id', 'row_format', 'received_at'] as const;

/**
 * A dead letter as a record: the bytes as they were sent, and headers that say why and from where. Its origin (topic,
 * partition, offset, line) and its attempt are its identity: after a crash it may come twice. What was tried again and
 * fails again keeps the origin that it had first.
 */
export function toDeadLetterRecord(place: Origin, letter: DeadLetter): OutgoingRecord {
  const { reason, stage, record, line, bytes, error } = letter;
  const tried = originOf(place, letter);
  const headers: Record<string, string> = { reason, stage, ...headersOfOrigin(tried) };
  if (tried.attempt > 1) {
    headers['tried_partition'] = String(place.partition);
    headers['tried_offset'] = String(record.offset);
  }
  headers['row_count'] = line === undefined ? (headerOf(record, 'row_count') ?? '1') : '1';
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

/** A dead letter in the fields of a line of the log. */
export interface LetterFacts {
  reason: DeadLetter['reason'];
  code: string | undefined;
  tenant: string | undefined;
  /** Of a single line that can be read. */
  event_id: string | undefined;
  partition: number;
  offset: number;
}

/** What somebody needs to find it: the event, if it is one, and where it lies. */
export function describeLetter({ partition }: Place, { reason, record, line, bytes, error }: DeadLetter): LetterFacts {
  const eventId = line === undefined ? undefined : valuesOfLine(bytes.toString())?.get('event_id');
  return {
    reason,
    code: error?.code,
    tenant: headerOf(record, 'tenant_id'),
    event_id: typeof eventId === 'string' ? eventId : undefined,
    partition,
    offset: record.offset,
  };
}

function originOf({ topic, topicId, partition }: Place, { record, line = WHOLE_RECORD }: DeadLetter): TriedOrigin {
  const before = originOfHeaders((name) => headerOf(record, name));
  if (before === undefined) {
    const { offset, timestampMs } = record;
    return { origin: { topic, topicId, partition, offset, line, timestampMs }, attempt: 1 };
  }
  // A record that was tried again as a whole may fail in single lines now.
  const origin = before.origin.line === WHOLE_RECORD ? { ...before.origin, line } : before.origin;
  return { origin, attempt: before.attempt };
}
