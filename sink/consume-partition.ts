import { type UnmogrowpError, toUnmogrowpError } from '../errors.ts';
import type { CommittedPosition } from '../kafka/offsets.ts';
import type { Batch, PartitionBuffer } from './buffer.ts';
import type { SinkMetrics } from './metrics.ts';
import { begunRange, noteOf } from './range.ts';
import { untilItWorks } from './retry.ts';
import type { Slots } from './slots.ts';
import type { StoreBatch } from './store-batch.ts';

export interface PartitionWork {
  position: CommittedPosition;
  topicId: string;
  buffer: PartitionBuffer;
  commit: (position: CommittedPosition) => Promise<void>;
  storeBatch: StoreBatch;
  slots: Slots;
  metrics: SinkMetrics;
  retryWaitMsMax: number;
  onError: (error: UnmogrowpError, partition: number) => void;
  onCommitted: (partition: number, offset: number) => void;
  /** Ends the work after the range that is under way. */
  stop: AbortSignal;
  /** Ends it at once: the range stays begun, and whoever has the partition next repeats it. */
  abort: AbortSignal;
}

/**
 * Stores one partition, range after range, until it is told to stop or the group has given it to somebody else. Before a
 * range is inserted it is written beside the committed offset. So whoever comes next, after whatever end, inserts exactly
 * the same rows under the same token, which changes nothing if they are there already.
 */
export async function consumePartition(work: PartitionWork): Promise<void> {
  const { buffer, slots, stop, abort } = work;
  const { partition } = work.position;
  let begun = await repeatBegun(work);
  let isRepeated = begun !== undefined;
  while (begun !== undefined || !stop.aborted) {
    if (begun === undefined) {
      begun = await beginNext(work);
      continue;
    }
    const { last }: Batch = begun;
    try {
      await work.storeBatch({ topicId: work.topicId, partition }, begun, { isRepeated, signal: abort });
    } finally {
      slots.release();
    }
    isRepeated = false;
    // While more is waiting, one commit ends a range and begins the next.
    begun = !stop.aborted && buffer.isDue() && slots.tryAcquire() ? buffer.take() : undefined;
    await commitOrRelease(work, { partition, offset: last + 1, note: begun === undefined ? '' : noteOf(begun) }, begun);
    work.onCommitted(partition, last + 1);
  }
}

/** The range that was begun before this process had the partition, with a slot to store it. */
async function repeatBegun({ position, buffer, slots, metrics, stop }: PartitionWork): Promise<Batch | undefined> {
  const range = begunRange(position.offset, position.note);
  if (range === undefined) return undefined;
  const batch = await buffer.takeRange(range, stop);
  if (batch === undefined || !(await slots.acquire(stop))) return undefined;
  metrics.rangeRepeats.inc();
  return batch;
}

/** Waits until it is time for an insert, and begins its range; holds a slot if it gives one. */
async function beginNext(work: PartitionWork): Promise<Batch | undefined> {
  const { buffer, slots, stop, position } = work;
  await buffer.untilDue(stop);
  if (stop.aborted || !(await slots.acquire(stop))) return undefined;
  const batch = buffer.take();
  if (batch === undefined) {
    slots.release();
    return undefined;
  }
  await commitOrRelease(work, { partition: position.partition, offset: batch.first, note: noteOf(batch) }, batch);
  return batch;
}

/** Commits however often it has to be tried; a slot that is held for `batch` is given back when that fails for ever. */
async function commitOrRelease(work: PartitionWork, position: CommittedPosition, batch?: Batch): Promise<void> {
  const { commit, metrics, retryWaitMsMax, onError, abort, slots } = work;
  try {
    await untilItWorks(
      {
        waitMsMax: retryWaitMsMax,
        signal: abort,
        isFinal: ({ code }) => code === 'kafka_fenced',
        onRetry: (error) => {
          metrics.retries.inc({ code: error.code });
          onError(error, position.partition);
        },
      },
      () => commit(position),
    );
  } catch (error) {
    if (batch !== undefined) slots.release();
    throw error;
  }
}

/** Whether an error only says that the partition is somebody else's now, or that the work was ended. */
export function isEndOfWork(thrown: unknown): boolean {
  const { code } = toUnmogrowpError(thrown);
  return code === 'kafka_fenced' || code === 'interrupted';
}
