import {
  type Admin,
  type ClusterMetadata,
  ConfigResourceTypes,
  IncrementalAlterConfigOperationTypes,
} from '@platformatic/kafka';
import { setTimeout as wait } from 'node:timers/promises';
import { UnmogrowpError } from '../errors.ts';
import { hasAnswer } from './errors.ts';
import type { Topic } from './topics.ts';

const LEADERS_TIMEOUT_MS = 15_000;
const LEADERS_POLL_MS = 50;

/** Makes the topics as they have to be; see `KafkaAdmin`. Gives the names of those that were made or changed. */
export async function ensureTopics(admin: Admin, topics: readonly Topic[]): Promise<string[]> {
  const existing = new Set(await admin.listTopics());
  const created: string[] = [];
  for (const topic of topics.filter(({ name }) => !existing.has(name))) {
    if (await createTopic(admin, topic)) created.push(topic.name);
  }
  const metadata = await waitForLeaders(admin, topics);
  for (const topic of topics) refuseOtherPartitions(topic, partitionsOf(metadata, topic.name));
  const changed = await keepAsLong(
    admin,
    topics.filter(({ name }) => existing.has(name)),
  );
  return [...created, ...changed];
}

/** What decides how long records are kept. */
const RETENTIONS = ['retention.ms', 'retention.bytes', 'segment.bytes'] as const;

/**
 * Gives topics the retention that is declared. Nothing else of them is changed: a topic that was made with fewer replicas
 * would take no records any more if more of them had to answer.
 */
async function keepAsLong(admin: Admin, topics: readonly Topic[]): Promise<string[]> {
  if (topics.length === 0) return [];
  const resourceType = ConfigResourceTypes.TOPIC;
  const found = await admin.describeConfigs({
    resources: topics.map(({ name }) => ({
      resourceType,
      resourceName: name,
      configurationKeys: [...RETENTIONS],
    })),
  });
  const settingsOf = new Map(
    found.map(({ resourceName, configs }) => [resourceName, new Map(configs.map(({ name, value }) => [name, value]))]),
  );
  const isOther = (topic: Topic, name: string): boolean =>
    topic.settings[name] !== undefined && settingsOf.get(topic.name)?.get(name) !== topic.settings[name];
  const others = topics.filter((topic) => RETENTIONS.some((name) => isOther(topic, name)));
  if (others.length === 0) return [];
  await admin.incrementalAlterConfigs({
    resources: others.map((topic) => ({
      resourceType,
      resourceName: topic.name,
      configs: RETENTIONS.filter((name) => isOther(topic, name)).map((name) => ({
        name,
        configOperation: IncrementalAlterConfigOperationTypes.SET,
        value: topic.settings[name] ?? '',
      })),
    })),
  });
  return others.map(({ name }) => name);
}

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

/** How many partitions a topic has; 0 when it is not there. */
export const partitionsOf = (metadata: ClusterMetadata, name: string): number =>
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
