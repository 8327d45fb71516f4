import { Buffer } from 'node:buffer';
import { encodeRow } from '../events/encode.ts';
import { partitionOf } from '../events/partition.ts';
import { type EventRow, ROW_FORMAT } from '../events/row.ts';
import { isSampled } from './trace-context.ts';

/** A Kafka record before it is sent: lines of one request and one partition. */
export interface EventRecord {
  partition: number;
  value: Buffer;
  headers: Record<string, string>;
}

/** Kafka clients pay per record, the sink pays per byte it has to hold at once. */
const RECORD_BYTES_MAX = 65_536;

/** UTF-8 takes at most three bytes for each unit of a string. */
const BYTES_PER_UNIT_MAX = 3;

/**
 * Packs rows into records: the lines of one partition together, at most 64 KiB each. Lines keep the order of the
 * request, so one user's events keep theirs.
 */
export function packRecords(
  rows: readonly EventRow[],
  partitions: number,
  context: { tenantId: string; traceparent: string },
): EventRecord[] {
  const packs = new Map<number, Pack>();
  const records: EventRecord[] = [];
  const finish = (partition: number, pack: Pack): void => {
    records.push({
      partition,
      value: Buffer.from(pack.text),
      headers: {
        traceparent: context.traceparent,
        tenant_id: context.tenantId,
        row_count: String(pack.rows),
        row_format: String(ROW_FORMAT),
        received_at: String(pack.receivedAt),
      },
    });
  };
  for (const row of rows) {
    const partition = partitionOf(row.tenant_id, row.app_id, row.user_key, partitions);
    const line = encodeRow(row);
    const pack = packs.get(partition);
    if (pack === undefined) packs.set(partition, newPack(row, line));
    else if (fits(pack.text, line)) {
      pack.text += `\n${line}`;
      pack.rows += 1;
    } else {
      finish(partition, pack);
      packs.set(partition, newPack(row, line));
    }
  }
  for (const [partition, pack] of packs) finish(partition, pack);
  return records;
}

interface Pack {
  text: string;
  rows: number;
  /** The same for all rows of a request. */
  receivedAt: number;
}

const newPack = ({ received_at: receivedAt }: EventRow, line: string): Pack => ({ text: line, rows: 1, receivedAt });

function fits(text: string, line: string): boolean {
  if ((text.length + line.length + 1) * BYTES_PER_UNIT_MAX <= RECORD_BYTES_MAX) return true;
  return Buffer.byteLength(text) + Buffer.byteLength(line) + 1 <= RECORD_BYTES_MAX;
}

/**
 * Joins records of one partition, one tenant and one hour of receipt (in which the ledger counts them), in their order and
 * up to 64 KiB. The sink goes on from the traceparent of a record: it is that of the request in it whose trace is recorded,
 * and a second such request begins another record. Whatever the record says, each row knows its trace.
 */
export function joinRecords(records: readonly EventRecord[]): EventRecord[] {
  const joined: Joined[] = [];
  const open = new Map<string, Joined>();
  for (const { partition, value, headers } of records) {
    const hour = Math.floor(Number(headers['received_at']) / HOUR_MS);
    const place = `${partition}/${headers['tenant_id']}/${headers['row_format']}/${headers['spooled'] ?? ''}/${hour}`;
    const before = open.get(place);
    const bringsTrace = isRecorded(headers);
    const isTaken = before !== undefined && bringsTrace && isRecorded(before.headers);
    if (before !== undefined && !isTaken && before.bytes + value.length < RECORD_BYTES_MAX) {
      if (bringsTrace) before.headers = { ...before.headers, traceparent: headers['traceparent'] ?? '' };
      before.values.push(LINE_END, value);
      before.bytes += value.length + 1;
      before.rows += Number(headers['row_count']);
      continue;
    }
    const next = { partition, headers, values: [value], bytes: value.length, rows: Number(headers['row_count']) };
    joined.push(next);
    open.set(place, next);
  }
  return joined.map(({ partition, headers, values, bytes, rows }) =>
    values.length === 1
      ? { partition, headers, value: values[0] as Buffer }
      : { partition, headers: { ...headers, row_count: String(rows) }, value: Buffer.concat(values, bytes) },
  );
}

const isRecorded = (headers: Record<string, string>): boolean => isSampled(headers['traceparent'] ?? '');

interface Joined {
  partition: number;
  headers: Record<string, string>;
  values: Buffer[];
  bytes: number;
  rows: number;
}

const HOUR_MS = 3_600_000;
const LINE_END = Buffer.from('\n');
