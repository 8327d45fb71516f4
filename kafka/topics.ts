/** The topics of the platform: everything that lies on Kafka is declared here. */
export type TopicName = 'events' | 'dead-letters';

/** A topic as it has to be. */
export interface Topic {
  name: string;
  partitions: number;
  replicas: number;
  /** The broker's settings of the topic. */
  settings: Readonly<Record<string, string>>;
}

export interface TopicSettings {
  /** Put before every name, so that several installations can share one cluster. */
  prefix: string;
  /** Of `events`. Never changed afterwards: the partition of a user is a hash modulo this number. */
  partitions: number;
  retentionMs: number;
  replicationFactor: number;
}

/** Somebody has to look at a dead letter, and may be on holiday. */
const DEAD_LETTERS_RETENTION_MS = 30 * 86_400_000;

/** With three replicas one may be away; with fewer, none could be if two had to answer. */
const inSyncReplicasMin = (replicas: number): number => Math.max(1, Math.min(2, replicas - 1));

/** All topics with their partitions, retention and clean-up. */
export function planTopics(settings: TopicSettings): Topic[] {
  const { prefix, partitions, retentionMs, replicationFactor: replicas } = settings;
  const topic = (name: TopicName, count: number, retention: number): Topic => ({
    name: topicName(prefix, name),
    partitions: count,
    replicas,
    settings: {
      'cleanup.policy': 'delete',
      'retention.ms': String(retention),
      'min.insync.replicas': String(inSyncReplicasMin(replicas)),
    },
  });
  return [topic('events', partitions, retentionMs), topic('dead-letters', 1, DEAD_LETTERS_RETENTION_MS)];
}

/** A topic's name on the cluster. */
export const topicName = (prefix: string, name: TopicName): string => `${prefix}${name}`;

/** The consumer group of the sinks: its committed offsets say what is in ClickHouse. */
export const sinkGroup = (prefix: string): string => `${prefix}sink`;
