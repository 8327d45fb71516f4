import type { KafkaConnection } from './connection.ts';
import { type ConsumedRecord, createFetcher } from './fetcher.ts';

export interface ScanOptions {
  topic: string;
  /** The first offset of each partition that is read. */
  from: readonly number[];
  /** The offset of each partition that is not read any more. */
  to: readonly number[];
  /** Reading ends after so many bytes of values. */
  bytesMax: number;
  onRecord: (record: ConsumedRecord, partition: number) => void;
}

const LIMITS = { waitMs: 200, bytesMax: 16_777_216, bytesPerPartitionMax: 4_194_304 };

/** Nobody's turn depends on it: on a busy broker it waits longer than what serves requests. */
const REQUEST_TIMEOUT_MS = 30_000;

/** Reads a part of a topic outside of any group, for people who look for something. False when it ended early. */
export async function scanTopic(connection: KafkaConnection, options: ScanOptions): Promise<boolean> {
  const { topic, to, onRecord, bytesMax } = options;
  const fetcher = createFetcher({ requestTimeoutMs: REQUEST_TIMEOUT_MS, ...connection }, topic, LIMITS);
  const next = [...options.from];
  let bytes = 0;
  try {
    for (;;) {
      const open = next.flatMap((offset, partition) => (offset < (to[partition] ?? 0) ? [{ partition, offset }] : []));
      if (open.length === 0) return true;
      if (bytes > bytesMax) return false;
      for (const { partition, records, nextOffset } of await fetcher.fetch(open)) {
        for (const record of records.filter(({ offset }) => offset < (to[partition] ?? 0))) {
          bytes += record.value.length;
          onRecord(record, partition);
        }
        next[partition] = Math.max(next[partition] ?? 0, nextOffset);
      }
    }
  } finally {
    await fetcher.close();
  }
}
