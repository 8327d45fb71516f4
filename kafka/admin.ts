import { Admin, type ClusterMetadata } from '@platformatic/kafka';
import { setTimeout as wait } from 'node:timers/promises';
import { UnmogrowpError } from '../errors.ts';
import { type KafkaConnection, clientOptions } from './connection.ts';
import { classifyKafkaError, hasAnswer } from './errors.ts';
import type { Topic } from './topics.ts';

export interface KafkaAdminConfig extends KafkaConnection {
  topics: readonly Topic[];
}

export interface KafkaAdmin {
  /**
   * Makes the topics that are missing and gives their names. Throws `configuration_invalid` when one exists with another
   * number of partitions: adding some would move users to other partitions, away from their earlier events.
   */
  ensureTopics(): Promise<string[]>;
  /** The offset after the newest record of each partition. */
  endOffsets(topic: string): Promise<number[]>;
  /** The next offset that a group will read of each partition; 0 where it never committed. */
  committedOffsets(group: string, topic: string): Promise<number[]>;
  /** How many brokers the cluster has now. */
  countBrokers(): Promise<number>;
  /** Whether a broker answers now. */
  isHealthy(): Promise<boolean>;
  close(): Promise<void>;
}

const LEADERS_TIMEOUT_MS = 15_000;
const LEADERS_POLL_MS = 50;

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

  async function ensureTopics(): Promise<string[]> {
    const existing = new Set(await admin.listTopics());
    const created: string[] = [];
    for (const topic of config.topics.filter(({ name }) => !existing.has(name))) {
      if (await createTopic(admin, topic)) created.push(topic.name);
    }
    const metadata = await waitForLeaders(admin, config.topics);
    for (const topic of config.topics) refuseOtherPartitions(topic, partitionsOf(metadata, topic.name));
    return created;
  }

  async function endOffsets(topic: string): Promise<number[]> {
    const metadata = await admin.metadata({ topics: [topic], forceUpdate: true });
    const indexes = Array.from({ length: partitionsOf(metadata, topic) }, (_, partitionIndex) => partitionIndex);
    const partitions = indexes.map((partitionIndex) => ({ partitionIndex, timestamp: LATEST }));
    const listed = await admin.listOffsets({ topics: [{ name: topic, partitions }] });
    return toOffsets(indexes.length, listed[0]?.partitions ?? [], ({ offset }) => offset);
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
    ensureTopics: () => call(ensureTopics),
    endOffsets: (topic) => call(() => endOffsets(topic)),
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

const LATEST = -1n;

/** False when somebody else made it at the same time. */
async function createTopic(admin: Admin, topic: Topic): Promise<boolean> {
  try {
    await admin.createTopics({
      topics: [topic.name],
      partitions: topic.partitions,
      replicas: topic.replicas,
      configs: Object.entries(topic.settings).map(([name, value]) => ({ name, value })),
    });
    return true;
  } catch (error) {
    if (hasAnswer(error, 'TOPIC_ALREADY_EXISTS')) return false;
    throw error;
  }
}

/** A topic that was just made takes no records before each of its partitions has a leader. */
async function waitForLeaders(admin: Admin, topics: readonly Topic[]): Promise<ClusterMetadata> {
  const names = topics.map(({ name }) => name);
  const giveUpAt = performance.now() + LEADERS_TIMEOUT_MS;
  for (;;) {
    try {
      const metadata = await admin.metadata({ topics: names, forceUpdate: true });
      if (names.every((name) => hasLeaders(metadata, name))) return metadata;
    } catch (error) {
      if (performance.now() > giveUpAt) throw error;
    }
    if (performance.now() > giveUpAt) {
      throw new UnmogrowpError('kafka_unavailable', `Kafka has found no leaders for the topics ${names.join(', ')}`);
    }
    await wait(LEADERS_POLL_MS);
  }
}

function hasLeaders(metadata: ClusterMetadata, name: string): boolean {
  const partitions = metadata.topics.get(name)?.partitions ?? [];
  return partitions.length > 0 && partitions.every(({ leader }) => leader >= 0);
}

const partitionsOf = (metadata: ClusterMetadata, name: string): number =>
  metadata.topics.get(name)?.partitionsCount ?? 0;

function refuseOtherPartitions({ name, partitions }: Topic, found: number): void {
  if (found === partitions) return;
  throw new UnmogrowpError(
    'configuration_invalid',
    `The topic ${name} has ${found} partitions, and ${partitions} are configured. A user's partition is a hash modulo ` +
      `this number, so another one would split users over two partitions. Set KAFKA_EVENTS_PARTITIONS to ${found}, or ` +
      'choose another KAFKA_PREFIX.',
    { context: { topic: name, found, configured: partitions } },
  );
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
