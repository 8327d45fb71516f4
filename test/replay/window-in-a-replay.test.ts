import { randomUUID } from 'node:crypto';
import { ApplicationFailure, CancelledFailure } from '@temporalio/common';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import type { LoadedWindow } from '../../activities/contract.ts';
import { withHeartbeat } from '../../activities/heartbeat.ts';
import type {
  LoadedReplayRun,
  ReplayOperation,
  ReplayRunRecord,
  ReplayTask,
  ReplayWindowResult,
  WindowReplayActivities,
} from '../../activities/replay-contract.ts';
import type { WindowOutcome } from '../../workflows/messages.ts';
import {
  type Calls,
  DAY_MS,
  type Plain,
  type WindowHandle,
  describeWindow,
  newWindow,
  plainActivities,
  startTimeSkipping,
  withWorker,
} from '../windows/time-skipping.ts';

let environment: TestWorkflowEnvironment;
beforeAll(async () => {
  environment = await startTimeSkipping();
});
afterAll(() => environment.teardown());

type AllActivities = Plain & WindowReplayActivities;
type Answer = { state: ReplayWindowResult };

/** Activities of a window and of its replays, with what was recorded: null for a run that was withdrawn. */
function activitiesOf(
  loaded: Partial<LoadedReplayRun> = {},
  more: { settings?: Partial<LoadedWindow>; replaced?: (calls: Calls) => Partial<AllActivities> } = {},
) {
  const recorded: (ReplayRunRecord | null)[] = [];
  const settings = { allowedLatenessMs: 0, reopenIntervalMs: 1, ...more.settings };
  const plain = plainActivities(settings, more.replaced);
  const { calls } = plain;
  const activities: AllActivities = {
    loadReplayRun: () => {
      const newest = calls.publications.at(-1);
      return Promise.resolve({
        ended: null,
        isDryRun: false,
        settingsVersion: 7,
        cutoff: null,
        base: newest === undefined ? null : { version: newest.version, runId: newest.runId },
        ...loaded,
      });
    },
    leaveReplayRun: ({ record }) => {
      recorded.push(record);
      return Promise.resolve();
    },
    publishReplayRun: () => Promise.reject(new Error('no test publishes by this')),
    ...plain.activities,
  };
  return { activities, calls, recorded };
}

const replay = (
  handle: WindowHandle,
  { replayId = randomUUID(), operation = 'run' }: { replayId?: string; operation?: ReplayOperation } = {},
): Promise<Answer> =>
  handle.executeUpdate<Answer, [ReplayTask]>('replay', {
    args: [{ version: 1, replayId, operation }],
    updateId: `${replayId}/${operation}`,
  });
const close = (handle: WindowHandle): Promise<WindowOutcome> =>
  handle.executeUpdate<WindowOutcome, [{ version: 1 }]>('close', { args: [{ version: 1 }] });
const untilPhase = (handle: WindowHandle, phase: string): Promise<void> =>
  vi.waitFor(async () => expect((await describeWindow(handle)).phase).toBe(phase), { timeout: 20_000 });

async function endedWindow() {
  const window = await newWindow(environment);
  return { ...window, windowStartMs: window.windowStartMs - DAY_MS, windowEndMs: window.windowEndMs - DAY_MS };
}

/** A statement that takes until it is told to end, and leaves when it is cancelled. */
function heldCompute(calls: Calls, isHeld: (reason: string) => boolean) {
  const gate = Promise.withResolvers<void>();
  let underWay = 0;
  const seen = { underWayMax: 0, cancelled: 0 };
  const computeRun: Plain['computeRun'] = ({ reason }) =>
    withHeartbeat({}, async (signal) => {
      underWay += 1;
      seen.underWayMax = Math.max(seen.underWayMax, underWay);
      const left = new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
      if (isHeld(reason)) await Promise.race([gate.promise, left]);
      underWay -= 1;
      if (signal.aborted) {
        seen.cancelled += 1;
        throw new CancelledFailure('stopped');
      }
      const runId = randomUUID();
      calls.runs.push({ runId, reason });
      return { runId, startedAtMs: 0, finishedAtMs: 1 };
    });
  return { computeRun, seen, release: () => gate.resolve() };
}

test('a window computes for a replay with its settings, publishes the next version, and says what was there before', async () => {
  const computed: { settingsVersion: number; replayId: string | undefined }[] = [];
  const { activities, calls, recorded } = activitiesOf();
  const watched: AllActivities = {
    ...activities,
    verifyRun: (input) => {
      computed.push({ settingsVersion: input.settingsVersion, replayId: input.replayId });
      return activities.verifyRun(input);
    },
  };
  const replayId = randomUUID();
  await withWorker(environment, watched, async (start) => {
    const handle = await start({ version: 1, window: await endedWindow() });
    await untilPhase(handle, 'open');
    expect(await replay(handle, { replayId })).toEqual({ state: 'published' });
    expect(await describeWindow(handle)).toMatchObject({
      publicationVersion: 2,
      replaysPending: 0,
      lastOutcome: { state: 'published', reason: 'replay', settingsVersion: 7 },
    });
    await handle.result();
  });
  expect(computed.at(-1)).toEqual({ settingsVersion: 7, replayId });
  const [first, second] = calls.publications;
  expect(recorded).toMatchObject([
    { state: 'published', publicationVersion: 2, base: { version: 1, runId: first?.runId }, runId: second?.runId },
  ]);
});

test('a dry run publishes nothing, and the window stays as it was', async () => {
  const { activities, calls, recorded } = activitiesOf({ isDryRun: true });
  await withWorker(environment, activities, async (start) => {
    const handle = await start({ version: 1, window: await endedWindow() });
    await untilPhase(handle, 'open');
    const before = await describeWindow(handle);
    expect(await replay(handle)).toEqual({ state: 'computed' });
    await untilPhase(handle, 'open');
    const { lastOutcome, publicationVersion } = await describeWindow(handle);
    expect({ lastOutcome, publicationVersion }).toEqual({ lastOutcome: before.lastOutcome, publicationVersion: 1 });
    await handle.result();
  });
  expect(calls.publications).toHaveLength(1);
  expect(recorded).toMatchObject([{ state: 'computed', publicationVersion: 0, base: { version: 1 } }]);
});

test('as of a time nothing is waited for: the cut-off is that of then', async () => {
  const cutoffs: unknown[] = [];
  const { activities, calls } = activitiesOf({ cutoff: { events: [3] } });
  const watched: AllActivities = {
    ...activities,
    verifyRun: (input) => {
      cutoffs.push(input.cutoff);
      return activities.verifyRun(input);
    },
  };
  await withWorker(environment, watched, async (start) => {
    const handle = await start({ version: 1, window: await endedWindow() });
    await untilPhase(handle, 'open');
    await replay(handle);
    await handle.result();
  });
  expect(cutoffs.at(-1)).toEqual({ events: [3] });
  expect(calls.order.filter((name) => name === 'checkArrival')).toHaveLength(1);
});

test('closes, reopens and replays of one window never run at the same time', async () => {
  let held: ReturnType<typeof heldCompute> | undefined;
  const { activities, calls } = activitiesOf(
    {},
    {
      replaced: (seen) => {
        held = heldCompute(seen, (reason) => reason === 'replay');
        return { computeRun: held.computeRun };
      },
    },
  );
  await withWorker(environment, activities, async (start) => {
    const handle = await start({ version: 1, window: await endedWindow() });
    await untilPhase(handle, 'open');
    const replays = [replay(handle), replay(handle)];
    await untilPhase(handle, 'running');
    const closed = close(handle);
    await handle.signal('reopen', { version: 1, arrivals: null });
    await vi.waitFor(async () => expect((await describeWindow(handle)).closeRequestsPending).toBe(1), {
      timeout: 20_000,
    });
    held?.release();
    await Promise.all([...replays, closed]);
    await handle.result();
  });
  expect(held?.seen.underWayMax).toBe(1);
  expect(calls.runs.map(({ reason }) => reason).filter((reason) => reason === 'replay')).toHaveLength(2);
  expect(calls.publications.map(({ version }) => version)).toEqual(calls.publications.map((_, index) => index + 1));
});

test('a replay is done once, however often it is asked for and in however many lives of the window', async () => {
  const ended: { state: ReplayWindowResult | null } = { state: null };
  const { activities, calls, recorded } = activitiesOf();
  const once: AllActivities = {
    ...activities,
    loadReplayRun: async (input) => ({ ...(await activities.loadReplayRun(input)), ended: ended.state }),
  };
  const replayId = randomUUID();
  await withWorker(environment, once, async (start) => {
    const handle = await start({ version: 1, window: await endedWindow() });
    await untilPhase(handle, 'open');
    expect(await replay(handle, { replayId })).toEqual({ state: 'published' });
    expect(await replay(handle, { replayId })).toEqual({ state: 'published' });
    ended.state = 'published';
    await handle.result();
    const again = await start({ version: 1, window: (await describeWindow(handle)).window });
    expect(await replay(again, { replayId })).toEqual({ state: 'published' });
    await again.result();
  });
  expect(calls.runs.filter(({ reason }) => reason === 'replay')).toHaveLength(1);
  expect(recorded).toHaveLength(1);
});

test('a frozen window lives once more for a replay, also when it comes at its last moment, and ends again', async () => {
  const { activities, calls } = activitiesOf({}, { settings: { lateHorizonMs: 0 } });
  await withWorker(environment, activities, async (start) => {
    const window = await endedWindow();
    const first = await start({ version: 1, window });
    await first.result();
    const second = await start({ version: 1, window });
    const asked = replay(second).catch(async (error: unknown) => {
      // It may have ended before the question came.
      expect(String(error)).toMatch(/completed|not found/i);
      return replay(await start({ version: 1, window }));
    });
    expect(await asked).toEqual({ state: 'published' });
    await environment.client.workflow.getHandle(second.workflowId).result();
  });
  expect(calls.publications.length).toBe(2);
});

test('a replay before the end of the window is refused', async () => {
  const { activities, recorded } = activitiesOf();
  await withWorker(environment, activities, async (start) => {
    const handle = await start({ version: 1, window: await newWindow(environment) });
    await expect(replay(handle)).rejects.toMatchObject({ cause: { type: 'window_invalid' } });
    await handle.result();
  });
  expect(recorded).toEqual([]);
});

test('a run that does not add up is an outcome of the replay, and the window goes on as before', async () => {
  const { activities, calls, recorded } = activitiesOf();
  const wrong: AllActivities = {
    ...activities,
    verifyRun: (input) => {
      if (input.reason === 'replay') throw ApplicationFailure.nonRetryable('they differ', 'run_inconsistent');
      return activities.verifyRun(input);
    },
  };
  await withWorker(environment, wrong, async (start) => {
    const handle = await start({ version: 1, window: await endedWindow() });
    await untilPhase(handle, 'open');
    expect(await replay(handle)).toEqual({ state: 'failed' });
    await untilPhase(handle, 'open');
    expect(await describeWindow(handle)).toMatchObject({ publicationVersion: 1, lastOutcome: { state: 'published' } });
    await handle.result();
  });
  expect(recorded).toMatchObject([
    { state: 'failed', runId: null, failure: { code: 'run_inconsistent', message: 'they differ' } },
  ]);
  expect(calls.publications).toHaveLength(1);
});

test('a withdrawn replay stops what it computes, records nothing, gives its turn back, and leaves the window as it was', async () => {
  let held: ReturnType<typeof heldCompute> | undefined;
  const { activities, calls, recorded } = activitiesOf(
    {},
    {
      replaced: (seen) => {
        held = heldCompute(seen, (reason) => reason === 'replay');
        return { computeRun: held.computeRun };
      },
    },
  );
  const [first, second] = [randomUUID(), randomUUID()];
  await withWorker(environment, activities, async (start) => {
    const handle = await start({ version: 1, window: await endedWindow() });
    await untilPhase(handle, 'open');
    const running = replay(handle, { replayId: first });
    await untilPhase(handle, 'running');
    const waiting = replay(handle, { replayId: second });
    await vi.waitFor(async () => expect((await describeWindow(handle)).replaysPending).toBe(1), { timeout: 20_000 });
    await handle.signal('withdraw', { version: 1, replayId: second });
    expect(await waiting).toEqual({ state: 'withdrawn' });
    await handle.signal('withdraw', { version: 1, replayId: first });
    expect(await running).toEqual({ state: 'withdrawn' });
    await untilPhase(handle, 'open');
    await handle.result();
  });
  expect(held?.seen.cancelled).toBe(1);
  expect(recorded).toEqual([null]);
  expect(calls.publications).toHaveLength(1);
});

test('a replay that waits for its turn can be withdrawn', async () => {
  const { activities, recorded } = activitiesOf(
    {},
    {
      replaced: () => ({
        enterRun: ({ reason }) => Promise.resolve(reason === 'replay' ? { kind: 'import', expiresInMs: 60_000 } : null),
      }),
    },
  );
  const replayId = randomUUID();
  await withWorker(environment, activities, async (start) => {
    const handle = await start({ version: 1, window: await endedWindow() });
    await untilPhase(handle, 'open');
    const waiting = replay(handle, { replayId });
    await untilPhase(handle, 'importing');
    await handle.signal('withdraw', { version: 1, replayId });
    expect(await waiting).toEqual({ state: 'withdrawn' });
    await handle.result();
  });
  expect(recorded).toEqual([null]);
});

test('what has begun to publish goes through with it although it is withdrawn', async () => {
  const publishing = Promise.withResolvers<void>();
  const gate = Promise.withResolvers<void>();
  const { activities, calls, recorded } = activitiesOf();
  const slow: AllActivities = {
    ...activities,
    publishRun: async (input) => {
      if (input.reason === 'replay') {
        publishing.resolve();
        await gate.promise;
      }
      return activities.publishRun(input);
    },
  };
  const replayId = randomUUID();
  await withWorker(environment, slow, async (start) => {
    const handle = await start({ version: 1, window: await endedWindow() });
    await untilPhase(handle, 'open');
    const asked = replay(handle, { replayId });
    await publishing.promise;
    await handle.signal('withdraw', { version: 1, replayId });
    gate.resolve();
    expect(await asked).toEqual({ state: 'published' });
    await handle.result();
  });
  expect(calls.publications).toHaveLength(2);
  expect(recorded).toMatchObject([{ state: 'published', publicationVersion: 2 }]);
});

test('a window goes on in a new history and loses no replay on the way', async () => {
  const { activities, recorded } = activitiesOf();
  await withWorker(environment, activities, async (start) => {
    const handle = await start({ version: 1, window: await endedWindow(), continueAsNewAfterEvents: 5 });
    const current = environment.client.workflow.getHandle(handle.workflowId) as WindowHandle;
    for (let n = 0; n < 4; n += 1) expect(await replay(current)).toEqual({ state: 'published' });
    await current.result();
  });
  expect(recorded).toHaveLength(4);
});

test('publishing a dry run makes its version known to the window, and a window that is behind catches up', async () => {
  const { activities, calls } = activitiesOf({ isDryRun: true });
  const answers = { state: 'published', publicationVersion: 2, settingsVersion: 7, isBehind: true } as const;
  const publishing: AllActivities = {
    ...activities,
    publishReplayRun: ({ publishedAtMs }) => {
      calls.publications.push({ version: 2, runId: 'dry', publishedAtMs });
      return Promise.resolve({ ...answers, firstPublishedAtMs: calls.publications[0]?.publishedAtMs ?? 0 });
    },
  };
  await withWorker(environment, publishing, async (start) => {
    const handle = await start({ version: 1, window: await endedWindow() });
    await untilPhase(handle, 'open');
    expect(await replay(handle, { operation: 'publish' })).toEqual({ state: 'published' });
    await vi.waitFor(
      async () =>
        expect(await describeWindow(handle)).toMatchObject({
          publicationVersion: 3,
          lastOutcome: { reason: 'reopen', state: 'published' },
        }),
      { timeout: 20_000 },
    );
    await handle.result();
  });
});
