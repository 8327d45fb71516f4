import { ApplicationFailure, CancelledFailure } from '@temporalio/common';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { withHeartbeat } from '../../activities/heartbeat.ts';
import type { Cutoff } from '../../events/cutoff.ts';
import type { WindowOutcome } from '../../workflows/messages.ts';
import {
  DAY_MS,
  HOUR_MS,
  type Plain,
  type WindowHandle,
  describeWindow,
  newWindow,
  plainActivities,
  startTimeSkipping,
  withWorker,
} from './time-skipping.ts';

let environment: TestWorkflowEnvironment;
beforeAll(async () => {
  environment = await startTimeSkipping();
});
afterAll(() => environment.teardown());

const untilPhase = (handle: WindowHandle, phase: string): Promise<void> =>
  vi.waitFor(async () => expect((await describeWindow(handle)).phase).toBe(phase), { timeout: 20_000 });
const close = (handle: WindowHandle): Promise<WindowOutcome> =>
  handle.executeUpdate<WindowOutcome, [{ version: 1 }]>('close', { args: [{ version: 1 }] });
const reopen = (handle: WindowHandle): Promise<void> => handle.signal('reopen', { version: 1, arrivals: null });

/** A window whose day has ended. */
async function endedWindow() {
  const window = await newWindow(environment);
  return { ...window, windowStartMs: window.windowStartMs - DAY_MS, windowEndMs: window.windowEndMs - DAY_MS };
}

test('a window waits for its end and the allowed lateness, publishes once, and freezes at the horizon', async () => {
  const { activities, calls } = plainActivities({ allowedLatenessMs: 3 * DAY_MS, lateHorizonMs: 7 * DAY_MS });
  const window = await newWindow(environment);
  await withWorker(environment, activities, async (start) => {
    const handle = await start({ version: 1, window });
    await untilPhase(handle, 'waiting');
    const dueMs = window.windowEndMs + 3 * DAY_MS;
    expect(await describeWindow(handle)).toMatchObject({ nextDeadlineMs: dueMs, publicationVersion: 0 });
    const outcome = await handle.result();
    expect(outcome).toMatchObject({ state: 'published', reason: 'close', publicationVersion: 1 });
    expect(calls.publications).toHaveLength(1);
    const publishedAtMs = calls.publications[0]?.publishedAtMs ?? 0;
    expect(publishedAtMs).toBeGreaterThanOrEqual(dueMs);
    expect(await describeWindow(handle)).toMatchObject({ phase: 'frozen', freezesAtMs: publishedAtMs + 7 * DAY_MS });
    expect(await environment.currentTimeMs()).toBeGreaterThanOrEqual(publishedAtMs + 7 * DAY_MS);
  });
  const order = ['loadWindow', 'loadWindow', 'enterRun', 'checkArrival', 'computeRun', 'verifyRun', 'publishRun'];
  expect(calls.order.filter((name) => name !== 'leaveRun')).toEqual(order);
});

test('lateness that a tenant prolongs while the window waits is kept', async () => {
  let allowedLatenessMs = HOUR_MS;
  const { activities, calls } = plainActivities({}, () => ({}));
  const replaced = {
    ...activities,
    loadWindow: async (input: Parameters<Plain['loadWindow']>[0]) => ({
      ...(await activities.loadWindow(input)),
      allowedLatenessMs,
    }),
  };
  const window = await newWindow(environment);
  await withWorker(environment, replaced, async (start) => {
    const handle = await start({ version: 1, window });
    await untilPhase(handle, 'waiting');
    allowedLatenessMs = 5 * DAY_MS;
    await handle.result();
    expect(calls.publications).toHaveLength(1);
    expect(calls.publications[0]?.publishedAtMs).toBeGreaterThanOrEqual(window.windowEndMs + 5 * DAY_MS);
  });
});

test('a command closes before the lateness is over, and each command is answered by a run of its own', async () => {
  const { activities, calls } = plainActivities({ allowedLatenessMs: 30 * DAY_MS });
  await withWorker(environment, activities, async (start) => {
    const handle = await start({ version: 1, window: await endedWindow() });
    expect(await close(handle)).toMatchObject({ state: 'published', reason: 'command', publicationVersion: 1 });
    expect(await close(handle)).toMatchObject({ publicationVersion: 2 });
    expect(calls.order.filter((name) => name === 'checkArrival')).toHaveLength(2);
    await handle.result();
  });
});

test('a command before the end of the window is refused and leaves no run', async () => {
  const { activities, calls } = plainActivities();
  await withWorker(environment, activities, async (start) => {
    const handle = await start({ version: 1, window: await newWindow(environment) });
    await expect(close(handle)).rejects.toMatchObject({ cause: { type: 'window_invalid' } });
    expect(calls.runs).toEqual([]);
    await handle.result();
  });
});

test('a command that comes while a run is under way gets the next run, which may see more', async () => {
  const barrier = Promise.withResolvers<void>();
  let isFirst = true;
  const { activities, calls } = plainActivities({ allowedLatenessMs: 0 }, (seen) => ({
    computeRun: async ({ reason }) => {
      if (isFirst) {
        isFirst = false;
        await barrier.promise;
      }
      const runId = `run-${seen.runs.length + 1}`;
      seen.runs.push({ runId, reason });
      return { runId, startedAtMs: 0, finishedAtMs: 1 };
    },
  }));
  await withWorker(environment, activities, async (start) => {
    const handle = await start({ version: 1, window: await endedWindow() });
    await untilPhase(handle, 'running');
    const closed = close(handle);
    await vi.waitFor(async () => expect((await describeWindow(handle)).closeRequestsPending).toBe(1), {
      timeout: 20_000,
    });
    barrier.resolve();
    expect(await closed).toMatchObject({ publicationVersion: 2, reason: 'command' });
    expect(calls.runs.map(({ reason }) => reason)).toEqual(['close', 'command']);
    await handle.result();
  });
});

test('a burst of late data makes one run, one interval after the last', async () => {
  const { activities, calls } = plainActivities({ allowedLatenessMs: 0, reopenIntervalMs: HOUR_MS });
  await withWorker(environment, activities, async (start) => {
    const handle = await start({ version: 1, window: await endedWindow() });
    await untilPhase(handle, 'open');
    for (let n = 0; n < 20; n += 1) await reopen(handle);
    await vi.waitFor(async () => expect((await describeWindow(handle)).isReopenPending).toBe(true), {
      timeout: 20_000,
    });
    await handle.result();
    expect(calls.runs.map(({ reason }) => reason)).toEqual(['close', 'reopen']);
    const [first, second] = calls.publications.map(({ publishedAtMs }) => publishedAtMs);
    expect((second ?? 0) - (first ?? 0)).toBeGreaterThanOrEqual(HOUR_MS - 60_000);
    expect(calls.publications.map(({ version }) => version)).toEqual([1, 2]);
  });
});

test('late data that the last run has seen makes no run', async () => {
  const { activities, calls } = plainActivities({ allowedLatenessMs: 0, reopenIntervalMs: 1, isCovered: true });
  await withWorker(environment, activities, async (start) => {
    const handle = await start({ version: 1, window: await endedWindow() });
    await untilPhase(handle, 'open');
    await reopen(handle);
    await handle.result();
    expect(calls.runs).toHaveLength(1);
  });
});

test('a run waits for what was accepted and has not arrived, and its cut-off is where that ends', async () => {
  const arrival = Promise.withResolvers<{ cutoff: Cutoff }>();
  const cutoffs: Cutoff[] = [];
  const { activities } = plainActivities({ allowedLatenessMs: 0 }, () => ({
    checkArrival: () => Promise.resolve(null),
    awaitArrival: () => arrival.promise,
  }));
  const watched: Plain = {
    ...activities,
    computeRun: (input) => {
      cutoffs.push(input.cutoff);
      return activities.computeRun(input);
    },
  };
  await withWorker(environment, watched, async (start) => {
    const handle = await start({ version: 1, window: await endedWindow() });
    await untilPhase(handle, 'arriving');
    arrival.resolve({ cutoff: { events: [42] } });
    expect(await handle.result()).toMatchObject({ state: 'published' });
    expect(cutoffs).toEqual([{ events: [42] }]);
  });
});

test('the lease of an import holds a window for as long as it is prolonged', async () => {
  let leases = 5;
  const { activities, calls } = plainActivities({ allowedLatenessMs: 0 }, () => ({
    enterRun: () => Promise.resolve(leases-- > 0 ? { kind: 'import', expiresInMs: 10_000 } : null),
  }));
  const window = await newWindow(environment);
  await withWorker(environment, activities, async (start) => {
    const handle = await start({ version: 1, window });
    await handle.result();
    expect(calls.publications[0]?.publishedAtMs).toBeGreaterThanOrEqual(window.windowEndMs + 50_000);
    expect(calls.order.indexOf('checkArrival')).toBeGreaterThan(calls.order.lastIndexOf('enterRun'));
  });
});

test('a window whose tenant is busy waits until its turn comes, and asks by itself when nobody tells it', async () => {
  let isBusy = true;
  const { activities, calls } = plainActivities({ allowedLatenessMs: 0 }, () => ({
    enterRun: () => Promise.resolve(isBusy ? { kind: 'turn', ahead: 3 } : null),
  }));
  await withWorker(environment, activities, async (start) => {
    const [told, forgotten] = [
      await start({ version: 1, window: await endedWindow() }),
      await start({ version: 1, window: await endedWindow() }),
    ];
    for (const handle of [told, forgotten]) await untilPhase(handle, 'queued');
    expect((await describeWindow(told)).waitsFor).toContain('3 wait before it');
    expect(calls.runs).toEqual([]);
    isBusy = false;
    await told.signal('turn', { version: 1 });
    await untilPhase(told, 'open');
    expect(await describeWindow(forgotten)).toMatchObject({ phase: 'queued', publicationVersion: 0 });
    await environment.sleep('2 minutes');
    await untilPhase(forgotten, 'open');
    // One after the other: after two waits at once the clock of the server no longer skips.
    for (const handle of [told, forgotten]) await handle.result();
  });
});

test('a run that does not add up publishes nothing, is visible, and is made again on new data', async () => {
  let isWrong = true;
  const { activities, calls } = plainActivities({ allowedLatenessMs: 0, reopenIntervalMs: 1 });
  const replaced = {
    ...activities,
    verifyRun: (input: Parameters<Plain['verifyRun']>[0]) => {
      if (isWrong) throw ApplicationFailure.nonRetryable('they differ', 'run_inconsistent');
      return activities.verifyRun(input);
    },
  };
  await withWorker(environment, replaced, async (start) => {
    const handle = await start({ version: 1, window: await endedWindow() });
    await untilPhase(handle, 'inconsistent');
    expect(await describeWindow(handle)).toMatchObject({
      publicationVersion: 0,
      lastOutcome: { state: 'inconsistent', failure: { code: 'run_inconsistent', message: 'they differ' } },
    });
    expect(await close(handle)).toMatchObject({ state: 'inconsistent', publicationVersion: 0 });
    expect(calls.publications).toEqual([]);
    isWrong = false;
    await reopen(handle);
    await untilPhase(handle, 'open');
    expect(calls.publications).toHaveLength(1);
    await handle.result();
  });
});

test('every attempt to compute is a run of its own, and only the one that succeeded is published', async () => {
  let attempts = 0;
  const { activities, calls } = plainActivities({ allowedLatenessMs: 0 }, (seen) => ({
    computeRun: ({ reason }) => {
      attempts += 1;
      const runId = `run-${attempts}`;
      seen.runs.push({ runId, reason });
      if (attempts < 3) throw ApplicationFailure.retryable('away', 'clickhouse_unavailable');
      return Promise.resolve({ runId, startedAtMs: 0, finishedAtMs: 1 });
    },
  }));
  await withWorker(environment, activities, async (start) => {
    const handle = await start({ version: 1, window: await endedWindow() });
    await handle.result();
    expect(calls.runs).toHaveLength(3);
    expect(calls.publications).toMatchObject([{ version: 1, runId: 'run-3' }]);
  });
});

test('a repeated publication is the same row', async () => {
  const moments: number[] = [];
  const { activities } = plainActivities({ allowedLatenessMs: 0 }, () => ({
    publishRun: ({ publishedAtMs }) => {
      moments.push(publishedAtMs);
      if (moments.length < 3) throw ApplicationFailure.retryable('away', 'clickhouse_unavailable');
      return Promise.resolve({ firstPublishedAtMs: publishedAtMs });
    },
  }));
  await withWorker(environment, activities, async (start) => {
    await (await start({ version: 1, window: await endedWindow() })).result();
    expect(moments).toHaveLength(3);
    expect(new Set(moments).size).toBe(1);
  });
});

test('a window goes on in a new history with its state, and loses no command on the way', async () => {
  const { activities, calls } = plainActivities({ allowedLatenessMs: 0, reopenIntervalMs: 1 });
  await withWorker(environment, activities, async (start) => {
    const handle = await start({ version: 1, window: await endedWindow(), continueAsNewAfterEvents: 5 });
    const current = environment.client.workflow.getHandle(handle.workflowId) as WindowHandle;
    const first = (await handle.describe()).runId;
    for (let version = 1; version <= 4; version += 1) {
      expect((await close(current)).publicationVersion).toBeGreaterThanOrEqual(version);
    }
    await vi.waitFor(async () => expect((await current.describe()).runId).not.toBe(first), { timeout: 10_000 });
    await untilPhase(current, 'open');
    expect(await describeWindow(current)).toMatchObject({ publicationVersion: calls.publications.length });
    expect(calls.publications.map(({ version }) => version)).toEqual(calls.publications.map((_, index) => index + 1));
    await current.result();
  });
});

test('a cancelled window ends, and tells what it was computing', async () => {
  const told = Promise.withResolvers<void>();
  const { activities, calls } = plainActivities({ allowedLatenessMs: 0 }, () => ({
    computeRun: () =>
      withHeartbeat({}, async (signal) => {
        await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve()));
        told.resolve();
        throw new CancelledFailure('stopped');
      }),
  }));
  await withWorker(environment, activities, async (start) => {
    const handle = await start({ version: 1, window: await endedWindow() });
    await untilPhase(handle, 'running');
    await handle.cancel();
    await expect(handle.result()).rejects.toMatchObject({ cause: { message: expect.stringMatching(/cancel/i) } });
    await told.promise;
    expect(calls.publications).toEqual([]);
  });
});

test('two tenants in one worker share no state, also when every task replays them', async () => {
  const { activities, calls } = plainActivities({ allowedLatenessMs: 0 });
  const published = new Map<string, { version: number; runId: string; firstPublishedAtMs: number }>();
  const separate = {
    ...activities,
    loadWindow: async (input: Parameters<Plain['loadWindow']>[0]) => ({
      ...(await activities.loadWindow(input)),
      publication: published.get(input.window.tenantId) ?? null,
    }),
    verifyRun: async (input: Parameters<Plain['verifyRun']>[0]) => ({
      ...(await activities.verifyRun(input)),
      publicationVersion: published.get(input.window.tenantId)?.version ?? 0,
    }),
    publishRun: async (input: Parameters<Plain['publishRun']>[0]) => {
      const { publicationVersion: version, runId, publishedAtMs } = input;
      const firstPublishedAtMs = published.get(input.window.tenantId)?.firstPublishedAtMs ?? publishedAtMs;
      published.set(input.window.tenantId, { version, runId, firstPublishedAtMs });
      await activities.publishRun(input);
      return { firstPublishedAtMs };
    },
  };
  await withWorker(
    environment,
    separate,
    async (start) => {
      const busy = await start({ version: 1, window: await endedWindow() });
      const quiet = await start({ version: 1, window: await endedWindow() });
      await untilPhase(quiet, 'open');
      for (let n = 0; n < 3; n += 1) await close(busy);
      expect((await describeWindow(busy)).publicationVersion).toBeGreaterThanOrEqual(3);
      expect(await describeWindow(quiet)).toMatchObject({ publicationVersion: 1, closeRequestsPending: 0 });
      expect(calls.runs.length).toBeGreaterThanOrEqual(4);
      await Promise.all([busy.terminate(), quiet.terminate()]);
    },
    { maxCachedWorkflows: 0 },
  );
});
