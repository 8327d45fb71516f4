import { createActivities } from '../../activities/create-activities.ts';
import { kafkaConnection } from '../../bin/kafka-connection.ts';
import type { KafkaAdmin } from '../../kafka/admin.ts';
import { sinkGroup, topicName } from '../../kafka/topics.ts';
import { createMetrics } from '../../otel/metrics.ts';
import { WINDOWS_METRICS } from '../../otel/registry/windows.ts';
import { testEnv } from '../support/parts.ts';
import { DAY_MS, type Parts, TOPIC } from './setup.ts';

/** An audit compares windows again that were judged longer ago than this. */
export const RECHECK_AFTER_MS = DAY_MS;

/** The worker's activities on the real parts, by a clock that is ahead. */
export function activitiesIn({ clickhouse, pool, windows }: Parts, kafkaAdmin: KafkaAdmin, aheadMs: number) {
  return createActivities({
    clickhouse,
    postgres: pool,
    kafkaAdmin,
    temporal: windows.temporal,
    taskQueue: windows.taskQueue,
    kafka: kafkaConnection(testEnv, 'test'),
    eventsTopic: TOPIC,
    deadLettersTopic: topicName(testEnv.KAFKA_PREFIX, 'dead-letters'),
    sinkGroup: sinkGroup(testEnv.KAFKA_PREFIX),
    arrivalPollMs: 50,
    reopenIntervalMs: 1_000,
    recheckAfterMs: RECHECK_AFTER_MS,
    measurableMs: testEnv.KAFKA_EVENTS_RETENTION_MS,
    tenantRunsMax: 4,
    codeVersion: 'test',
    nowMs: () => Date.now() + aheadMs,
    metrics: createMetrics(WINDOWS_METRICS).metrics,
  });
}
