#!/usr/bin/env node
import { OpenTelemetryPlugin } from '@temporalio/interceptors-opentelemetry-v2';
import { NativeConnection, Worker } from '@temporalio/worker';
import { toTemporalError } from '../activities/client.ts';
import { type IncidentClient, incidentQueue } from '../activities/incidents/client.ts';
import { createIncidentActivities } from '../activities/incidents/create-incident-activities.ts';
import { createIncidentGauges } from '../activities/incidents/incident-gauges.ts';
import { createTimelineWatch } from '../activities/incidents/measure-entries.ts';
import { createOpenOrUpdate } from '../activities/incidents/open-or-update.ts';
import { tellPublishedReplays } from '../activities/incidents/tell-published-replays.ts';
import { type Env, parseEnv } from '../env.ts';
import { UnmogrowpError, toUnmogrowpError } from '../errors.ts';
import { createSendByChannel } from '../incidents/channels/all.ts';
import { createIncidentApp } from '../incidents/http/app.ts';
import { serveIncidents } from '../incidents/http/serve.ts';
import { type LoadedPolicy, type PolicySource, openPolicy } from '../incidents/policy/load.ts';
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

type IncidentTelemetry = ReturnType<typeof startTelemetry<typeof INCIDENTS_METRICS>>;
type OnError = (thrown: unknown) => void;

/** What requests and activities share. */
interface Shared {
  readonly client: () => IncidentClient;
  readonly postgres: PostgresPool;
  readonly policy: PolicySource;
  readonly nowMs: () => number;
  readonly onError: OnError;
}

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
  const { logger, metrics, tracing } = telemetry;
  const onError: OnError = (thrown) => {
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
  const policy = followPolicy(env, telemetry, onError);
  const stopping = stopSignal();
  const { metricsPort } = await installTemporalRuntime(0, logger);
  const shared: Shared = { client, postgres: openPostgres(env), policy, nowMs: Date.now, onError };
  const health = createHealth({ ...shared, isWorking: () => worker?.getState() === 'RUNNING' });
  addReadings(telemetry, shared, metricsPort);
  const servers = await listen({ env, token, telemetry, shared, health });
  const plugin = new OpenTelemetryPlugin({ resource: tracing.resource, spanProcessor: tracing.spanProcessor });
  const bundle = await loadWorkflowBundle(plugin, { entry: INCIDENTS_ENTRY });
  connected = await connectUntil(stopping, () => connect(env, plugin), onError);
  try {
    if (connected === undefined) return;
    const activities = activitiesOf({ env, metrics, shared, client: connected.client });
    worker = await createWorker({ env, connection: connected.connection, bundle, activities, plugin });
    const running = worker.run();
    void stopping.then(tellReplaysWhile(connected.client, shared));
    void stopping.then(async () => {
      logger.info({}, 'stopping');
      // Requests under way wait for answers of workflows, which the worker gives.
      await servers.requests.stop(REQUESTS_END_MS);
      if (worker?.getState() === 'RUNNING') worker.shutdown();
    });
    await running;
  } finally {
    await servers.requests.stop(0);
    await connected?.connection.close();
    await connected?.close();
    await shared.postgres.end();
    await telemetry.stop();
    await servers.metrics.close();
  }
}

/** The policy file, whose changes are told in the log. */
function followPolicy(env: Env, { logger }: IncidentTelemetry, onError: OnError): PolicySource {
  const tell = ({ version, isOutdated, file, problems }: LoadedPolicy): void => {
    const wrong = problems.find(({ severity }) => severity === 'error');
    const where = wrong === undefined ? '' : `: ${problemText(file, wrong)}`;
    if (isOutdated) onError(new UnmogrowpError('incident_policy_invalid', `The policy file cannot be used${where}`));
    else logger.info({ details: { version } }, 'incident policy read');
  };
  const file = env.INCIDENT_POLICY_FILE;
  const policy = openPolicy({ file, environment: process.env, nowMs: Date.now, onChange: tell });
  tell(policy.current());
  return policy;
}

const openPostgres = (env: Env): PostgresPool =>
  createPostgresPool({
    url: env.POSTGRES_URL,
    applicationName: CLIENT,
    connectTimeoutMs: 2_000,
    // Whoever asks over HTTP would rather have less than wait for it.
    statementTimeoutMs: 4_000,
  });

/** What is read before a scrape, and the page of Temporal's SDK. */
function addReadings(
  { metrics, beforeScrape, addPage }: IncidentTelemetry,
  { postgres, onError }: Shared,
  temporalPort: number,
): void {
  beforeScrape(createIncidentGauges({ postgres, metrics, onError }), { keptMs: READINGS_KEPT_MS });
  addPage(() =>
    readTemporalPage(temporalPort).catch((error: unknown) => {
      onError(error);
      return '';
    }),
  );
}

async function listen(options: {
  env: Env;
  token: string;
  telemetry: IncidentTelemetry;
  shared: Shared;
  health: ReturnType<typeof createHealth>;
}) {
  const { env, token, telemetry, shared, health } = options;
  const { nowMs, onError } = shared;
  const ports = createIncidentPorts({ ...shared, linkKeys: env.INCIDENT_LINK_SECRET });
  const app = createIncidentApp({ ports, token, health, nowMs, onError });
  const requests = await serveIncidents(inRequestSpans(app), { host: env.INCIDENT_HOST, port: env.INCIDENT_PORT });
  const metrics = await serveMetrics({
    host: env.METRICS_HOST,
    port: env.INCIDENT_METRICS_PORT,
    register: telemetry.register,
    isHealthy: async () => (await health()).healthy,
  });
  announce(env, requests.port, metrics.port);
  return { requests, metrics };
}

function activitiesOf(options: {
  env: Env;
  metrics: IncidentTelemetry['metrics'];
  shared: Shared;
  client: IncidentClient;
}): ReturnType<typeof createIncidentActivities> {
  const { env, metrics, shared, client } = options;
  const { INCIDENT_LINK_SECRET: keys, INCIDENT_PUBLIC_URL: publicUrl } = env;
  return createIncidentActivities({
    ...shared,
    client,
    metrics,
    windows: { temporal: client.temporal, taskQueue: env.TEMPORAL_TASK_QUEUE },
    environment: process.env,
    sendByChannel: createSendByChannel({ email: emailOf(env), nowMs: Date.now }),
    links: keys === undefined || publicUrl === undefined ? null : { keys, publicUrl },
    openOrUpdate: createOpenOrUpdate(shared),
    prometheusUrl: env.PROMETHEUS_URL,
    loki: telemetrySettings(env).loki,
    jaegerUrl: env.JAEGER_QUERY_URL,
    timelineWatch: createTimelineWatch(metrics),
  });
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

/** Looks for published replays again and again; gives what ends it. */
function tellReplaysWhile(client: IncidentClient, { postgres, onError }: Shared): () => void {
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
