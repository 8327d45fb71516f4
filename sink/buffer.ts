import type { ConsumedRecord, FetchedPartition } from '../kafka/fetcher.ts';
import { headerOf } from '../kafka/fetcher.ts';
import type { OffsetRange } from './range.ts';

/** Records of one range, in their order. */
export interface Batch extends OffsetRange {
  records: ConsumedRecord[];
}

export interface BufferLimits {
  rowsMax: number;
  bytesMax: number;
  /** How long the first record waits for others. */
  waitMs: number;
}

/** What was read of one partition and not inserted yet. */
export interface PartitionBuffer {
  /** Where to read on. */
  nextOffset(): number;
  bytes(): number;
  /** Whether more should be read, given how many bytes all buffers together may still take. */
  hasRoom(bytesLeft: number): boolean;
  /** Whether it is time for an insert: a full batch, or records that have waited long enough. */
  isDue(): boolean;
  add(fetched: FetchedPartition): void;
  /** Resolves when it is time for an insert, or when the signal is aborted. */
  untilDue(signal: AbortSignal): Promise<void>;
  /** The next records, up to one full batch. */
  take(): Batch | undefined;
  /** Waits for exactly the records of a range. Undefined when the signal was aborted before they were all there. */
  takeRange(range: OffsetRange, signal: AbortSignal): Promise<Batch | undefined>;
}

/** Makes the buffer of a partition that is read from `offset` on. */
export function createPartitionBuffer(offset: number, limits: BufferLimits): PartitionBuffer {
  let nextOffset = offset;
  let items: Item[] = [];
  let rows = 0;
  let bytes = 0;
  let firstAddedAtMs = 0;
  let awaitedOffset = -1;
  let change: PromiseWithResolvers<void> = Promise.withResolvers();

  const isFull = (): boolean => rows >= limits.rowsMax || bytes >= limits.bytesMax;
  const waitedMs = (): number => performance.now() - firstAddedAtMs;
  const isDue = (): boolean => items.length > 0 && (isFull() || waitedMs() >= limits.waitMs);

  function add(fetched: FetchedPartition): void {
    nextOffset = fetched.nextOffset;
    if (items.length === 0) firstAddedAtMs = performance.now();
    for (const record of fetched.records) {
      const item = { record, rows: rowsOf(record) };
      items.push(item);
      rows += item.rows;
      bytes += record.value.length;
    }
    change.resolve();
    change = Promise.withResolvers();
  }

  async function untilDue(signal: AbortSignal): Promise<void> {
    while (!signal.aborted && !isDue()) {
      const restMs = items.length === 0 ? undefined : limits.waitMs - waitedMs();
      await settledWithin(change.promise, restMs, signal);
    }
  }

  function take(): Batch | undefined {
    let count = 0;
    let takenRows = 0;
    let takenBytes = 0;
    for (const item of items) {
      if (takenRows >= limits.rowsMax || takenBytes >= limits.bytesMax) break;
      takenRows += item.rows;
      takenBytes += item.record.value.length;
      count += 1;
    }
    const records = remove(count);
    const [first, last] = [records[0], records.at(-1)];
    return first === undefined || last === undefined ? undefined : { first: first.offset, last: last.offset, records };
  }

  function remove(count: number): ConsumedRecord[] {
    const taken = items.slice(0, count);
    items = items.slice(count);
    for (const item of taken) {
      rows -= item.rows;
      bytes -= item.record.value.length;
    }
    // What is left came at some time after the first: its wait begins anew.
    firstAddedAtMs = performance.now();
    return taken.map(({ record }) => record);
  }

  /** A range that was begun must become whole, whatever the limits are today. An empty buffer never has to wait for others. */
  function hasRoom(bytesLeft: number): boolean {
    if (nextOffset <= awaitedOffset || items.length === 0) return true;
    return !isFull() && bytesLeft > 0;
  }

  async function takeRange(range: OffsetRange, signal: AbortSignal): Promise<Batch | undefined> {
    awaitedOffset = range.last;
    while (nextOffset <= range.last) {
      if (signal.aborted) return undefined;
      await settledWithin(change.promise, undefined, signal);
    }
    const later = items.findIndex(({ record }) => record.offset > range.last);
    return { ...range, records: remove(later === -1 ? items.length : later) };
  }

  return { nextOffset: () => nextOffset, bytes: () => bytes, hasRoom, isDue, add, untilDue, take, takeRange };
}

interface Item {
  record: ConsumedRecord;
  rows: number;
}

/** What ingest says about its record; only limits depend on it. */
function rowsOf(record: ConsumedRecord): number {
  return Math.max(1, Number(headerOf(record, 'row_count') ?? 1) || 1);
}

/** Waits for a change, at most for a time and only until the signal is aborted. */
function settledWithin(change: Promise<void>, waitMs: number | undefined, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = waitMs === undefined ? undefined : setTimeout(done, Math.max(1, waitMs));
    function done(): void {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve();
    }
    signal.addEventListener('abort', done);
    void change.then(done);
  });
}
