import { external } from '../declare.ts';

const source = 'clickhouse';
const gauge = (name: string, help: string) =>
  external({ source, name: `ClickHouseMetrics_${name}`, kind: 'gauge', help });
const counter = (name: string, help: string) =>
  external({ source, name: `ClickHouseProfileEvents_${name}`, kind: 'counter', help });

/** What ClickHouse says about itself on its own `/metrics`; what it lacks there is measured by the worker. */
export const CLICKHOUSE_SERVER = {
  queriesRunning: gauge('Query', 'Queries that run now.'),
  mergesRunning: gauge('Merge', 'Merges that run now.'),
  mutationsRunning: gauge('PartMutation', 'Mutations of parts that run now.'),
  mergePoolTasks: gauge('BackgroundMergesAndMutationsPoolTask', 'Merges and mutations that have a thread.'),
  mergePoolSize: gauge('BackgroundMergesAndMutationsPoolSize', 'Most merges and mutations at once.'),
  memoryUsed: gauge('MemoryTracking', 'Bytes of memory that the server accounts for.'),
  partsActive: gauge('PartsActive', 'Parts that queries read.'),
  insertsWaiting: gauge('DelayedInserts', 'Inserts that wait now because a partition has too many parts.'),
  connections: gauge('HTTPConnection', 'Open HTTP connections.'),
  replicasReadOnly: gauge('ReadonlyReplica', 'Replicated tables that take no writes, for want of their keeper.'),
  queries: counter('Query', 'Queries that were begun.'),
  selects: counter('SelectQuery', 'SELECTs that were begun.'),
  inserts: counter('InsertQuery', 'INSERTs that were begun.'),
  queriesFailed: counter('FailedQuery', 'Queries that failed.'),
  selectsFailed: counter('FailedSelectQuery', 'SELECTs that failed.'),
  insertsFailed: counter('FailedInsertQuery', 'INSERTs that failed.'),
  queryTime: counter('QueryTimeMicroseconds', 'Time of all queries in microseconds.'),
  selectTime: counter('SelectQueryTimeMicroseconds', 'Time of all SELECTs in microseconds.'),
  insertTime: counter('InsertQueryTimeMicroseconds', 'Time of all INSERTs in microseconds.'),
  rowsInserted: counter('InsertedRows', 'Rows that were inserted, into tables and into views below them.'),
  bytesInserted: counter('InsertedBytes', 'Bytes of the rows that were inserted, uncompressed.'),
  rowsRead: counter('SelectedRows', 'Rows that queries read.'),
  bytesRead: counter('SelectedBytes', 'Bytes that queries read, uncompressed.'),
  insertsDelayed: counter('DelayedInserts', 'Inserts that were slowed down because a partition had too many parts.'),
  insertsRejected: counter('RejectedInserts', 'Inserts that were refused because a partition had too many parts.'),
  blocksDeduplicated: counter(
    'DuplicatedInsertedBlocks',
    'Inserted blocks that were there already and were not taken again.',
  ),
  memoryLimitHits: counter('QueryMemoryLimitExceeded', 'Queries that were ended because they wanted too much memory.'),
  merges: counter('Merge', 'Merges that were begun.'),
  rowsMerged: counter('MergedRows', 'Rows that merges read.'),
  mergeTime: counter('MergeTotalMilliseconds', 'Time of all merges in milliseconds.'),
  processorTime: counter('OSCPUVirtualTimeMicroseconds', 'Processor time of all queries and merges in microseconds.'),
} as const;
