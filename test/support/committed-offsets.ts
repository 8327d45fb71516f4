import { Admin } from '@platformatic/kafka';
import { clientOptions } from '../../kafka/connection.ts';

/** Commits offsets for a consumer group that nobody is in: a sink that has read so far. */
export interface OffsetCommitter {
  commit(groupId: string, topic: string, offsets: readonly number[]): Promise<void>;
  close(): Promise<void>;
}

/** kafkajs makes a consumer for it, which waits for an empty fetch: five seconds each time. */
export function createOffsetCommitter(brokers: readonly string[]): OffsetCommitter {
  const admin = new Admin({ ...clientOptions({ brokers, clientId: 'test' }), retries: 3, retryDelay: 200 });
  return {
    commit: (groupId, topic, offsets) =>
      admin.alterConsumerGroupOffsets({
        groupId,
        topics: [
          {
            name: topic,
            partitionOffsets: offsets.map((offset, partition) => ({ partition, offset: BigInt(offset) })),
          },
        ],
      }),
    close: () => admin.close(),
  };
}
