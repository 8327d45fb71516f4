import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { DAY_MS, describeWindow, newWindow, plainActivities, startTimeSkipping, withWorker } from './time-skipping.ts';

let environment: TestWorkflowEnvironment;
beforeAll(async () => {
  environment = await startTimeSkipping();
});
afterAll(() => environment.teardown());

test('a window waits for its end and the allowed lateness, publishes once, and freezes at the horizon', async () => {
  const { activities, calls } = plainActivities({ allowedLatenessMs: 3 * DAY_MS, lateHorizonMs: 7 * DAY_MS });
  const window = await newWindow(environment);
  await withWorker(environment, activities, async (start) => {
    const handle = await start({ version: 1, window });
    await vi.waitFor(async () => expect((await describeWindow(handle)).phase).toBe('waiting'));
    expect(await describeWindow(handle)).toMatchObject({
      nextDeadlineMs: window.windowEndMs + 3 * DAY_MS,
      publicationVersion: 0,
    });
    const outcome = await handle.result();
    expect(outcome).toMatchObject({ state: 'published', reason: 'close', publicationVersion: 1 });
    expect(calls.publications).toHaveLength(1);
    const publishedAtMs = calls.publications[0]?.publishedAtMs ?? 0;
    expect(publishedAtMs).toBeGreaterThanOrEqual(window.windowEndMs + 3 * DAY_MS);
    expect(await describeWindow(handle)).toMatchObject({ phase: 'frozen', freezesAtMs: publishedAtMs + 7 * DAY_MS });
    expect(await environment.currentTimeMs()).toBeGreaterThanOrEqual(publishedAtMs + 7 * DAY_MS);
  });
  expect(calls.order.filter((name) => name !== 'recordOutcome')).toEqual([
    'loadWindow',
    'loadWindow',
    'findLease',
    'awaitArrival',
    'computeRun',
    'verifyRun',
    'publishRun',
  ]);
});
