#!/usr/bin/env node
import { OpenTelemetryPlugin } from '@temporalio/interceptors-opentelemetry-v2';
import { NativeConnection, Worker } from '@temporalio/worker';
import { ensureSchedule, toTemporalError } from '../activities/client.ts';
import { createActivities, createWaits } from '../activities/create-activities.ts';
import type { ActivityDependencies } from '../activities/dependencies.ts';
import { waitQueue } from '../activities/replay-client.ts';
import { createClickHouse } from '../clickhouse/client.ts';
import { startSpanExport } from '../clickhouse/span-export.ts';
import { type Env, parseEnv } from '../env.ts';
import { toUnmogrowpError } from '../errors.ts';
import { createKafkaAdmin } from '../kafka/admin.ts';
import { sinkGroup, topicName } from '../kafka/topics.ts';
import { serveMetrics } from '../otel/metrics.ts';
import { readVersion } from '../otel/process.ts';
import { CLICKHOUSE_METRICS } from '../otel/registry/clickhouse.ts';
import { DEAD_LETTER_METRICS } from '../otel/registry/dead-letters.ts';
import { PARTS_METRICS } from '../otel/registry/parts.ts';
import { WINDOWS_METRICS } from '../otel/registry/windows.ts';
import { startTelemetry } from '../otel/start.ts';
import { createPostgresPool } from '../postgres/pool.ts';
import { clickHouseConnection } from './clickhouse-connection.ts';
import { connectUntil } from './connect-until.ts';
import { createDeadLetterGauges } from './dead-letter-gauges.ts';
import { kafkaAdminConfig, kafkaConnection } from './kafka-connection.ts';
import { failWith } from './output.ts';
import { stopSignal } from './stop-signal.ts';
import { telemetrySettings } from './telemetry-settings.ts';
import { connectTemporal, temporalConnection } from './temporal.ts';
import { createPartGauges } from './part-gauges.ts';
import { readTemporalPage } from './temporal-metrics.ts';
import { createWindowGauges } from './window-gauges.ts';
import { installTemporalRuntime } from './worker-runtime.ts';
import { workerVersion } from './worker-version.ts';
import { type LoadedBundle, loadWorkflowBundle } from './workflow-bundle.ts';

const CLIENT = 'unmogrowp-worker';
/** Enough for runs and waits to overlap, few enough for one ClickHouse. */
const ACTIVITIES_AT_ONCE = 20;
/** Replays of several tenants at once; a wait costs a timer and a call that is open. */
const WAITS_AT_ONCE = 500;
/** A cached workflow costs about a megabyte; one that falls out is replayed from its short history. */
const WORKFLOWS_CACHED = 500;
/** Activities are cancelled after the first, and the process ends after the second, before the stack loses patience. */
const SHUTDOWN_GRACE_MS = 5_000;
const SHUTDOWN_FORCE_MS = 20_000;
/** Temporal answers few questions to its lists a second, and every scrape of every worker would ask ten. */
const READINGS_KEPT_MS = 15_000;

/** Wires the worker together, serves workflows and activities, and stops in order when it is asked to. */
async function main(): Promise<void> {
  const env = parseEnv(process.env);
  const {
    logger,
    register,
    metrics,
    beforeScrape,
    addPage,
    tracing,
    stop: stopTelemetry,
  } = startTelemetry({
    service: 'worker',
    ...telemetrySettings(env),
    declarations: { ...WINDOWS_METRICS, ...CLICKHOUSE_METRICS, ...DEAD_LETTER_METRICS, ...PARTS_METRICS },
  });
  const temporalRuntime = await installTemporalRuntime(env.WORKER_TEMPORAL_METRICS_PORT, logger);
  const onError = (thrown: unknown): void => {
    const error = toUnmogrowpError(thrown);
    metrics.errors.inc({ code: error.code });
    logger.warn({ code: error.code, error: error.message }, 'failed, will be tried again');
  };
  const stopping = stopSignal();
  let worker: Worker | undefined;
  const isHealthy = (): boolean => worker?.getState() === 'RUNNING';
  const address = { host: env.METRICS_HOST, port: env.WORKER_METRICS_PORT };
  const server = await serveMetrics({ ...address, register, isHealthy });
  const plugin = new OpenTelemetryPlugin({ resource: tracing.resource, spanProcessor: tracing.spanProcessor });
  const bundle = await loadWorkflowBundle(plugin);
  const connected = await connectUntil(stopping, () => connect(env, plugin), onError);
  if (connected === undefined) return;
  const { client, connection } = connected;
  const clickhouse = createClickHouse(clickHouseConnection(env, CLIENT));
  const postgres = createPostgresPool({ url: env.POSTGRES_URL, applicationName: CLIENT });
  const kafkaAdmin = createKafkaAdmin(kafkaAdminConfig(env, CLIENT));
  const dependencies: ActivityDependencies = {
    clickhouse,
    postgres,
    kafkaAdmin,
    temporal: client.temporal,
    taskQueue: client.taskQueue,
    kafka: kafkaConnection(env, CLIENT),
    eventsTopic: topicName(env.KAFKA_PREFIX, 'events'),
    deadLettersTopic: topicName(env.KAFKA_PREFIX, 'dead-letters'),
    sinkGroup: sinkGroup(env.KAFKA_PREFIX),
    arrivalPollMs: env.WORKER_ARRIVAL_POLL_MS,
    reopenIntervalMs: env.WORKER_RECONCILE_INTERVAL_MS,
    recheckAfterMs: env.WORKER_RECHECK_AFTER_MS,
    measurableMs: env.KAFKA_EVENTS_RETENTION_MS,
    tenantRunsMax: env.WORKER_TENANT_RUNS_MAX,
    codeVersion: readVersion(),
    nowMs: Date.now,
    metrics,
  };
  const { measurableMs } = dependencies;
  const kept = { keptMs: READINGS_KEPT_MS };
  beforeScrape(createWindowGauges({ client, clickhouse, postgres, measurableMs, metrics, onError }), kept);
  const { eventsTopic: topic, sinkGroup: group } = dependencies;
  beforeScrape(createPartGauges({ clickhouse, postgres, kafkaAdmin, topic, group, metrics, onError }), kept);
  addPage(() =>
    readTemporalPage(temporalRuntime.metricsPort).catch((error: unknown) => {
      onError(error);
      return '';
    }),
  );
  const deadLetters = {
    kafka: kafkaConnection(env, CLIENT),
    admin: kafkaAdmin,
    pool: postgres,
    topic: topicName(env.KAFKA_PREFIX, 'dead-letters'),
  };
  beforeScrape(createDeadLetterGauges({ source: deadLetters, metrics, onError }), kept);
  worker = await createWorker({ env, connection, bundle, activities: createActivities(dependencies), plugin });
  const waiter = await createWaiter({ env, connection, waits: createWaits(dependencies), plugin });
  const stopSpanExport = startSpanExport({
    clickhouse,
    endpoint: env.OTEL_EXPORTER_OTLP_ENDPOINT,
    environment: env.ENVIRONMENT,
    metrics,
    onError,
  });
  const running = Promise.all([worker.run(), waiter.run()]);
  announce(env, server.port);
  void stopping.then(() => {
    logger.info({}, 'stopping');
    for (const each of [worker, waiter]) if (each?.getState() === 'RUNNING') each.shutdown();
  });
  try {
    await running;
  } finally {
    await stopSpanExport();
    await connection.close();
    await client.close();
    await kafkaAdmin.close();
    await postgres.end();
    await clickhouse.close();
    await stopTelemetry();
    await server.close();
  }
}

async function connect(env: Env, plugin: OpenTelemetryPlugin) {
  const client = await connectTemporal(env, plugin);
  try {
    await ensureSchedule(client, 'reconcile', env.WORKER_RECONCILE_INTERVAL_MS);
    await ensureSchedule(client, 'audit', env.WORKER_AUDIT_INTERVAL_MS);
    await ensureSchedule(client, 'ledger', env.WORKER_LEDGER_INTERVAL_MS);
    return { client, connection: await NativeConnection.connect(temporalConnection(env)) };
  } catch (error) {
    await client.close();
    throw toTemporalError(error);
  }
}

function createWorker(options: {
  env: Env;
  connection: NativeConnection;
  bundle: LoadedBundle;
  activities: ReturnType<typeof createActivities>;
  plugin: OpenTelemetryPlugin;
}): Promise<Worker> {
  const { env, connection, bundle, activities, plugin } = options;
  return Worker.create({
    connection,
    namespace: env.TEMPORAL_NAMESPACE,
    taskQueue: env.TEMPORAL_TASK_QUEUE,
    workflowBundle: bundle,
    activities,
    plugins: [plugin],
    ...workerVersion(env),
    maxConcurrentActivityTaskExecutions: ACTIVITIES_AT_ONCE,
    maxCachedWorkflows: WORKFLOWS_CACHED,
    // A cancellation comes with the answer to a heartbeat.
    maxHeartbeatThrottleInterval: 5_000,
    shutdownGraceTime: SHUTDOWN_GRACE_MS,
    shutdownForceTime: SHUTDOWN_FORCE_MS,
  });
}

/** Serves the activities that wait for windows: each takes a place for as long as its window takes, and no work. */
function createWaiter(options: {
  env: Env;
  connection: NativeConnection;
  waits: ReturnType<typeof createWaits>;
  plugin: OpenTelemetryPlugin;
}): Promise<Worker> {
  const { env, connection, waits, plugin } = options;
  return Worker.create({
    connection,
    namespace: env.TEMPORAL_NAMESPACE,
    taskQueue: waitQueue(env.TEMPORAL_TASK_QUEUE),
    activities: waits,
    plugins: [plugin],
    ...workerVersion(env),
    maxConcurrentActivityTaskExecutions: WAITS_AT_ONCE,
    maxHeartbeatThrottleInterval: 5_000,
    shutdownGraceTime: SHUTDOWN_GRACE_MS,
    shutdownForceTime: SHUTDOWN_FORCE_MS,
  });
}

function announce(env: Env, port: number): void {
  const url = (number: number): string => `http://${env.METRICS_HOST}:${number}`;
  const { workerDeploymentOptions: deployment } = workerVersion(env);
  const addresses = { metrics: url(port) };
  // By this name it is made the current one.
  const version = deployment === undefined ? {} : { build_id: deployment.version.buildId };
  process.stdout.write(`${JSON.stringify({ ...addresses, ...version })}\n`);
}

await main().catch(failWith);
process.exit(0);
