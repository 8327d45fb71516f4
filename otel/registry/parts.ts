import { bounded, gauge, histogram } from './declare.ts';

const partition = bounded('partitions of the topic');
const topic = bounded('topics of events');
const disk = bounded('disks of ClickHouse');

/** What the worker finds out about the parts that say too little about themselves. With several workers each says it. */
export const PARTS_METRICS = {
  clickhouseUp: gauge({
    name: 'unmogrowp_clickhouse_up',
    help: 'Whether ClickHouse answered when it was last asked: 1 or 0.',
  }),
  clickhouseQueryDuration: histogram({
    name: 'unmogrowp_clickhouse_query_duration_seconds',
    help: 'How long ClickHouse took to answer a small question about itself.',
    unit: 'seconds',
    buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
  }),
  partitionPartsMax: gauge({
    name: 'unmogrowp_clickhouse_partition_parts_max',
    help: 'Most active parts in one partition of one of our tables; with thousands of them ClickHouse refuses inserts.',
  }),
  parts: gauge({ name: 'unmogrowp_clickhouse_parts', help: 'Active parts of our tables.' }),
  tableBytes: gauge({ name: 'unmogrowp_clickhouse_table_bytes', help: 'Bytes of our tables on disk.' }),
  mutationsUnfinished: gauge({
    name: 'unmogrowp_clickhouse_unfinished_mutations',
    help: 'Mutations of our tables that have not ended.',
  }),
  diskFree: gauge({
    name: 'unmogrowp_clickhouse_disk_free_bytes',
    help: 'Free bytes of a disk of ClickHouse.',
    labels: { disk },
  }),
  diskSize: gauge({
    name: 'unmogrowp_clickhouse_disk_total_bytes',
    help: 'Size of a disk of ClickHouse.',
    labels: { disk },
  }),
  postgresUp: gauge({
    name: 'unmogrowp_postgres_up',
    help: 'Whether PostgreSQL answered when it was last asked: 1 or 0.',
  }),
  postgresQueryDuration: histogram({
    name: 'unmogrowp_postgres_query_duration_seconds',
    help: 'How long PostgreSQL took to answer a small question about itself.',
    unit: 'seconds',
    buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5],
  }),
  postgresConnections: gauge({
    name: 'unmogrowp_postgres_connections',
    help: 'Connections to the server by what they do.',
    labels: { state: ['active', 'idle', 'other'] },
  }),
  postgresConnectionsMax: gauge({
    name: 'unmogrowp_postgres_connections_max',
    help: 'Connections that the server allows.',
  }),
  postgresBytes: gauge({ name: 'unmogrowp_postgres_database_bytes', help: 'Size of our database.' }),
  kafkaUp: gauge({
    name: 'unmogrowp_kafka_up',
    help: 'Whether a broker answered when the cluster was last asked: 1 or 0.',
  }),
  kafkaBrokers: gauge({ name: 'unmogrowp_kafka_brokers', help: 'Brokers that the cluster has.' }),
  kafkaEndOffset: gauge({
    name: 'unmogrowp_kafka_end_offset',
    help: 'Offset after the newest record of a partition: its rate is what comes in.',
    labels: { topic, partition },
  }),
  kafkaGroupLag: gauge({
    name: 'unmogrowp_kafka_group_lag_records',
    help: 'Records of a partition that no sink has committed, known also while no sink runs.',
    labels: { topic, partition },
  }),
} as const;
