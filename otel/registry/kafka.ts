import { bounded, gauge } from './declare.ts';

/** What a process that reads Kafka knows about it. */
export const KAFKA_METRICS = {
  consumerLag: gauge({
    name: 'unmogrowp_kafka_consumer_lag_records',
    help: 'Records of a partition that are on Kafka and not committed by the sink; shown by the sink that has the partition.',
    labels: { topic: bounded('topics that are read'), partition: bounded('partitions of the topic') },
  }),
  consumerPartitions: gauge({
    name: 'unmogrowp_kafka_consumer_partitions',
    help: 'Partitions that the group has given to this process.',
  }),
  consumerGenerations: gauge({
    name: 'unmogrowp_kafka_consumer_generation',
    help: 'Generation of the group in which this process got its partitions; each rebalance adds one.',
  }),
} as const;
