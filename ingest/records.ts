import { Buffer } from 'node:buffer';
import { encodeRow } from '../events/encode.ts';
import { partitionOf } from '../events/partition.ts';
import { type EventRow, ROW_FORMAT } from '../events/row.ts';

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
      },
    });
  };
  for (const row of rows) {
    const partition = partitionOf(row.tenant_id, row.app_id, row.user_key, partitions);
    const line = encodeRow(row);
    const pack = packs.get(partition);
    if (pack === undefined) packs.set(partition, { text: line, rows: 1 });
    else if (fits(pack.text, line)) {
      pack.text += `\n${line}`;
      pack.rows += 1;
    } else {
      finish(partition, pack);
      packs.set(partition, { text: line, rows: 1 });
    }
  }
  for (const [partition, pack] of packs) finish(partition, pack);
  return records;
}

interface Pack {
  text: string;
  rows: number;
}

function fits(text: string, line: string): boolean {
  if ((text.length + line.length + 1) * BYTES_PER_UNIT_MAX <= RECORD_BYTES_MAX) return true;
  return Buffer.byteLength(text) + Buffer.byteLength(line) + 1 <= RECORD_BYTES_MAX;
}
