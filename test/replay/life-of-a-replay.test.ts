import { Context } from '@temporalio/activity';
import { TestWorkflowEnvironment } from '@temporalio/testing';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { testEnv } from '../support/parts.ts';
import { quietRuntime } from '../windows/time-skipping.ts';
import {
  type ReplayHandle,
  type Wanted,
  changeReplay,
  gatedWindows,
  hours,
  plainReplay,
  progressOf,
  withReplayWorkers,
} from './plain-replay.ts';

let environment: TestWorkflowEnvironment;
// The real server: the one that skips time stands still when a workflow goes on in a new history while it is queried.
beforeAll(async () => {
  quietRuntime();
  environment = await TestWorkflowEnvironment.createFromExistingServer({ address: testEnv.TEMPORAL_ADDRESS });
});
afterAll(() => environment.teardown());

const change = (handle: ReplayHandle, wanted: Wanted): Promise<void> => changeReplay(environment, handle, wanted);
/** What is begun at once comes to the worker in any order. */
const byTime = (left: number, right: number): number => left - right;
const untilEnded = (handle: ReplayHandle): Promise<unknown> =>
  environment.client.workflow.getHandle(handle.workflowId).result();

test('a replay goes through all its windows in order, with no more of them at once than it may', async () => {
  const windows = hours(40);
  const { calls, ...workers } = plainReplay(windows, {
    replayWindow: async () => {
      // The first waits for another one, which a busy machine may begin late.
      await vi.waitFor(() => expect(calls.underWayMax).toBeGreaterThan(1), { timeout: 20_000 });
      return { state: 'published' };
    },
  });
  await withReplayWorkers(environment, workers, async (start) => {
    const handle = await start({ windowsPerPage: 7 });
    await handle.result();
    expect(await progressOf(environment, handle)).toMatchObject({
      hasEnded: true,
      windowsTotal: 40,
      windowsEnded: 40,
      counts: { published: 40 },
      inFlightMs: [],
    });
  });
  expect(calls.asked.toSorted(byTime)).toEqual(windows);
  expect(calls.underWayMax).toBeGreaterThan(1);
  expect(calls.underWayMax).toBeLessThanOrEqual(3);
  expect(calls.ended).toEqual([{ isCancelled: false }]);
});

test('a replay goes on in new histories with the windows that are under way, and counts each of them once', async () => {
  const windows = hours(23);
  const gated = gatedWindows();
  const slow = windows[1] as number;
  const { calls, ...workers } = plainReplay(windows, {
    replayWindow: (input) =>
      input.window.windowStartMs === slow ? gated.replayWindow(input) : Promise.resolve({ state: 'unchanged' }),
  });
  await withReplayWorkers(environment, workers, async (start) => {
    const handle = await start({ windowsPerRun: 5, windowsPerPage: 4 });
    const first = (await handle.describe()).runId;
    await vi.waitFor(
      async () => {
        const progress = await progressOf(environment, handle);
        expect(progress).toMatchObject({ windowsEnded: 22, inFlightMs: [slow] });
      },
      { timeout: 20_000 },
    );
    expect((await environment.client.workflow.getHandle(handle.workflowId).describe()).runId).not.toBe(first);
    gated.end(slow);
    await untilEnded(handle);
    expect(await progressOf(environment, handle)).toMatchObject({
      windowsTotal: 23,
      windowsEnded: 23,
      counts: { unchanged: 22, published: 1 },
    });
  });
  // The slow one is asked for again by each execution, and so is what was under way beside it: the window joins the two.
  expect(new Set(calls.asked)).toEqual(new Set(windows));
  expect(calls.asked.filter((startMs) => startMs === slow).length).toBeGreaterThan(1);
});

test('a replay that rests begins nothing, finishes what is under way, and goes on when it is told to', async () => {
  const windows = hours(6);
  const gated = gatedWindows();
  const { calls, ...workers } = plainReplay(windows, gated);
  await withReplayWorkers(environment, workers, async (start) => {
    const handle = await start();
    await vi.waitFor(() => expect(calls.asked).toHaveLength(3), { timeout: 20_000 });
    await change(handle, { action: 'pause' });
    windows.slice(0, 3).forEach((startMs) => gated.end(startMs));
    await vi.waitFor(
      async () =>
        expect(await progressOf(environment, handle)).toMatchObject({
          state: 'paused',
          windowsEnded: 3,
          inFlightMs: [],
        }),
      { timeout: 20_000 },
    );
    expect(calls.asked).toHaveLength(3);
    await change(handle, { action: 'concurrency', concurrency: 1 });
    await change(handle, { action: 'resume' });
    await vi.waitFor(() => expect(calls.asked).toHaveLength(4), { timeout: 20_000 });
    expect(await progressOf(environment, handle)).toMatchObject({ state: 'running', concurrency: 1 });
    windows.forEach((startMs) => gated.end(startMs));
    await handle.result();
  });
  expect(calls.asked.toSorted(byTime)).toEqual(windows);
  expect(calls.changes).toEqual(['pause', 'concurrency', 'resume']);
});

test('a cancelled replay begins nothing more, tells the windows under way, and ends when they have left or finished', async () => {
  const windows = hours(9);
  const gated = gatedWindows();
  const { calls, ...workers } = plainReplay(windows, gated);
  await withReplayWorkers(environment, workers, async (start) => {
    const handle = await start();
    await vi.waitFor(() => expect(calls.asked).toHaveLength(3), { timeout: 20_000 });
    await change(handle, { action: 'cancel' });
    expect(calls.withdrawn).toEqual(windows.slice(0, 3));
    expect(calls.ended).toEqual([]);
    await expect(change(handle, { action: 'pause' })).rejects.toMatchObject({ cause: { type: 'replay_invalid' } });
    gated.end(windows[0] as number, 'published');
    gated.end(windows[1] as number, 'withdrawn');
    gated.end(windows[2] as number, 'withdrawn');
    await handle.result();
    expect(await progressOf(environment, handle)).toMatchObject({ windowsEnded: 1, counts: { published: 1 } });
  });
  expect(calls.asked.toSorted(byTime)).toEqual(windows.slice(0, 3));
  expect(calls.changes).toEqual(['cancel']);
  expect(calls.ended).toEqual([{ isCancelled: true }]);
});

test('a cancellation of the workflow itself is a cancellation of the replay', async () => {
  const windows = hours(5);
  const { calls, ...workers } = plainReplay(windows, gatedWindows());
  await withReplayWorkers(environment, workers, async (start) => {
    const handle = await start();
    await vi.waitFor(() => expect(calls.asked).toHaveLength(3), { timeout: 20_000 });
    await handle.cancel();
    await handle.result();
  });
  expect(calls.changes).toEqual(['cancel']);
  expect(calls.withdrawn).toEqual(windows.slice(0, 3));
  expect(calls.ended).toEqual([{ isCancelled: true }]);
});

test('commands that make no sense are refused and leave nothing behind', async () => {
  const gated = gatedWindows();
  const { calls, ...workers } = plainReplay(hours(2), gated);
  await withReplayWorkers(environment, workers, async (start) => {
    const handle = await start();
    await vi.waitFor(() => expect(calls.asked).toHaveLength(2), { timeout: 20_000 });
    for (const wanted of [{ action: 'resume' }, { action: 'concurrency', concurrency: 0 }] as const) {
      await expect(change(handle, wanted)).rejects.toMatchObject({ cause: { type: 'replay_invalid' } });
    }
    hours(2).forEach((startMs) => gated.end(startMs));
    await handle.result();
    const { events } = await handle.fetchHistory();
    expect(JSON.stringify(events)).not.toContain('actionKey');
  });
  expect(calls.changes).toEqual([]);
});

test('a replay that is begun again begins only what has not ended', async () => {
  const windows = hours(4);
  const { calls, ...workers } = plainReplay(windows.slice(3), {}, { counts: { published: 2, failed: 1 } });
  await withReplayWorkers(environment, workers, async (start) => {
    const handle = await start();
    await handle.result();
    expect(await progressOf(environment, handle)).toMatchObject({
      windowsTotal: 4,
      windowsEnded: 4,
      counts: { published: 3, failed: 1 },
    });
  });
  expect(calls.asked).toEqual(windows.slice(3));
});

test('a wait that dies is begun again by whoever is there', async () => {
  let attempts = 0;
  const { calls, ...workers } = plainReplay(hours(1), {
    replayWindow: () => {
      attempts = Context.current().info.attempt;
      if (attempts < 3) throw new Error('the worker is gone');
      return Promise.resolve({ state: 'published' });
    },
  });
  await withReplayWorkers(environment, workers, async (start) => {
    const handle = await start();
    await handle.result();
  });
  expect(attempts).toBe(3);
  expect(calls.ended).toEqual([{ isCancelled: false }]);
});
