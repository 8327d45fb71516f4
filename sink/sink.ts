import { setMaxListeners } from 'node:events';
import { type UnmogrowpError, toUnmogrowpError } from '../errors.ts';
import { type Assignment, type GroupConsumerConfig, consumeAsGroup } from '../kafka/consumer.ts';
import type { FetchedPartition } from '../kafka/fetcher.ts';
import { pause } from '../kafka/pause.ts';
import { type BufferLimits, type PartitionBuffer, createPartitionBuffer } from './buffer.ts';
import { consumePartition, isEndOfWork } from './consume-partition.ts';
import type { SinkMetrics } from './metrics.ts';
import { type Slots, createSlots } from './slots.ts';
import type { StoreBatch } from './store-batch.ts';

export interface SinkOptions {
  consumer: Omit<GroupConsumerConfig, 'fetch' | 'onError'>;
  storeBatch: StoreBatch;
  limits: BufferLimits;
  retryWaitMsMax: number;
  metrics: SinkMetrics;
  onError: (error: UnmogrowpError, partition?: number) => void;
  /** Told about each change of the partitions that this process has. */
  onAssignment: (facts: { generation: number; partitions: number[]; begun: number }) => void;
  /** Told about what must not happen: the process has to end, and another one begins where it stood. */
  onBug: (error: UnmogrowpError) => void;
}

export interface Sink {
  /** Whether it has its place in the group, reads from Kafka, and nothing waits for something that failed. */
  isHealthy: () => boolean;
  /** Writes how far each partition lies behind into the metrics. */
  measureLag: () => Promise<void>;
  /** Finishes the ranges that are under way, then leaves the group. */
  stop: () => Promise<void>;
}

/** Two inserts keep two cores of ClickHouse busy, and a third is ready when one of them ends. */
const INSERTS_AT_ONCE = 3;
/** Of all partitions together; what is being inserted comes on top. */
const BUFFERED_BYTES_MAX = 134_217_728;
const FETCH = { waitMs: 250, bytesMax: 16_777_216, bytesPerPartitionMax: 2_097_152 };
/** A read that brought little is followed by a rest, so that a trickle costs a few reads a second and not hundreds. */
const SMALL_FETCH_RECORDS = 200;
const REST_MS = 25;
const FAILED_REST_MS = 500;
/** How long a range may go on after the end was asked for; then it is left for the next one to repeat. */
const FINISH_MS = 8_000;

/** Moves everything from the topic into ClickHouse, together with the other sinks of the group, until it is stopped. */
export function startSink(options: SinkOptions): Sink {
  const { metrics, onError } = options;
  const slots = createSlots(INSERTS_AT_ONCE);
  const committed = new Map<number, number>();
  const state: ReadingState = { isFailing: false };
  const consumer = consumeAsGroup({ ...options.consumer, fetch: FETCH, onError }, (assignment, signal) =>
    workOn({ assignment, signal, options, slots, committed, state }),
  );
  return {
    isHealthy: () => consumer.isJoined() && !state.isFailing && metrics.blockedCount() === 0,
    measureLag: async () => {
      if (committed.size === 0) return;
      const ends = await consumer.endOffsets();
      for (const [partition, offset] of committed) {
        const labels = { topic: options.consumer.topic, partition: String(partition) };
        metrics.consumerLag.set(labels, Math.max(0, (ends[partition] ?? offset) - offset));
      }
    },
    stop: () => consumer.close(),
  };
}

interface AssignmentWork {
  assignment: Assignment;
  signal: AbortSignal;
  options: SinkOptions;
  slots: Slots;
  committed: Map<number, number>;
  state: ReadingState;
}

async function workOn({ assignment, signal, options, ...shared }: AssignmentWork): Promise<void> {
  const { metrics, onError, limits, retryWaitMsMax, storeBatch } = options;
  const { slots, committed, state } = shared;
  const { positions, topicId, fetch, commit } = assignment;
  report(options, assignment);
  const finish = new AbortController();
  // Every partition listens to both.
  setMaxListeners(0, signal, finish.signal);
  const buffers = new Map(
    positions.map(({ partition, offset }) => [partition, createPartitionBuffer(offset, limits)] as const),
  );
  const onCommitted = (partition: number, offset: number): void => void committed.set(partition, offset);
  const consuming = positions.map(async (position) => {
    const buffer = buffers.get(position.partition) as PartitionBuffer;
    onCommitted(position.partition, position.offset);
    const tools = { topicId, buffer, commit, storeBatch, slots, metrics, retryWaitMsMax, onError, onCommitted };
    try {
      await consumePartition({ position, ...tools, stop: signal, abort: finish.signal });
    } catch (error) {
      if (!isEndOfWork(error)) options.onBug(toUnmogrowpError(error));
    }
  });
  const reading = readInto({ buffers, fetch, signal, options, state });
  const stopWaiting = afterAbort(signal, FINISH_MS, () => finish.abort());
  await Promise.all([...consuming, reading]);
  stopWaiting();
  forget(options, committed);
}

function report({ metrics, onAssignment }: SinkOptions, { generation, positions }: Assignment): void {
  metrics.consumerGenerations.set(generation);
  metrics.consumerPartitions.set(positions.length);
  for (const { partition } of positions) metrics.expiredRecords.inc({ partition: String(partition) }, 0);
  const begun = positions.filter(({ note }) => note !== '').length;
  onAssignment({ generation, partitions: positions.map(({ partition }) => partition), begun });
}

/** A partition of somebody else has no lag that this process knows: 0 would say that all of it is stored. */
function forget({ metrics, consumer }: SinkOptions, committed: Map<number, number>): void {
  for (const partition of committed.keys()) {
    metrics.consumerLag.remove({ topic: consumer.topic, partition: String(partition) });
  }
  committed.clear();
  metrics.consumerPartitions.set(0);
}

/** Whether the last attempt to read failed. */
interface ReadingState {
  isFailing: boolean;
}

interface Reading {
  buffers: ReadonlyMap<number, PartitionBuffer>;
  fetch: Assignment['fetch'];
  signal: AbortSignal;
  options: SinkOptions;
  state: ReadingState;
}

/** Reads whatever has room, until the signal is aborted. */
async function readInto({ buffers, fetch, signal, options, state }: Reading): Promise<void> {
  state.isFailing = false;
  while (!signal.aborted) {
    const from = roomyPartitions(buffers);
    if (from.length === 0) {
      await pause(REST_MS, signal);
      continue;
    }
    try {
      const fetched = await fetch(from);
      state.isFailing = false;
      let records = 0;
      for (const partition of fetched) {
        noteExpired(partition, buffers, options);
        buffers.get(partition.partition)?.add(partition);
        records += partition.records.length;
      }
      if (records < SMALL_FETCH_RECORDS) await pause(REST_MS, signal);
    } catch (error) {
      state.isFailing = true;
      options.onError(toUnmogrowpError(error));
      await pause(FAILED_REST_MS, signal);
    }
  }
}

/** Partitions that may be read on. */
function roomyPartitions(buffers: ReadonlyMap<number, PartitionBuffer>): { partition: number; offset: number }[] {
  let bytesLeft = BUFFERED_BYTES_MAX;
  for (const buffer of buffers.values()) bytesLeft -= buffer.bytes();
  return [...buffers]
    .filter(([, buffer]) => buffer.hasRoom(bytesLeft))
    .map(([partition, buffer]) => ({ partition, offset: buffer.nextOffset() }));
}

function noteExpired(
  { partition, earliestOffset }: FetchedPartition,
  buffers: ReadonlyMap<number, PartitionBuffer>,
  { metrics }: SinkOptions,
): void {
  const wanted = buffers.get(partition)?.nextOffset() ?? 0;
  if (earliestOffset === undefined || earliestOffset <= wanted) return;
  metrics.expiredRecords.inc({ partition: String(partition) }, earliestOffset - wanted);
}

/** Calls a function some time after the signal was aborted, unless that is called off before. */
function afterAbort(signal: AbortSignal, milliseconds: number, call: () => void): () => void {
  let timer: NodeJS.Timeout | undefined;
  const start = (): void => {
    timer = setTimeout(call, milliseconds);
  };
  if (signal.aborted) start();
  else signal.addEventListener('abort', start, { once: true });
  return () => clearTimeout(timer);
}
