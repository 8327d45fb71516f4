#!/usr/bin/env node
import { createClickHouse } from '../clickhouse/client.ts';
import { parseEnv } from '../env.ts';
import type { UnmogrowpError } from '../errors.ts';
import { createRecordProducer } from '../kafka/producer.ts';
import { sinkGroup, topicName } from '../kafka/topics.ts';
import { serveMetrics } from '../otel/metrics.ts';
import { KAFKA_METRICS } from '../otel/registry/kafka.ts';
import { SINK_METRICS } from '../otel/registry/sink.ts';
import { startTelemetry } from '../otel/start.ts';
import { createInsertRows } from '../sink/insert-rows.ts';
import { watchBlocked } from '../sink/metrics.ts';
import { createFindMissing } from '../sink/missing-rows.ts';
import { startSink } from '../sink/sink.ts';
import { createStoreBatch } from '../sink/store-batch.ts';
import { clickHouseConnection } from './clickhouse-connection.ts';
import { kafkaConnection } from './kafka-connection.ts';
import { failWith } from './output.ts';
import { stopSignal } from './stop-signal.ts';
import { telemetrySettings } from './telemetry-settings.ts';

const CLIENT = 'unmogrowp-sink';
const BATCH_BYTES_MAX = 33_554_432;
/** Nothing went either way for so long: the insert is repeated, under the same token. */
const INSERT_TIMEOUT_MS = 60_000;
const DEAD_LETTER_TIMEOUT_MS = 10_000;

/** Wires the sink process together, and takes it down in order when it is asked to stop. */
async function main(): Promise<void> {
  const env = parseEnv(process.env);
  const {
    logger,
    register,
    metrics,
    beforeScrape,
    stop: stopTelemetry,
  } = startTelemetry({
    service: 'sink',
    ...telemetrySettings(env),
    declarations: { ...SINK_METRICS, ...KAFKA_METRICS },
  });
  const onError = (error: UnmogrowpError, partition?: number): void => {
    metrics.errors.inc({ code: error.code });
    logger.warn({ code: error.code, error: error.message, partition }, 'failed, will be tried again');
  };
  const clickhouse = createClickHouse({
    ...clickHouseConnection(env, CLIENT),
    requestTimeoutMs: INSERT_TIMEOUT_MS,
  });
  const producer = createRecordProducer(kafkaConnection(env, CLIENT));
  const topic = topicName(env.KAFKA_PREFIX, 'events');
  const deadLetters = topicName(env.KAFKA_PREFIX, 'dead-letters');
  const sinkMetrics = watchBlocked(metrics);
  const storeBatch = createStoreBatch({
    topic,
    insertRows: createInsertRows(clickhouse),
    findMissing: createFindMissing(clickhouse),
    produceDeadLetters: (records) => producer.produce(deadLetters, records, { timeoutMs: DEAD_LETTER_TIMEOUT_MS }),
    retryWaitMsMax: env.SINK_RETRY_WAIT_MS_MAX,
    metrics: sinkMetrics,
    onError,
    onDeadLetter: (facts) => logger.warn(facts, 'dead letter'),
  });
  const stopping = stopSignal();
  const bug = Promise.withResolvers<never>();
  const sink = startSink({
    consumer: { ...kafkaConnection(env, CLIENT), group: sinkGroup(env.KAFKA_PREFIX), topic },
    storeBatch,
    limits: { rowsMax: env.SINK_BATCH_ROWS_MAX, bytesMax: BATCH_BYTES_MAX, waitMs: env.SINK_BATCH_WAIT_MS },
    retryWaitMsMax: env.SINK_RETRY_WAIT_MS_MAX,
    metrics: sinkMetrics,
    onError,
    onAssignment: (facts) => logger.info(facts, 'has partitions'),
    onBug: bug.reject,
  });
  beforeScrape(() => sink.measureLag().catch(onError));
  const address = { host: env.METRICS_HOST, port: env.SINK_METRICS_PORT };
  const server = await serveMetrics({ ...address, register, isHealthy: sink.isHealthy });
  process.stdout.write(`${JSON.stringify({ metrics: `http://${env.METRICS_HOST}:${server.port}` })}\n`);
  try {
    await Promise.race([stopping, bug.promise]);
  } finally {
    logger.info({}, 'stopping');
    await sink.stop();
    await producer.close();
    await clickhouse.close();
    await stopTelemetry();
    await server.close();
  }
}

await main().catch(failWith);
process.exit(0);
