import { randomUUID } from 'node:crypto';
import { NoopSpanProcessor } from '@opentelemetry/sdk-trace-base';
import { resourceFromAttributes } from '@opentelemetry/resources';
import type { WorkflowHandle } from '@temporalio/client';
import { OpenTelemetryPlugin } from '@temporalio/interceptors-opentelemetry-v2';
import { TestWorkflowEnvironment } from '@temporalio/testing';
import { DefaultLogger, Runtime, Worker } from '@temporalio/worker';
import type { LoadedWindow, ReconcileActivities, WindowActivities, WindowKey } from '../../activities/contract.ts';
import { loadWorkflowBundle } from '../../bin/workflow-bundle.ts';
import { obtainTemporalTestServer } from '../../stack/temporal-test-server.ts';
import type { WindowDescription, WindowInput, WindowOutcome } from '../../workflows/messages.ts';

export const HOUR_MS = 3_600_000;
export const DAY_MS = 24 * HOUR_MS;

export const testPlugin = new OpenTelemetryPlugin({
  resource: resourceFromAttributes({}),
  spanProcessor: new NoopSpanProcessor(),
});

/** Number of the type in Temporal's API, whose package is not a dependency of its own. */
const KEYWORD = 2;

/** Says of Temporal's core only what is an error: what it warns of is what these tests do on purpose. */
export function quietRuntime(): void {
  Runtime.install({
    logger: new DefaultLogger('ERROR'),
    telemetryOptions: { logging: { forward: {}, filter: { core: 'ERROR', other: 'ERROR' } } },
  });
}

/** Temporal's server whose clock jumps to the next timer while somebody waits for a result. */
export async function startTimeSkipping(): Promise<TestWorkflowEnvironment> {
  quietRuntime();
  const path = await obtainTemporalTestServer(process.env);
  const environment = await TestWorkflowEnvironment.createTimeSkipping({
    server: { executable: { type: 'existing-path', path } },
  });
  await environment.connection.operatorService.addSearchAttributes({
    namespace: 'default',
    searchAttributes: { UnmogrowpTenant: KEYWORD, UnmogrowpWindowState: KEYWORD },
  });
  return environment;
}

/** A day of a tenant that nobody else uses, beginning now on the server's clock. */
export async function newWindow(environment: TestWorkflowEnvironment): Promise<WindowKey> {
  const windowStartMs = Math.floor((await environment.currentTimeMs()) / DAY_MS) * DAY_MS;
  return { tenantId: `tenant-${randomUUID()}`, windowStartMs, windowEndMs: windowStartMs + DAY_MS, granularity: '1d' };
}

const ONE_CONVERSION = {
  conversions: 1,
  conversionsAttributed: 1,
  conversionsOrganic: 0,
  touchpoints: 1,
  credits: 1,
  durationMs: 1,
};

/** What the plain activities below remember, so that a test can look. */
export interface Calls {
  order: string[];
  runs: { runId: string; reason: string }[];
  publications: { version: number; runId: string; publishedAtMs: number }[];
}

export type Plain = WindowActivities & ReconcileActivities;

/**
 * Activities as plain values: a state of record in memory. Settings and single functions can be replaced by a test.
 */
export function plainActivities(
  settings: Partial<LoadedWindow> = {},
  replaced: (calls: Calls) => Partial<Plain> = () => ({}),
): { activities: Plain; calls: Calls } {
  const calls: Calls = { order: [], runs: [], publications: [] };
  const activities: Plain = {
    loadWindow: () => {
      const newest = calls.publications.at(-1);
      const first = calls.publications[0];
      return Promise.resolve({
        settingsVersion: 1,
        allowedLatenessMs: HOUR_MS,
        lateHorizonMs: 7 * DAY_MS,
        reopenIntervalMs: 60_000,
        publication:
          newest === undefined || first === undefined
            ? null
            : { version: newest.version, runId: newest.runId, firstPublishedAtMs: first.publishedAtMs },
        isCovered: false,
        ...settings,
      });
    },
    enterRun: () => Promise.resolve(null),
    checkArrival: () => Promise.resolve({ cutoff: { events: [calls.runs.length + 1] } }),
    awaitArrival: () => Promise.resolve({ cutoff: { events: [calls.runs.length + 1] } }),
    computeRun: ({ reason }) => {
      const runId = randomUUID();
      calls.runs.push({ runId, reason });
      return Promise.resolve({ runId, startedAtMs: 0, finishedAtMs: 1 });
    },
    verifyRun: ({ runId }) =>
      Promise.resolve({
        ...ONE_CONVERSION,
        runId,
        isUnchanged: false,
        publicationVersion: calls.publications.at(-1)?.version ?? 0,
      }),
    publishRun: ({ publicationVersion, runId, publishedAtMs }) => {
      calls.publications.push({ version: publicationVersion, runId, publishedAtMs });
      return Promise.resolve({ firstPublishedAtMs: calls.publications[0]?.publishedAtMs ?? 0 });
    },
    leaveRun: () => Promise.resolve(),
    examineArrivals: () => Promise.resolve({ isMore: false }),
    tellTouchedWindows: () => Promise.resolve({ started: 0, reopened: 0, held: 0, next: null }),
    auditPage: () => Promise.resolve({ started: 0, reopened: 0, held: 0, next: null }),
    removeUnpublishedRuns: () => Promise.resolve(),
    freeLostTurns: () => Promise.resolve(),
    recordReconcile: () => Promise.resolve(),
  };
  const all: Plain = { ...activities, ...replaced(calls) };
  return { activities: recording(all, calls), calls };
}

function recording(activities: Plain, calls: Calls): Plain {
  const wrapped = Object.entries(activities).map(([name, activity]) => [
    name,
    (input: never) => {
      calls.order.push(name);
      return (activity as (input: never) => unknown)(input);
    },
  ]);
  return Object.fromEntries(wrapped) as Plain;
}

export type WindowHandle = WorkflowHandle<(input: WindowInput) => Promise<WindowOutcome | null>>;

/** Runs `work` while a worker with these activities serves a task queue of its own. */
export async function withWorker<Result>(
  environment: TestWorkflowEnvironment,
  activities: Plain,
  work: (start: (input: WindowInput) => Promise<WindowHandle>, taskQueue: string) => Promise<Result>,
  options: { maxCachedWorkflows?: number } = {},
): Promise<Result> {
  const taskQueue = `test-${randomUUID()}`;
  const worker = await Worker.create({
    connection: environment.nativeConnection,
    taskQueue,
    workflowBundle: await loadWorkflowBundle(testPlugin),
    plugins: [testPlugin],
    activities,
    maxHeartbeatThrottleInterval: 100,
    ...options,
  });
  return worker.runUntil(() =>
    work(
      (input) =>
        environment.client.workflow.start<(input: WindowInput) => Promise<WindowOutcome | null>>('window', {
          workflowId: `window/${input.window.tenantId}`,
          taskQueue,
          args: [input],
          workflowExecutionTimeout: '400 days',
        }),
      taskQueue,
    ),
  );
}

/** What the window says about itself. */
export const describeWindow = (handle: WindowHandle): Promise<WindowDescription> =>
  handle.query<WindowDescription>('describe');
