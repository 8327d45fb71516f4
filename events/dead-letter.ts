import { ROW_COLUMNS } from './row.ts';

/** Where a dead letter was first: its identity for ever, however often it is tried again. */
export interface DeadLetterOrigin {
  topic: string;
  /** A topic that was deleted and made anew counts from 0 again. */
  topicId: string;
  partition: number;
  offset: number;
  /** Of its lines, counted from 0; `WHOLE_RECORD` where nobody could tell them apart. */
  line: number;
  /** When the record was sent to Kafka, in epoch milliseconds. */
  timestampMs: number;
}

/** An origin, and the number of the attempt to store it: 1 for the first. */
export interface TriedOrigin {
  origin: DeadLetterOrigin;
  attempt: number;
}

export const WHOLE_RECORD = -1;

/** The headers that a dead letter carries, and a record that is tried again. */
export function headersOfOrigin({ origin, attempt }: TriedOrigin): Record<string, string> {
  return {
    origin_topic: origin.topic,
    origin_topic_id: origin.topicId,
    origin_partition: String(origin.partition),
    origin_offset: String(origin.offset),
    ...(origin.line === WHOLE_RECORD ? {} : { origin_line: String(origin.line) }),
    origin_timestamp_ms: String(origin.timestampMs),
    attempt: String(attempt),
  };
}

/** What such headers say; undefined for a record that was never a dead letter. */
export function originOfHeaders(header: (name: string) => string | undefined): TriedOrigin | undefined {
  const topic = header('origin_topic');
  if (topic === undefined) return undefined;
  const number = (name: string, fallback: number): number => {
    const value = Number(header(name) ?? fallback);
    return Number.isSafeInteger(value) ? value : fallback;
  };
  return {
    origin: {
      topic,
      topicId: header('origin_topic_id') ?? '',
      partition: number('origin_partition', 0),
      offset: number('origin_offset', 0),
      line: number('origin_line', WHOLE_RECORD),
      timestampMs: number('origin_timestamp_ms', 0),
    },
    attempt: Math.max(1, number('attempt', 1)),
  };
}

/** The values of a line, by their columns; undefined when it is no row of the format that is known here. */
export function valuesOfLine(line: string): ReadonlyMap<(typeof ROW_COLUMNS)[number], unknown> | undefined {
  try {
    const values: unknown = JSON.parse(line);
    if (!Array.isArray(values) || values.length !== ROW_COLUMNS.length) return undefined;
    return new Map(ROW_COLUMNS.map((column, index) => [column, values[index] as unknown]));
  } catch {
    return undefined;
  }
}

/** When ingest took the event of a line, in epoch milliseconds; undefined when the line does not say it. */
export function receivedAtOf(line: string): number | undefined {
  const seconds = Number(valuesOfLine(line)?.get('received_at') ?? Number.NaN);
  const milliseconds = Math.round(seconds * 1_000);
  return milliseconds > 0 && milliseconds < TIME_MS_MAX ? milliseconds : undefined;
}

/** The year 2300: what lies beyond is no time of ours. */
const TIME_MS_MAX = 10_413_792_000_000;
