import type { Client } from '@temporalio/client';
import type { ClickHouse } from '../clickhouse/client.ts';
import type { KafkaAdmin } from '../kafka/admin.ts';
import type { KafkaConnection } from '../kafka/connection.ts';
import type { CreatedMetrics } from '../otel/metrics.ts';
import type { WINDOWS_METRICS } from '../otel/registry/windows.ts';
import type { PostgresPool } from '../postgres/pool.ts';

/** What the activities work with: clients and settings, built once by the worker. */
export interface ActivityDependencies {
  clickhouse: ClickHouse;
  postgres: PostgresPool;
  kafkaAdmin: Pick<KafkaAdmin, 'endOffsets' | 'committedOffsets' | 'describeLog'>;
  /** For reading single records. */
  kafka: KafkaConnection;
  temporal: Client;
  /** Where the workflows run that activities start. */
  taskQueue: string;
  /** Name of the topic of events on the cluster. */
  eventsTopic: string;
  deadLettersTopic: string;
  /** The consumer group whose committed offsets say what is in ClickHouse. */
  sinkGroup: string;
  arrivalPollMs: number;
  /** At most one reopen of a window in this time. */
  reopenIntervalMs: number;
  /** The audit compares windows with all arrivals that were judged so long ago. */
  recheckAfterMs: number;
  /** How long Kafka keeps what the ledger compares. */
  measurableMs: number;
  /** How many runs of one tenant may be under way at once. */
  tenantRunsMax: number;
  /** Stored with each run. */
  codeVersion: string;
  nowMs: () => number;
  metrics: CreatedMetrics<typeof WINDOWS_METRICS>['metrics'];
}

/** What of it is needed to measure the ledger, by the worker or by a command. */
export type LedgerParts = Pick<
  ActivityDependencies,
  'clickhouse' | 'postgres' | 'kafkaAdmin' | 'kafka' | 'eventsTopic' | 'deadLettersTopic' | 'sinkGroup' | 'nowMs'
>;
