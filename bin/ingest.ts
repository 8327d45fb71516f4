#!/usr/bin/env node
import './tune-heap.ts';
import { randomUUID } from 'node:crypto';
import { type Env, parseEnv } from '../env.ts';
import type { UnmogrowpError } from '../errors.ts';
import { createAcceptedCounts } from '../ingest/accepted-counts.ts';
import { createIngestApp } from '../ingest/app.ts';
import { createAuthenticator } from '../ingest/authenticate.ts';
import { REQUEST_LIMITS } from '../ingest/limits.ts';
import { createRequestMeter, measureProduce, measureSpool } from '../ingest/measure.ts';
import { createPublisher } from '../ingest/publish-records.ts';
import { joinRecords } from '../ingest/records.ts';
import { createRateLimiter } from '../ingest/rate-limit.ts';
import { createReadiness } from '../ingest/readiness.ts';
import { startAcceptedReports } from '../ingest/report-accepted.ts';
import { bunRuntime, serveOnBun, serveOnNode } from '../ingest/serve.ts';
import { type RequestFacts, createTakeEvents } from '../ingest/take-events.ts';
import { startDrain } from '../ingest/spool/drain.ts';
import { openFileSpool } from '../ingest/spool/file-spool.ts';
import { inProduceSpan } from '../ingest/telemetry.ts';
import { type OutgoingRecord, createRecordProducer } from '../kafka/producer.ts';
import { topicName } from '../kafka/topics.ts';
import type { LogFields } from '../otel/logger.ts';
import { serveMetrics } from '../otel/metrics.ts';
import { INGEST_METRICS } from '../otel/registry/ingest.ts';
import { startTelemetry } from '../otel/start.ts';
import { saveAcceptedEvents } from '../postgres/accepted-events.ts';
import { createPostgresPool, queryRows } from '../postgres/pool.ts';
import { reportSpool } from '../postgres/spools.ts';
import { findWriteKeyOwner, hashWriteKey } from '../postgres/write-keys.ts';
import { kafkaConnection } from './kafka-connection.ts';
import { failWith } from './output.ts';
import { stopSignal } from './stop-signal.ts';
import { telemetrySettings } from './telemetry-settings.ts';

const CLIENT = 'unmogrowp-ingest';

/** Wires the ingest process together, serves it, and takes it down in order when it is asked to stop. */
async function main(): Promise<void> {
  const env = parseEnv(process.env);
  const bun = bunRuntime();
  const {
    logger,
    metrics,
    register,
    beforeScrape,
    onError,
    tracing: { beginSpan },
    stop: stopTelemetry,
  } = startTelemetry({
    service: 'ingest',
    ...telemetrySettings(env),
    declarations: INGEST_METRICS,
  });
  const pool = createPostgresPool({
    url: env.POSTGRES_URL,
    applicationName: CLIENT,
    connectTimeoutMs: 2_000,
    statementTimeoutMs: 2_000,
  });
  const connection = {
    ...kafkaConnection(env, CLIENT),
    // A broker that hangs must not hold the producer for longer than a client is made to wait.
    requestTimeoutMs: env.INGEST_PRODUCE_TIMEOUT_MS,
  };
  const producer = createRecordProducer(connection, { join: joinRecords, compression: env.KAFKA_COMPRESSION });
  const topic = topicName(env.KAFKA_PREFIX, 'events');
  const produce = (records: readonly OutgoingRecord[]) =>
    producer.produce(topic, records, { timeoutMs: env.INGEST_PRODUCE_TIMEOUT_MS });
  const produceMeasured = measureProduce(metrics, 'request', produce);
  const spool = await openFileSpool({ directory: env.INGEST_SPOOL_DIRECTORY, bytesMax: env.INGEST_SPOOL_BYTES_MAX });
  const stopDrain = startDrain({
    spool,
    produce: measureProduce(metrics, 'spool', produce),
    onError,
    report: ({ records, oldestReceivedAt = 0 }) =>
      reportSpool(pool, { spoolId: spool.id, records, oldestReceivedAt: new Date(oldestReceivedAt) }),
  });
  const counts = createAcceptedCounts();
  const processId = randomUUID();
  const stopReports = startAcceptedReports({
    counts,
    spool,
    save: (report) => saveAcceptedEvents(pool, { processId, spoolId: spool.id, ...report }),
    onError,
  });
  beforeScrape(() => measureSpool(metrics, spool.state(), env.INGEST_SPOOL_BYTES_MAX));
  const measureRequest = createRequestMeter(metrics);
  const readiness = createReadiness({
    hasRoom: () => spool.hasRoom(REQUEST_LIMITS.bodyBytesMax),
    checkPostgres: async () => void (await queryRows(pool, 'SELECT 1')),
  });
  const takeEvents = createTakeEvents({
    authenticate: createAuthenticator({
      findOwner: (writeKey) => findWriteKeyOwner(pool, hashWriteKey(writeKey)),
      keyCacheMs: env.INGEST_KEY_CACHE_MS,
      nowMs: Date.now,
      onLookupFailed: (error) => onError(error as UnmogrowpError),
    }),
    rateLimiter: createRateLimiter(Date.now),
    publish: createPublisher({
      produce: inProduceSpan(topic, beginSpan, produceMeasured),
      spool,
      onError,
    }),
    partitions: env.KAFKA_EVENTS_PARTITIONS,
    bodyTimeoutMs: env.INGEST_BODY_TIMEOUT_MS,
    tracing: { isTraced: () => Math.random() < env.TRACE_SAMPLE_RATIO, beginSpan },
    onRequest: (facts) => {
      if (facts.tenantId !== undefined && facts.accepted > 0) {
        counts.add(facts.tenantId, facts.receivedAt, facts.accepted);
      }
      measureRequest(facts);
      logger.debug(describeFacts(facts), 'request');
    },
    onError,
  });
  const app = createIngestApp({ takeEvents, readiness: readiness.check, onError });
  const serving = { host: env.INGEST_HOST, port: env.INGEST_PORT, bodyTimeoutMs: env.INGEST_BODY_TIMEOUT_MS, onError };
  const server = bun === undefined ? await serveOnNode(app, takeEvents, serving) : serveOnBun(bun, app, serving);
  const metricsServer = await serveMetrics({ host: env.METRICS_HOST, port: env.INGEST_METRICS_PORT, register });
  announce(env, server.port, metricsServer.port);
  await stopSignal();
  logger.info({}, 'stopping');
  readiness.stop();
  await server.stop(env.INGEST_SHUTDOWN_TIMEOUT_MS);
  await stopDrain();
  await stopReports();
  await spool.close();
  await producer.close();
  await pool.end();
  await metricsServer.close();
  await stopTelemetry();
}

const describeFacts = (facts: RequestFacts): LogFields => ({
  status: facts.status,
  code: facts.code,
  tenant: facts.tenantId,
  accepted: facts.accepted,
  rejected: facts.rejectedCodes.length,
  destination: facts.destination,
  bytes: facts.bytes,
  duration_ms: facts.seconds * 1_000,
  trace_id: facts.traceId,
});

function announce(env: Env, port: number, metricsPort: number): void {
  const listening = `http://${env.INGEST_HOST}:${port}`;
  const metrics = `http://${env.METRICS_HOST}:${metricsPort}`;
  process.stdout.write(`${JSON.stringify({ listening, metrics })}\n`);
}

await main().catch(failWith);
process.exit(0);
