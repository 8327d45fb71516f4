import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { expect } from 'vitest';
import { incidentQueue } from '../../activities/incidents/client.ts';
import { withTemporal } from '../../bin/temporal.ts';
import { testEnv, testVariables } from '../support/parts.ts';

const PROGRAM = fileURLToPath(new URL('../../bin/incidents.ts', import.meta.url));
export const TOKEN = 'a-token-of-these-tests';
/** Workflows are named after tenant and group: those of another run on the same Temporal have another tenant. */
export const TENANT = testEnv.TEMPORAL_TASK_QUEUE;
/** When every alert began. */
const STARTS_AT = '2026-01-05T10:00:00.000Z';
export const LINK_SECRET = 'a-secret-of-these-tests-that-is-long';

/** What somebody answered, read. */
export interface Answered {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Record<string, unknown>;
}

/** The incidents process while it runs. */
export interface IncidentsProcess {
  readonly url: string;
  readonly metricsUrl: string;
  get(path: string): Promise<Answered>;
  post(path: string, body?: unknown): Promise<Answered>;
  /** Everything that it has written to its log so far. */
  log(): string;
  /** Waits until it says that alerts would be taken, or would not be. */
  untilHealthy(isHealthy: boolean): Promise<void>;
  /** Asks it to stop; gives its exit code. */
  stop(): Promise<number | string>;
}

const HEALTHY_MS_MAX = 90_000;

/** Starts bin/incidents.ts on the parts of this test file and waits until it listens, which it does without any of them. */
export async function startIncidents(variables: Record<string, string>): Promise<IncidentsProcess> {
  const child = spawn(process.execPath, [PROGRAM], {
    env: {
      ...process.env,
      ...testVariables,
      INCIDENT_TOKEN: TOKEN,
      INCIDENT_LINK_SECRET: LINK_SECRET,
      INCIDENT_PUBLIC_URL: 'http://127.0.0.1:1',
      ...variables,
    },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ended = once(child, 'exit').then(([code, signal]) => (code ?? signal) as number | string);
  let log = '';
  child.stdout.on('data', (chunk: Buffer) => {
    log += chunk.toString();
  });
  const { listening: url, metrics: metricsUrl } = await listeningLine(child.stdout, ended);

  async function ask(path: string, request: RequestInit): Promise<Answered> {
    const headers = { authorization: `Bearer ${TOKEN}`, connection: 'close' };
    const response = await fetch(`${url}${path}`, { ...request, headers });
    const text = await response.text();
    const isJson = response.headers.get('content-type')?.startsWith('application/json') === true;
    const body = isJson ? (JSON.parse(text) as Record<string, unknown>) : { text };
    return { status: response.status, headers: response.headers, body };
  }
  const get = (path: string) => ask(path, {});
  return {
    url,
    metricsUrl,
    get,
    post: (path, body = {}) => ask(path, { method: 'POST', body: JSON.stringify(body) }),
    log: () => log,
    untilHealthy: (isHealthy) =>
      expect
        .poll(async () => (await get('/healthz')).status, { timeout: HEALTHY_MS_MAX, interval: 200 })
        .toBe(isHealthy ? 200 : 503),
    stop: () => {
      child.kill('SIGTERM');
      return ended;
    },
  };
}

async function listeningLine(
  stdout: NodeJS.ReadableStream,
  ended: Promise<number | string>,
): Promise<{ listening: string; metrics: string }> {
  const line = new Promise<string>((resolve) => {
    let text = '';
    stdout.on('data', (chunk: Buffer) => {
      text += chunk.toString();
      const found = text.split('\n').find((candidate) => candidate.startsWith('{"listening"'));
      if (found !== undefined) resolve(found);
    });
  });
  const first = await Promise.race([line, ended]);
  if (typeof first !== 'string' || !first.startsWith('{')) throw new Error(`incidents ended with ${String(first)}`);
  return JSON.parse(first) as { listening: string; metrics: string };
}

/** What the tests have left open waits in Temporal for a worker that will never come. */
export const terminateIncidents = (): Promise<void> =>
  withTemporal(testEnv, async ({ temporal, taskQueue }) => {
    const query = `TaskQueue = '${incidentQueue(taskQueue)}' AND ExecutionStatus = 'Running'`;
    for await (const { workflowId } of temporal.workflow.list({ query })) {
      await temporal.workflow
        .getHandle(workflowId)
        .terminate()
        .catch(() => {});
    }
  });

/** A message of Alertmanager about one group. */
export function alertsOf(
  group: string,
  alerts: readonly { fingerprint: string; isFiring: boolean; startsAt: string }[],
) {
  const labels = { alertname: group, severity: 'critical', tenant: TENANT };
  return {
    version: '4',
    groupKey: `{}:{alertname="${group}"}`,
    status: alerts.some(({ isFiring }) => isFiring) ? 'firing' : 'resolved',
    receiver: 'pager',
    groupLabels: { alertname: group },
    commonLabels: labels,
    commonAnnotations: { summary: `${group} is wrong.` },
    externalURL: 'http://alertmanager',
    alerts: alerts.map(({ fingerprint, isFiring, startsAt }) => ({
      status: isFiring ? 'firing' : 'resolved',
      labels: { ...labels, instance: fingerprint },
      annotations: { summary: `${group} is wrong.`, description: `It is ${fingerprint}.` },
      startsAt,
      endsAt: isFiring ? '0001-01-01T00:00:00Z' : new Date().toISOString(),
      generatorURL: 'http://prometheus/graph?g0.expr=up',
      fingerprint,
    })),
  };
}

/** These alerts of a group fire. */
export const firing = (group: string, ...fingerprints: string[]) =>
  alertsOf(
    group,
    fingerprints.map((fingerprint) => ({ fingerprint, isFiring: true, startsAt: STARTS_AT })),
  );

/** This alert of a group has ended. */
export const ended = (group: string, fingerprint: string) =>
  alertsOf(group, [{ fingerprint, isFiring: false, startsAt: STARTS_AT }]);
