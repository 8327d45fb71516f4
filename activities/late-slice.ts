import type { RunTurn } from '../postgres/run-turns.ts';
import type { Tenant } from '../postgres/tenants.ts';
import type { ExaminedPartition } from '../postgres/touched-windows.ts';
import type { SliceParameters, listArrivals } from './late-queries.ts';
import type { LateWindowRows } from './late-windows.ts';

/** A piece of one partition of the log: from the first offset to before the last. */
export interface OffsetRange {
  partition: number;
  from: number;
  until: number;
}

/**
 * What is examined next: of each partition what the sink has committed since, at most `recordsMax` records of all of them
 * together. A partition that was never examined begins with the oldest of its rows that is still known.
 */
export function nextRanges(log: {
  committed: readonly number[];
  examined: readonly ExaminedPartition[];
  first: readonly { partition: number; offset: number }[];
  recordsMax: number;
}): OffsetRange[] {
  const { committed, examined, first, recordsMax } = log;
  const waiting = committed
    .map((until, partition): OffsetRange => {
      const known = examined.find((entry) => entry.partition === partition)?.next_offset;
      const oldest = first.find((entry) => entry.partition === partition)?.offset;
      return { partition, from: Math.min(until, known ?? oldest ?? until), until };
    })
    // One without rows is examined as well: later its rows are not the oldest any more.
    .filter(({ partition, from, until }) => from < until || !examined.some((entry) => entry.partition === partition));
  const share = Math.max(1, Math.floor(recordsMax / Math.max(1, waiting.length)));
  return waiting.map(({ partition, from, until }) => ({ partition, from, until: Math.min(until, from + share) }));
}

/** How the queries take a slice. */
export const sliceParameters = (topic: string, ranges: readonly OffsetRange[]): SliceParameters => ({
  topic,
  partitions: ranges.map(({ partition }) => partition),
  offsetsFrom: ranges.map(({ from }) => from),
  offsetsUntil: ranges.map(({ until }) => until),
});

type Arrival = Awaited<ReturnType<typeof listArrivals>>[number];

/** A slice of the log with what is known of it. */
export interface ExaminedSlice {
  slice: SliceParameters;
  /** Of all tenants. */
  arrivals: readonly Arrival[];
  /** Windows whose run was under way before anything else was asked. */
  running: readonly RunTurn[];
  tenants: readonly Tenant[];
  /** How many the topic has. */
  partitions: number;
  signal: AbortSignal;
}

/** A window that rows of the slice concern, with what is known of both. */
export interface ConcernedWindow extends LateWindowRows {
  tenantId: string;
  windowStartMs: number;
}

/** Windows in one question to ClickHouse: parameters travel in the address of the request. */
export const WINDOWS_AT_ONCE = 500;
