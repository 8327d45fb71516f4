import { Consumer, IS_CONTROL, type RecordsBatch, type fetchV17 } from '@platformatic/kafka';
import { type KafkaConnection, clientOptions } from './connection.ts';
import { classifyKafkaError } from './errors.ts';
import { otherTopic, shorterLog } from './other-log.ts';

/** A record as it was read; the bytes are not copied. */
export interface ConsumedRecord {
  offset: number;
  /** When the producer sent it, in epoch milliseconds. */
  timestampMs: number;
  value: Buffer;
  headers: readonly (readonly [Buffer | null, Buffer | null])[];
}

export interface FetchedPartition {
  partition: number;
  records: ConsumedRecord[];
  /** Where to read on. */
  nextOffset: number;
  /** The offset after the newest record. */
  endOffset: number;
  /** The first offset that is still there, when the wanted one is not any more (the retention has deleted it). */
  earliestOffset?: number;
}

export interface FetchLimits {
  /** How long the broker waits for the first byte. */
  waitMs: number;
  bytesMax: number;
  bytesPerPartitionMax: number;
}

interface Fetcher {
  /** Throws `configuration_invalid` when the log is another one than the positions belong to. */
  fetch: (from: readonly Position[], expected?: { topicId: string }) => Promise<FetchedPartition[]>;
  close: () => Promise<void>;
}

/** From where on a partition is read. */
export interface Position {
  partition: number;
  offset: number;
}

const OFFSET_OUT_OF_RANGE = 1;
const UNKNOWN_EPOCH = -1;
const EARLIEST = -2n;

/** Reads records at given offsets, on connections of its own: a broker answers one question of a connection at a time. */
export function createFetcher(connection: KafkaConnection, topic: string, limits: FetchLimits): Fetcher {
  const client = new Consumer({
    ...clientOptions(connection),
    // The group is the member's business: this client only reads.
    groupId: connection.clientId,
    minBytes: 1,
    maxBytes: limits.bytesMax,
    maxWaitTime: limits.waitMs,
    retries: 0,
  });
  client.topics.track(topic);

  async function fetch(from: readonly Position[], expected?: { topicId: string }): Promise<FetchedPartition[]> {
    try {
      const metadata = await client.metadata({ topics: [topic] });
      const { id = '', partitions = [] } = metadata.topics.get(topic) ?? {};
      if (expected !== undefined && id !== expected.topicId) throw otherTopic(topic);
      const byLeader = Map.groupBy(from, ({ partition }) => partitions[partition]?.leader ?? 0);
      const answers = await Promise.all([...byLeader].map(([node, positions]) => ask(node, id, positions)));
      return answers.flat();
    } catch (error) {
      throw classifyKafkaError(error);
    }
  }

  async function ask(node: number, topicId: string, positions: readonly Position[]): Promise<FetchedPartition[]> {
    const partitions = positions.map(({ partition, offset }) => ({
      partition,
      fetchOffset: BigInt(offset),
      partitionMaxBytes: limits.bytesPerPartitionMax,
      currentLeaderEpoch: UNKNOWN_EPOCH,
      lastFetchedEpoch: UNKNOWN_EPOCH,
    }));
    const response = await client.fetch({ node, topics: [{ topicId, partitions }] }).catch(onlyOutOfRange);
    const wanted = new Map(positions.map(({ partition, offset }) => [partition, offset]));
    const fetched: FetchedPartition[] = [];
    for (const entry of response.responses.flatMap((answer) => answer.partitions)) {
      const offset = wanted.get(entry.partitionIndex);
      if (offset === undefined) continue;
      const isOut = entry.errorCode === OFFSET_OUT_OF_RANGE;
      fetched.push(isOut ? await skipDeleted(entry.partitionIndex, offset) : toFetched(entry, offset));
    }
    return fetched;
  }

  /** The answer of the broker does not say where the log begins now. */
  async function skipDeleted(partition: number, wantedOffset: number): Promise<FetchedPartition> {
    const found = await client.listOffsets({
      topics: [topic],
      partitions: { [topic]: [partition] },
      timestamp: EARLIEST,
    });
    const earliestOffset = Number(found.get(topic)?.[partition] ?? 0n);
    if (earliestOffset <= wantedOffset) throw shorterLog(topic, partition, wantedOffset);
    return { partition, records: [], nextOffset: earliestOffset, endOffset: earliestOffset, earliestOffset };
  }

  return { fetch, close: () => client.close(true) };
}

/** The answer behind an error that is nothing but deleted records; they must not keep the other partitions back. */
function onlyOutOfRange(error: unknown): fetchV17.FetchResponse {
  const { response } = error as { response?: fetchV17.FetchResponse };
  const codes = response?.responses.flatMap(({ partitions }) => partitions.map(({ errorCode }) => errorCode)) ?? [];
  const isKnown =
    codes.includes(OFFSET_OUT_OF_RANGE) && codes.every((code) => code === 0 || code === OFFSET_OUT_OF_RANGE);
  if (response === undefined || !isKnown) throw error;
  return response;
}

function toFetched(entry: fetchV17.FetchResponsePartition, wantedOffset: number): FetchedPartition {
  const fetched: FetchedPartition = {
    partition: entry.partitionIndex,
    records: [],
    nextOffset: wantedOffset,
    endOffset: Number(entry.highWatermark),
  };
  for (const batch of entry.records ?? []) {
    addRecords(fetched.records, batch, wantedOffset);
    fetched.nextOffset = Math.max(fetched.nextOffset, Number(batch.firstOffset) + batch.lastOffsetDelta + 1);
  }
  return fetched;
}

/** A batch is stored as one: when reading begins in its middle, its first records are none of ours. */
function addRecords(records: ConsumedRecord[], batch: RecordsBatch, wantedOffset: number): void {
  if ((batch.attributes & IS_CONTROL) !== 0) return;
  const firstOffset = Number(batch.firstOffset);
  const firstTimestampMs = Number(batch.firstTimestamp);
  for (const record of batch.records) {
    const offset = firstOffset + record.offsetDelta;
    if (offset < wantedOffset) continue;
    const timestampMs = firstTimestampMs + Number(record.timestampDelta);
    records.push({ offset, timestampMs, value: record.value ?? EMPTY, headers: record.headers });
  }
}

const EMPTY = Buffer.alloc(0);

/** The value of a record's header, or undefined. */
export function headerOf(record: ConsumedRecord, name: string): string | undefined {
  for (const [key, value] of record.headers) {
    if (key !== null && key.length === name.length && key.toString('latin1') === name) return value?.toString() ?? '';
  }
  return undefined;
}
