#!/usr/bin/env node
import { OpenTelemetryPlugin } from '@temporalio/interceptors-opentelemetry-v2';
import { NativeConnection, Worker } from '@temporalio/worker';
import { toTemporalError } from '../activities/client.ts';
import { type IncidentClient, expectHeart, incidentQueue } from '../activities/incidents/client.ts';
import { createIncidentActivities } from '../activities/incidents/create-incident-activities.ts';
import { createIncidentGauges } from '../activities/incidents/incident-gauges.ts';
import { createTimelineWatch } from '../activities/incidents/measure-entries.ts';
import { createOpenOrUpdate } from '../activities/incidents/open-or-update.ts';
import { tellPublishedReplays } from '../activities/incidents/tell-published-replays.ts';
import { type Env, parseEnv } from '../env.ts';
import { UnmogrowpError, toUnmogrowpError } from '../errors.ts';
import { createSendByChannel } from '../incidents/channels/all.ts';
import { PLATFORM_TENANT } from '../incidents/http/alert-group.ts';
import { createIncidentApp } from '../incidents/http/app.ts';
import { serveIncidents } from '../incidents/http/serve.ts';
import { knownDurationMs } from '../incidents/policy/duration.ts';
import { type LoadedPolicy, openPolicy } from '../incidents/policy/load.ts';
import { problemText } from '../incidents/policy/problems.ts';
import { serveMetrics } from '../otel/metrics.ts';
import { INCIDENTS_METRICS } from '../otel/registry/incidents.ts';
import { startTelemetry } from '../otel/start.ts';
import { type PostgresPool, createPostgresPool } from '../postgres/pool.ts';
import { connectUntil } from './connect-until.ts';
import { createHealth } from './incident/health.ts';
import { createIncidentPorts } from './incident/ports.ts';
import { inRequestSpans } from './incident/request-span.ts';
import { failWith } from './output.ts';
import { stopSignal } from './stop-signal.ts';
import { telemetrySettings } from './telemetry-settings.ts';
import { connectTemporal, temporalConnection } from './temporal.ts';
import { readTemporalPage } from './temporal-metrics.ts';
import { installTemporalRuntime } from './worker-runtime.ts';
import { INCIDENTS_ENTRY, type LoadedBundle, loadWorkflowBundle } from './workflow-bundle.ts';

const CLIENT = 'unmogrowp-incidents';
/** A bundle of two thousand pages is sent by so many at once. */
const ACTIVITIES_AT_ONCE = 50;
/** A storm opens thousands; one that falls out of memory is replayed from its history. */
const WORKFLOWS_CACHED = 1_000;
const REQUESTS_END_MS = 8_000;
/** Activities are cancelled after the first, and the process ends after the second, before the stack loses patience. */
const SHUTDOWN_GRACE_MS = 5_000;
const SHUTDOWN_FORCE_MS = 12_000;
const READINGS_KEPT_MS = 15_000;
/** A replay takes minutes; that it is published may be told seconds later. */
const REPLAYS_LOOK_MS = 10_000;

/**
 * Wires the incidents process together: HTTP for alerts and people, and a worker of its own. Both need nothing but Temporal; while
 * that is away too, the process stays, says so, and answers 503.
 */
async function main(): Promise<void> {
  const env = parseEnv(process.env);
  const token = tokenOf(env);
  const telemetry = startTelemetry({
    service: 'incidents',
    ...telemetrySettings(env),
    declarations: INCIDENTS_METRICS,
  });
  const { logger, metrics, register, beforeScrape, addPage, tracing } = telemetry;
  const onError = (thrown: unknown): void => {
    const error = toUnmogrowpError(thrown);
    metrics.errors.inc({ code: error.code });
    logger.warn({ code: error.code, error: error.message }, 'failed, will be tried again');
  };
  let connected: Connected | undefined;
  let worker: Worker | undefined;
  const client = (): IncidentClient => {
    if (connected !== undefined) return connected.client;
    throw new UnmogrowpError('temporal_unavailable', 'Temporal has not answered since the process was started.');
  };
  const policy = openPolicy({
    file: env.INCIDENT_POLICY_FILE,
    environment: process.env,
    nowMs: Date.now,
    onChange: (loaded) => {
      tellPolicy(loaded);
      if (connected !== undefined && !loaded.isOutdated) void expectAll(connected.client, loaded).catch(onError);
    },
  });
  const tellPolicy = ({ version, isOutdated, file, problems }: LoadedPolicy): void => {
    const wrong = problems.find(({ severity }) => severity === 'error');
    const where = wrong === undefined ? '' : `: ${problemText(file, wrong)}`;
    if (isOutdated) onError(new UnmogrowpError('incident_policy_invalid', `The policy file cannot be used${where}`));
    else logger.info({ details: { version } }, 'incident policy read');
  };
  tellPolicy(policy.current());
  const stopping = stopSignal();
  const temporalRuntime = await installTemporalRuntime(0, logger);
  const postgres = createPostgresPool({
    url: env.POSTGRES_URL,
    applicationName: CLIENT,
    connectTimeoutMs: 2_000,
    // Whoever asks over HTTP would rather have less than wait for it.
    statementTimeoutMs: 4_000,
  });
  const common = { client, postgres, policy, nowMs: Date.now, onError };
  const { INCIDENT_LINK_SECRET: linkKeys, INCIDENT_PUBLIC_URL: publicUrl } = env;
  const health = createHealth({ ...common, isWorking: () => worker?.getState() === 'RUNNING' });
  const app = createIncidentApp({
    ports: createIncidentPorts({ ...common, linkKeys }),
    token,
    health,
    nowMs: Date.now,
    onError,
  });
  const server = await serveIncidents(inRequestSpans(app), { host: env.INCIDENT_HOST, port: env.INCIDENT_PORT });
  const metricsServer = await serveMetrics({
    host: env.METRICS_HOST,
    port: env.INCIDENT_METRICS_PORT,
    register,
    isHealthy: async () => (await health()).healthy,
  });
  announce(env, server.port, metricsServer.port);
  beforeScrape(createIncidentGauges({ postgres, metrics, onError }), { keptMs: READINGS_KEPT_MS });
  addPage(() =>
    readTemporalPage(temporalRuntime.metricsPort).catch((error: unknown) => {
      onError(error);
      return '';
    }),
  );
  const plugin = new OpenTelemetryPlugin({ resource: tracing.resource, spanProcessor: tracing.spanProcessor });
  const bundle = await loadWorkflowBundle(plugin, { entry: INCIDENTS_ENTRY });
  connected = await connectUntil(stopping, () => connect(env, plugin), onError);
  try {
    if (connected === undefined) return;
    await connectUntil(stopping, () => expectAll(client(), policy.current()), onError);
    const links = linkKeys === undefined || publicUrl === undefined ? null : { keys: linkKeys, publicUrl };
    const activities = createIncidentActivities({
      client: connected.client,
      windows: { temporal: connected.client.temporal, taskQueue: env.TEMPORAL_TASK_QUEUE },
      policy,
      environment: process.env,
      sendByChannel: createSendByChannel({ email: emailOf(env), nowMs: Date.now }),
      links,
      openOrUpdate: createOpenOrUpdate(common),
      postgres,
      prometheusUrl: env.PROMETHEUS_URL,
      loki: telemetrySettings(env).loki,
      jaegerUrl: env.JAEGER_QUERY_URL,
      timelineWatch: createTimelineWatch(metrics),
      metrics,
      nowMs: Date.now,
      onError,
    });
    worker = await createWorker({ env, connection: connected.connection, bundle, activities, plugin });
    const running = worker.run();
    const stopTelling = tellReplaysWhile(connected.client, postgres, onError);
    void stopping.then(stopTelling);
    void stopping.then(async () => {
      logger.info({}, 'stopping');
      // Requests under way wait for answers of workflows, which the worker gives.
      await server.stop(REQUESTS_END_MS);
      if (worker?.getState() === 'RUNNING') worker.shutdown();
    });
    await running;
  } finally {
    await server.stop(0);
    await connected?.connection.close();
    await connected?.close();
    await postgres.end();
    await telemetry.stop();
    await metricsServer.close();
  }
}

function tokenOf({ INCIDENT_TOKEN: token }: Env): string {
  if (token !== undefined) return token;
  throw new UnmogrowpError(
    'configuration_invalid',
    'INCIDENT_TOKEN is not set: whoever knows it may tell alerts and command incidents, and Alertmanager has to send it.',
  );
}

const emailOf = ({ SMTP_URL: url, SMTP_FROM: from }: Env) => (url === undefined ? null : { url, from });

interface Connected {
  readonly client: IncidentClient;
  readonly connection: NativeConnection;
  close(): Promise<void>;
}

async function connect(env: Env, plugin: OpenTelemetryPlugin): Promise<Connected> {
  const reached = await connectTemporal(env, plugin);
  const close = (): Promise<void> => reached.close();
  try {
    const connection = await NativeConnection.connect(temporalConnection(env));
    return {
      client: { temporal: reached.temporal, taskQueue: incidentQueue(env.TEMPORAL_TASK_QUEUE) },
      connection,
      close,
    };
  } catch (error) {
    await close();
    throw toTemporalError(error);
  }
}

/** Whoever is to beat and never has is missed from now on. */
async function expectAll(client: IncidentClient, { document }: LoadedPolicy): Promise<void> {
  for (const { name, every, grace } of document.heartbeats) {
    const [everyMs, graceMs] = [knownDurationMs(every), knownDurationMs(grace)];
    await expectHeart(client, { tenant: PLATFORM_TENANT, name, everyMs, graceMs });
  }
}

/** Looks for published replays again and again; gives what ends it. */
function tellReplaysWhile(
  client: IncidentClient,
  postgres: PostgresPool,
  onError: (thrown: unknown) => void,
): () => void {
  let isUnderWay = false;
  const timer = setInterval(() => {
    if (isUnderWay) return;
    isUnderWay = true;
    void tellPublishedReplays(client, postgres)
      .catch(onError)
      .finally(() => {
        isUnderWay = false;
      });
  }, REPLAYS_LOOK_MS);
  return () => clearInterval(timer);
}

function createWorker(options: {
  env: Env;
  connection: NativeConnection;
  bundle: LoadedBundle;
  activities: ReturnType<typeof createIncidentActivities>;
  plugin: OpenTelemetryPlugin;
}): Promise<Worker> {
  const { env, connection, bundle, activities, plugin } = options;
  return Worker.create({
    connection,
    namespace: env.TEMPORAL_NAMESPACE,
    taskQueue: incidentQueue(env.TEMPORAL_TASK_QUEUE),
    workflowBundle: bundle,
    activities,
    plugins: [plugin],
    maxConcurrentActivityTaskExecutions: ACTIVITIES_AT_ONCE,
    maxCachedWorkflows: WORKFLOWS_CACHED,
    // A cancellation comes with the answer to a heartbeat.
    maxHeartbeatThrottleInterval: 5_000,
    shutdownGraceTime: SHUTDOWN_GRACE_MS,
    shutdownForceTime: SHUTDOWN_FORCE_MS,
  });
}

function announce(env: Env, port: number, metricsPort: number): void {
  const listening = `http://${env.INCIDENT_HOST}:${port}`;
  const metrics = `http://${env.METRICS_HOST}:${metricsPort}`;
  process.stdout.write(`${JSON.stringify({ listening, metrics })}\n`);
}

await main().catch(failWith);
process.exit(0);
