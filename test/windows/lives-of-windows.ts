import { randomUUID } from 'node:crypto';
import { WithStartWorkflowOperation } from '@temporalio/client';
import { ApplicationFailure, CancelledFailure } from '@temporalio/common';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import type { WindowWorkflow } from '../../activities/client.ts';
import type { LoadedWindow, WindowKey } from '../../activities/contract.ts';
import { withHeartbeat } from '../../activities/heartbeat.ts';
import type { ReplayTask, ReplayWindowResult, WindowReplayActivities } from '../../activities/replay-contract.ts';
import { type History, type Life, continuedHistories, historiesOf, until } from './lives.ts';
import {
  type Calls,
  DAY_MS,
  type Plain,
  type WindowHandle,
  describeWindow,
  plainActivities,
  withWorker,
} from './time-skipping.ts';

/** Lives of windows that go through all that a window can go through, within seconds of real time. */
export const livesOfWindows: readonly Life[] = [
  // Lateness, close, late data, a command, the horizon.
  async (environment) => {
    const history = await lived(environment, {}, async ({ start, window }) => {
      const handle = await start({ ...window, windowEndMs: Date.now() + 1_000 });
      await untilVersion(handle, 1);
      await reopen(handle);
      await untilVersion(handle, 2);
      await close(handle);
      return handle;
    });
    return { 'window-life': history.at(-1) as History };
  },
  // Settings that cannot be read, PostgreSQL away, an import, a turn, data that has not arrived, a run that fails, one that does not add up, one that changes nothing.
  async (environment) => {
    const histories = await lived(environment, { replaced: troubled }, async ({ start, window }) => {
      const handle = await start(window);
      await untilPhase(handle, 'failed');
      const closed = close(handle);
      await untilPhase(handle, 'queued');
      await handle.signal('turn', { version: 1 });
      await closed;
      await close(handle);
      await reopen(handle);
      await untilVersion(handle, 1);
      await reopen(handle);
      return handle;
    });
    return { 'window-troubled': histories.at(-1) as History };
  },
  // So much late data that the history ends and another one goes on.
  async (environment) => {
    const histories = await lived(environment, {}, async ({ start, window }) => {
      const handle = await start(window, EVENTS_MAX);
      await untilVersion(handle, 1);
      const { runId } = await handle.describe();
      const newest = environment.client.workflow.getHandle<WindowWorkflow>(handle.workflowId);
      for (let version = 2; (await newest.describe()).runId === runId; version += 1) {
        await reopen(newest);
        await untilVersion(newest, version);
      }
      await reopen(newest);
      return newest;
    });
    return continuedHistories('window', histories);
  },
  // A replay, a dry run that is published, a return to what was before, and replays that fail.
  async (environment) => {
    const histories = await lived(environment, { replaced: failing }, async ({ start, window }) => {
      const handle = await start(window);
      await untilVersion(handle, 1);
      await replay(handle, { replayId: 'replayed' });
      await replay(handle, { replayId: 'dry' });
      await replay(handle, { replayId: 'dry', operation: 'publish' });
      await replay(handle, { replayId: 'dry', operation: 'rollback' });
      await replay(handle, { replayId: 'failing' });
      await replay(handle, { replayId: 'unknown' });
      return handle;
    });
    return { 'window-replayed': histories.at(-1) as History };
  },
  // Frozen, and started again for a replay.
  async (environment) => {
    const histories = await lived(environment, { settings: { lateHorizonMs: 1 } }, async (living) => {
      await (await living.start(living.window)).result();
      return living.startWithReplay(living.window);
    });
    return { 'window-revived': histories.at(-1) as History };
  },
  // A replay that is withdrawn while it is computed, and one that is withdrawn in the line behind it.
  async (environment) => {
    const histories = await lived(environment, { replaced: held }, async ({ start, window }) => {
      const handle = await start(window);
      await untilVersion(handle, 1);
      const replays = ['first', 'second'].map((replayId) => replay(handle, { replayId }));
      await untilPhase(handle, 'running');
      for (const replayId of ['second', 'first']) await handle.signal('withdraw', { version: 1, replayId });
      await Promise.all(replays);
      return handle;
    });
    return { 'window-withdrawn': histories.at(-1) as History };
  },
];

/** More than one run takes. */
const EVENTS_MAX = 120;

const QUICK: Partial<LoadedWindow> = { allowedLatenessMs: 1_000, reopenIntervalMs: 10, lateHorizonMs: 6_000 };

interface Living {
  window: WindowKey;
  start: (window: WindowKey, continueAsNewAfterEvents?: number) => Promise<WindowHandle>;
  /** Starts the window by an update, as a replay does. */
  startWithReplay: (window: WindowKey) => Promise<WindowHandle>;
}

interface World {
  settings?: Partial<LoadedWindow>;
  replaced?: (calls: Calls) => Partial<Plain>;
}

/** The histories of a window that ended a day ago, with a worker that serves it. */
function lived(
  environment: TestWorkflowEnvironment,
  { settings = {}, replaced }: World,
  live: (living: Living) => Promise<WindowHandle>,
): Promise<History[]> {
  const { activities, calls } = plainActivities({ ...QUICK, ...settings }, replaced);
  const windowStartMs = (Math.floor(Date.now() / DAY_MS) - 2) * DAY_MS;
  const window: WindowKey = {
    tenantId: `tenant-${randomUUID()}`,
    windowStartMs,
    windowEndMs: windowStartMs + DAY_MS,
    granularity: '1d',
  };
  return withWorker(environment, { ...activities, ...replayActivities(calls) }, async (start, taskQueue) => {
    const handle = await live({
      window,
      start: (key, continueAsNewAfterEvents) =>
        start({
          version: 1,
          window: key,
          ...(continueAsNewAfterEvents === undefined ? {} : { continueAsNewAfterEvents }),
        }),
      startWithReplay: (key) => startWithReplay(environment, key, taskQueue),
    });
    return historiesOf(environment, handle);
  });
}

async function startWithReplay(
  environment: TestWorkflowEnvironment,
  window: WindowKey,
  taskQueue: string,
): Promise<WindowHandle> {
  const startWorkflowOperation = new WithStartWorkflowOperation<WindowWorkflow>('window', {
    workflowId: `window/${window.tenantId}`,
    taskQueue,
    args: [{ version: 1, window }],
    workflowIdConflictPolicy: 'USE_EXISTING',
  });
  await environment.client.workflow.executeUpdateWithStart<WindowWorkflow, Answer, [ReplayTask]>('replay', {
    startWorkflowOperation,
    args: [{ version: 1, replayId: 'replayed', operation: 'run' }],
  });
  return startWorkflowOperation.workflowHandle();
}

type Answer = { state: ReplayWindowResult };

/** The state of record of the replays above, each known by its name. */
export function replayActivities(calls: Calls): WindowReplayActivities {
  return {
    loadReplayRun: ({ replayId }) => {
      if (replayId === 'unknown') throw ApplicationFailure.nonRetryable('no such replay', 'replay_invalid');
      const newest = calls.publications.at(-1);
      const base = newest === undefined ? null : { version: newest.version, runId: newest.runId };
      const cutoff = replayId === 'dry' ? { events: [1] } : null;
      return Promise.resolve({
        ended: null,
        isDryRun: replayId === 'dry',
        settingsVersion: replayId === 'failing' ? FAILING_SETTINGS : 2,
        cutoff,
        base,
      });
    },
    leaveReplayRun: () => Promise.resolve(),
    publishReplayRun: ({ operation, publishedAtMs }) => {
      const version = (calls.publications.at(-1)?.version ?? 0) + 1;
      calls.publications.push({ version, runId: randomUUID(), publishedAtMs });
      return Promise.resolve({
        state: operation === 'publish' ? 'published' : 'rolled_back',
        publicationVersion: version,
        firstPublishedAtMs: calls.publications[0]?.publishedAtMs ?? publishedAtMs,
        settingsVersion: 2,
        isBehind: operation === 'publish',
      });
    },
  };
}

/** Everything goes wrong once, in the order of a run. */
function troubled(): Partial<Plain> {
  const { activities } = plainActivities(QUICK);
  const fail = (message: string, type: string): never => {
    throw ApplicationFailure.nonRetryable(message, type);
  };
  const holds = [{ kind: 'import', expiresInMs: 100 } as const, { kind: 'turn', ahead: 1 } as const];
  let [loads, entries, computes, verifications] = [0, 0, 0, 0];
  return {
    ...activities,
    loadWindow: (input) => ((loads += 1) === 1 ? fail('no settings', 'tenant_unknown') : activities.loadWindow(input)),
    enterRun: () =>
      (entries += 1) === 1
        ? Promise.reject(ApplicationFailure.retryable('away', 'postgres_unavailable'))
        : Promise.resolve(holds.shift() ?? null),
    checkArrival: (input) => (computes === 0 ? Promise.resolve(null) : activities.checkArrival(input)),
    computeRun: (input) =>
      (computes += 1) === 1 ? fail('no memory', 'clickhouse_query_failed') : activities.computeRun(input),
    verifyRun: async (input) => {
      verifications += 1;
      if (verifications === 1) fail('a credit is missing', 'run_inconsistent');
      return { ...(await activities.verifyRun(input)), isUnchanged: verifications > 2 };
    },
  };
}

const FAILING_SETTINGS = 3;

/** What is computed by some settings fails. */
function failing(): Partial<Plain> {
  const { activities } = plainActivities();
  return {
    computeRun: (input) => {
      if (input.settingsVersion !== FAILING_SETTINGS) return activities.computeRun(input);
      throw ApplicationFailure.nonRetryable('no memory', 'clickhouse_query_failed');
    },
  };
}

/** What a replay computes takes until it is cancelled. */
function held(): Partial<Plain> {
  const { activities } = plainActivities();
  return {
    computeRun: (input) =>
      input.reason !== 'replay'
        ? activities.computeRun(input)
        : withHeartbeat(undefined, async (signal) => {
            await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
            throw new CancelledFailure('stopped');
          }),
  };
}

const reopen = (handle: WindowHandle): Promise<void> =>
  handle.signal('reopen', { version: 1, arrivals: { events: [7] } });
const close = (handle: WindowHandle) => handle.executeUpdate('close', { args: [{ version: 1 }] });
const replay = (
  handle: WindowHandle,
  { replayId, operation = 'run' }: Pick<ReplayTask, 'replayId'> & Partial<ReplayTask>,
) =>
  handle.executeUpdate<Answer, [ReplayTask]>('replay', {
    args: [{ version: 1, replayId, operation }],
    updateId: `${replayId}/${operation}`,
  });
const untilPhase = (handle: WindowHandle, phase: string): Promise<void> =>
  until(async () => (await describeWindow(handle)).phase === phase);
const untilVersion = (handle: WindowHandle, version: number): Promise<void> =>
  until(async () => (await describeWindow(handle)).publicationVersion >= version);
