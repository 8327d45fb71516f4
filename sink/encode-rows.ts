import { POSITION_COLUMNS, ROW_COLUMNS } from '../events/row.ts';
import { type ConsumedRecord, headerOf } from '../kafka/fetcher.ts';
import type { OffsetRange, Place } from './range.ts';

/** The columns of an encoded line, in its order. */
export const INSERT_COLUMNS: readonly string[] = [...POSITION_COLUMNS, 'record_rows', ...ROW_COLUMNS];

/** Where the lines of a range come from. */
export type Origin = Place & OffsetRange;

/** One line of a record, as it was sent. */
export interface Line {
  record: ConsumedRecord;
  /** Counted from 0 within its record. */
  index: number;
  bytes: Buffer;
}

export interface EncodedRows {
  /** What ClickHouse reads, in pieces. */
  chunks: Buffer[];
  rows: number;
}

const NEW_LINE = 0x0a;
const OPENING_BRACKET = 0x5b;
const COMMA = 0x2c;
const CHUNK_BYTES = 1_048_576;

/**
 * Writes the positions of a record in front of each of its lines. Nothing is parsed and nothing but the opening bracket
 * is looked at: a line that is no row stays none, and ClickHouse says so.
 */
export function encodeRecords(origin: Origin, records: readonly ConsumedRecord[]): EncodedRows {
  const writer = createWriter(origin);
  for (const record of records) {
    const prefix = writer.prefixOf(record);
    const { value } = record;
    for (let from = 0; from < value.length;) {
      const end = value.indexOf(NEW_LINE, from);
      const to = end === -1 ? value.length : end;
      writer.write(prefix, value, from, to);
      from = to + 1;
    }
  }
  return writer.finish();
}

/** The same for single lines. */
export function encodeLines(origin: Origin, lines: readonly Line[]): EncodedRows {
  const writer = createWriter(origin);
  for (const { record, bytes } of lines) writer.write(writer.prefixOf(record), bytes, 0, bytes.length);
  return writer.finish();
}

/** All lines of the records, for looking at them one by one. */
export function splitLines(records: readonly ConsumedRecord[]): Line[] {
  const lines: Line[] = [];
  for (const record of records) {
    const { value } = record;
    for (let from = 0, index = 0; from < value.length; index += 1) {
      const end = value.indexOf(NEW_LINE, from);
      const to = end === -1 ? value.length : end;
      if (to > from) lines.push({ record, index, bytes: value.subarray(from, to) });
      from = to + 1;
    }
  }
  return lines;
}

function createWriter({ topic, partition, first, last }: Origin) {
  const chunks: Buffer[] = [];
  const head = `[${JSON.stringify(topic)},${partition},`;
  const tail = `,${first},${last}`;
  let chunk = Buffer.allocUnsafe(CHUNK_BYTES);
  let at = 0;
  let rows = 0;

  function makeRoom(bytes: number): void {
    if (at > 0) chunks.push(chunk.subarray(0, at));
    chunk = Buffer.allocUnsafe(Math.max(CHUNK_BYTES, bytes));
    at = 0;
  }

  function write(prefix: Buffer, bytes: Buffer, from: number, to: number): void {
    if (to <= from) return;
    const needed = prefix.length + (to - from) + 2;
    if (at + needed > chunk.length) makeRoom(needed);
    at += prefix.copy(chunk, at);
    chunk[at++] = COMMA;
    at += bytes.copy(chunk, at, bytes[from] === OPENING_BRACKET ? from + 1 : from, to);
    chunk[at++] = NEW_LINE;
    rows += 1;
  }

  function finish(): EncodedRows {
    if (at > 0) chunks.push(chunk.subarray(0, at));
    return { chunks, rows };
  }

  const prefixOf = (record: ConsumedRecord): Buffer =>
    Buffer.from(`${head}${record.offset}${tail},${announcedRows(record)}`);
  return { prefixOf, write, finish };
}

/** How many rows a record says that it has; 0 when it is none of those that ingest counts by their hour. */
function announcedRows(record: ConsumedRecord): number {
  if (headerOf(record, 'received_at') === undefined) return 0;
  const rows = Number(headerOf(record, 'row_count'));
  return Number.isSafeInteger(rows) && rows > 0 && rows < 2 ** 32 ? rows : 0;
}
