#!/usr/bin/env node
import { createClickHouse } from '../clickhouse/client.ts';
import { type Env, parseEnv } from '../env.ts';
import type { UnmogrowpError } from '../errors.ts';
import { createRecordProducer } from '../kafka/producer.ts';
import { sinkGroup, topicName } from '../kafka/topics.ts';
import { createLogger } from '../otel/logger.ts';
import { createMetrics, serveMetrics } from '../otel/metrics.ts';
import { KAFKA_METRICS } from '../otel/registry/kafka.ts';
import { SINK_METRICS } from '../otel/registry/sink.ts';
import { startTracing } from '../otel/tracing.ts';
import { createInsertRows } from '../sink/insert-rows.ts';
import { watchBlocked } from '../sink/metrics.ts';
import { startSink } from '../sink/sink.ts';
import { createStoreBatch } from '../sink/store-batch.ts';
import { kafkaConnection } from './kafka-connection.ts';
import { failWith } from './output.ts';

const CLIENT = 'unmogrowp-sink';
const BATCH_BYTES_MAX = 33_554_432;
/** Nothing went either way for so long: the insert is repeated, under the same token. */
const INSERT_TIMEOUT_MS = 60_000;
const DEAD_LETTER_TIMEOUT_MS = 10_000;

/** Wires the sink process together, and takes it down in order when it is asked to stop. */
async function main(): Promise<void> {
  const env = parseEnv(process.env);
  const logger = createLogger({ service: 'sink', level: env.LOG_LEVEL, environment: env.ENVIRONMENT });
  const { register, metrics, beforeScrape } = createMetrics({ ...SINK_METRICS, ...KAFKA_METRICS });
  const tracing = startTracing({
    service: 'sink',
    environment: env.ENVIRONMENT,
    endpoint: env.OTEL_EXPORTER_OTLP_ENDPOINT,
    sampleRatio: env.TRACE_SAMPLE_RATIO,
    onExport: (outcome, spans) => metrics.exportedSpans.inc({ outcome }, spans),
  });
  const onError = (error: UnmogrowpError, partition?: number): void => {
    metrics.errors.inc({ code: error.code });
    logger.warn({ code: error.code, error: error.message, partition }, 'failed, will be tried again');
  };
  const clickhouse = connectClickHouse(env);
  const producer = createRecordProducer(kafkaConnection(env, CLIENT));
  const topic = topicName(env.KAFKA_PREFIX, 'events');
  const deadLetters = topicName(env.KAFKA_PREFIX, 'dead-letters');
  const sinkMetrics = watchBlocked(metrics);
  const storeBatch = createStoreBatch({
    topic,
    insertRows: createInsertRows(clickhouse),
    produceDeadLetters: (records) => producer.produce(deadLetters, records, { timeoutMs: DEAD_LETTER_TIMEOUT_MS }),
    retryWaitMsMax: env.SINK_RETRY_WAIT_MS_MAX,
    metrics: sinkMetrics,
    onError,
  });
  const ended = endSignal();
  const sink = startSink({
    consumer: { ...kafkaConnection(env, CLIENT), group: sinkGroup(env.KAFKA_PREFIX), topic },
    storeBatch,
    limits: { rowsMax: env.SINK_BATCH_ROWS_MAX, bytesMax: BATCH_BYTES_MAX, waitMs: env.SINK_BATCH_WAIT_MS },
    retryWaitMsMax: env.SINK_RETRY_WAIT_MS_MAX,
    metrics: sinkMetrics,
    onError,
    onAssignment: (facts) => logger.info(facts, 'has partitions'),
    onBug: ended.fail,
  });
  beforeScrape(() => sink.measureLag().catch(onError));
  const address = { host: env.METRICS_HOST, port: env.SINK_METRICS_PORT };
  const server = await serveMetrics({ ...address, register, isHealthy: sink.isHealthy });
  process.stdout.write(`${JSON.stringify({ metrics: `http://${env.METRICS_HOST}:${server.port}` })}\n`);
  try {
    await ended.promise;
  } finally {
    logger.info('stopping');
    await sink.stop();
    await producer.close();
    await clickhouse.close();
    await tracing.shutdown();
    await server.close();
  }
}

function connectClickHouse(env: Env) {
  const { CLICKHOUSE_URL: url, CLICKHOUSE_USERNAME: username, CLICKHOUSE_PASSWORD: password } = env;
  const database = env.CLICKHOUSE_DATABASE;
  return createClickHouse({
    url,
    username,
    password,
    database,
    applicationName: CLIENT,
    requestTimeoutMs: INSERT_TIMEOUT_MS,
  });
}

/** Resolves when the process is asked to stop, rejects when it must; asked twice it ends at once. */
function endSignal(): { promise: Promise<void>; fail: (error: UnmogrowpError) => void } {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  let asked = false;
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.on(signal, () => {
      if (asked) process.exit(1);
      asked = true;
      resolve();
    });
  }
  return { promise, fail: reject };
}

await main().catch(failWith);
process.exit(0);
