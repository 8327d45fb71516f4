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
  deadLetters: {
    retentionMs: number;
    /** The oldest are deleted beyond it. */
    bytesMax: number;
  };
}

/** Kafka deletes whole segments, so they must be small beside the bound that they keep. */
const SEGMENTS_PER_BOUND = 8;
const SEGMENT_BYTES_MAX = 1_073_741_824;

/** The largest record that brokers take by default, and the headers with which it is buried. */
const DEAD_LETTERS_BYTES_MAX = 1_048_588 + 65_536;

/** With three replicas one may be away; with fewer, none could be if two had to answer. */
const inSyncReplicasMin = (replicas: number): number => Math.max(1, Math.min(2, replicas - 1));

/** All topics with their partitions, retention and clean-up. */
export function planTopics(settings: TopicSettings): Topic[] {
  const { prefix, partitions, retentionMs, replicationFactor: replicas, deadLetters } = settings;
  const common = { 'cleanup.policy': 'delete', 'min.insync.replicas': String(inSyncReplicasMin(replicas)) };
  return [
    {
      name: topicName(prefix, 'events'),
      partitions,
      replicas,
      settings: { ...common, 'retention.ms': String(retentionMs) },
    },
    {
      name: topicName(prefix, 'dead-letters'),
      partitions: 1,
      replicas,
      settings: {
        ...common,
        'retention.ms': String(deadLetters.retentionMs),
        'retention.bytes': String(deadLetters.bytesMax),
        'segment.bytes': String(Math.min(SEGMENT_BYTES_MAX, Math.floor(deadLetters.bytesMax / SEGMENTS_PER_BOUND))),
        'max.message.bytes': String(DEAD_LETTERS_BYTES_MAX),
      },
    },
  ];
}

/** A topic's name on the cluster. */
export const topicName = (prefix: string, name: TopicName): string => `${prefix}${name}`;

/** The consumer group of the sinks: its committed offsets say what is in ClickHouse. */
export const sinkGroup = (prefix: string): string => `${prefix}sink`;
