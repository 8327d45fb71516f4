import { Admin } from '@platformatic/kafka';
import { UnmogrowpError } from '../errors.ts';
import { type KafkaConnection, clientOptions } from './connection.ts';
import { ensureTopics, partitionsOf } from './ensure-topics.ts';
import { classifyKafkaError } from './errors.ts';
import type { Topic } from './topics.ts';

export interface KafkaAdminConfig extends KafkaConnection {
  topics: readonly Topic[];
}

/** What a topic holds. */
export interface TopicLog {
  /** A topic that was deleted and made anew is another one. */
  topicId: string;
  starts: number[];
  ends: number[];
}

export interface KafkaAdmin {
  /**
   * Makes the topics that are missing, and keeps the records of those that exist for as long as it is configured now; gives
   * the names of both. Throws `configuration_invalid` when one exists with another number of partitions: adding some
   * would move users to other partitions, away from their earlier events.
   */
  ensureTopics(): Promise<string[]>;
  /** The offset after the newest record of each partition. */
  endOffsets(topic: string): Promise<number[]>;
  /** A topic as it lies there now: which one it is, and of each partition the first offset and the one after the last. */
  describeLog(topic: string): Promise<TopicLog>;
  /** The next offset that a group will read of each partition; 0 where it never committed. */
  committedOffsets(group: string, topic: string): Promise<number[]>;
  /** How many brokers the cluster has now. */
  countBrokers(): Promise<number>;
  /** Whether a broker answers now. */
  isHealthy(): Promise<boolean>;
  close(): Promise<void>;
}

const EARLIEST = -2n;
const LATEST = -1n;

/** Makes the administration client of one process. Nothing is opened before the first call. */
export function createKafkaAdmin(config: KafkaAdminConfig): KafkaAdmin {
  const admin = new Admin({ ...clientOptions(config), retries: 3, retryDelay: 200 });

  async function call<Result>(operation: () => Promise<Result>): Promise<Result> {
    try {
      return await operation();
    } catch (error) {
      throw classifyKafkaError(error);
    }
  }

  async function listOffsets(topic: string, count: number, timestamp: bigint): Promise<number[]> {
    const partitions = Array.from({ length: count }, (_, partitionIndex) => ({ partitionIndex, timestamp }));
    const [listed] = await admin.listOffsets({ topics: [{ name: topic, partitions }] });
    // An end that is not known must not become 0: a window would be closed before its data is there.
    if (listed?.partitions.length !== count) {
      throw new UnmogrowpError('kafka_unavailable', `Kafka has not told the offsets of all partitions of ${topic}`);
    }
    return toOffsets(count, listed.partitions, ({ offset }) => offset);
  }

  async function endOffsets(topic: string): Promise<number[]> {
    const metadata = await admin.metadata({ topics: [topic], forceUpdate: true });
    return listOffsets(topic, partitionsOf(metadata, topic), LATEST);
  }

  async function describeLog(topic: string): Promise<TopicLog> {
    const metadata = await admin.metadata({ topics: [topic], forceUpdate: true });
    const count = partitionsOf(metadata, topic);
    const [starts, ends] = await Promise.all([listOffsets(topic, count, EARLIEST), listOffsets(topic, count, LATEST)]);
    return { topicId: metadata.topics.get(topic)?.id ?? '', starts, ends };
  }

  async function committedOffsets(group: string, topic: string): Promise<number[]> {
    const metadata = await admin.metadata({ topics: [topic], forceUpdate: true });
    const indexes = Array.from({ length: partitionsOf(metadata, topic) }, (_, partitionIndex) => partitionIndex);
    const groups = [{ groupId: group, topics: [{ name: topic, partitionIndexes: indexes }] }];
    const [found] = await admin.listConsumerGroupOffsets({ groups });
    const partitions = found?.topics.find(({ name }) => name === topic)?.partitions ?? [];
    return toOffsets(indexes.length, partitions, ({ committedOffset }) => committedOffset);
  }

  const countBrokers = async (): Promise<number> =>
    (await admin.metadata({ topics: [], forceUpdate: true })).brokers.size;

  return {
    ensureTopics: () => call(() => ensureTopics(admin, config.topics)),
    endOffsets: (topic) => call(() => endOffsets(topic)),
    describeLog: (topic) => call(() => describeLog(topic)),
    committedOffsets: (group, topic) => call(() => committedOffsets(group, topic)),
    countBrokers: () => call(countBrokers),
    isHealthy: () =>
      countBrokers().then(
        (brokers) => brokers > 0,
        () => false,
      ),
    close: () => admin.close(),
  };
}

function toOffsets<Partition extends { partitionIndex: number }>(
  count: number,
  partitions: readonly Partition[],
  offsetOf: (partition: Partition) => bigint,
): number[] {
  const offsets = Array.from({ length: count }, () => 0);
  for (const partition of partitions) offsets[partition.partitionIndex] = Math.max(0, Number(offsetOf(partition)));
  return offsets;
}
