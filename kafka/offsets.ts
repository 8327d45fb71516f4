import { Admin, offsetCommitV8 } from '@platformatic/kafka';
import { UnmogrowpError } from '../errors.ts';
import { type KafkaConnection, clientOptions } from './connection.ts';
import { classifyKafkaError } from './errors.ts';
import { shorterLog } from './other-log.ts';

/** Where a group stands on a partition. */
export interface CommittedPosition {
  partition: number;
  /** The next one to be read. */
  offset: number;
  /** The note that was committed with it; empty when there is none. */
  note: string;
}

/** A place in a group: commits of an older generation are refused by the broker. */
export interface Member {
  memberId: string;
  generationId: number;
}

export interface Commit {
  place: Member;
  position: CommittedPosition;
  findCoordinator: () => Promise<number>;
}

interface Offsets {
  read: (partitions: readonly number[]) => Promise<CommittedPosition[]>;
  /** The identity of the topic: a topic that is deleted and made again under the same name has another one. */
  topicId: () => Promise<string>;
  commit: (commit: Commit) => Promise<void>;
  ends: () => Promise<number[]>;
  close: () => Promise<void>;
}

const EARLIEST = -2n;
const LATEST = -1n;
const LEADER_EPOCH_UNKNOWN = -1;

/** Reads and writes where a group stands on a topic, with the note that stands beside each offset. */
export function createOffsets(config: KafkaConnection & { group: string; topic: string }): Offsets {
  const { group, topic } = config;
  const admin = new Admin({ ...clientOptions(config), retries: 1, retryDelay: 100 });

  async function list(partitions: readonly number[], timestamp: bigint): Promise<Map<number, number>> {
    const wanted = partitions.map((partitionIndex) => ({ partitionIndex, timestamp }));
    const listed = await admin.listOffsets({ topics: [{ name: topic, partitions: wanted }] });
    return new Map(listed[0]?.partitions.map(({ partitionIndex, offset }) => [partitionIndex, Number(offset)]));
  }

  async function read(partitions: readonly number[]): Promise<CommittedPosition[]> {
    if (partitions.length === 0) return [];
    const groups = [{ groupId: group, topics: [{ name: topic, partitionIndexes: [...partitions] }] }];
    const [[found], earliest, ends] = await Promise.all([
      admin.listConsumerGroupOffsets({ groups }),
      list(partitions, EARLIEST),
      list(partitions, LATEST),
    ]);
    const committed = found?.topics.find(({ name }) => name === topic)?.partitions ?? [];
    return partitions.map((partition) => {
      const entry = committed.find(({ partitionIndex }) => partitionIndex === partition);
      const offset = Number(entry?.committedOffset ?? -1n);
      if (offset < 0) return { partition, offset: earliest.get(partition) ?? 0, note: '' };
      if (offset > (ends.get(partition) ?? offset)) throw shorterLog(topic, partition, offset);
      return { partition, offset, note: entry?.metadata ?? '' };
    });
  }

  async function commit({ place, position, findCoordinator }: Commit): Promise<void> {
    const { partition, offset, note } = position;
    try {
      const coordinator = await findCoordinator();
      const connection = (await admin.connectToBrokers([coordinator])).get(coordinator);
      if (connection === undefined) {
        throw new UnmogrowpError('kafka_unavailable', `Kafka: the coordinator ${coordinator} of ${group} is not there`);
      }
      const entry = { partitionIndex: partition, committedOffset: BigInt(offset), committedMetadata: note };
      const partitions = [{ ...entry, committedLeaderEpoch: LEADER_EPOCH_UNKNOWN }];
      const { generationId, memberId } = place;
      await offsetCommitV8.api.async(connection, group, generationId, memberId, null, [{ name: topic, partitions }]);
    } catch (error) {
      throw classifyKafkaError(error);
    }
  }

  async function ends(): Promise<number[]> {
    try {
      const metadata = await admin.metadata({ topics: [topic] });
      const count = metadata.topics.get(topic)?.partitionsCount ?? 0;
      const offsets = await list([...Array.from({ length: count }).keys()], LATEST);
      return Array.from({ length: count }, (_, partition) => offsets.get(partition) ?? 0);
    } catch (error) {
      throw classifyKafkaError(error);
    }
  }

  async function topicId(): Promise<string> {
    const metadata = await admin.metadata({ topics: [topic], forceUpdate: true });
    return metadata.topics.get(topic)?.id ?? topic;
  }

  return { read, topicId, commit, ends, close: () => admin.close() };
}
