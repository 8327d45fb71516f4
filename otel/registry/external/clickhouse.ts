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
  memoryUsed: gauge('MemoryTracking', 'Bytes of memory that the server accounts for.'),
  inserts: counter('InsertQuery', 'INSERTs that were begun.'),
  queriesFailed: counter('FailedQuery', 'Queries that failed.'),
  insertTime: counter('InsertQueryTimeMicroseconds', 'Time of all INSERTs in microseconds.'),
  insertsDelayed: counter('DelayedInserts', 'Inserts that were slowed down because a partition had too many parts.'),
  insertsRejected: counter('RejectedInserts', 'Inserts that were refused because a partition had too many parts.'),
} as const;
