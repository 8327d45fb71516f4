import { TestWorkflowEnvironment } from '@temporalio/testing';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { testEnv } from '../support/parts.ts';
import { executionsOf } from '../windows/lives.ts';
import { quietRuntime } from '../windows/time-skipping.ts';
import { hours, plainReplay, withReplayWorkers } from './plain-replay.ts';

/** Where the server begins to suggest a new history; it ends a workflow at twelve times as much. */
const EVENTS_MAX = 4_096;
const BYTES_MAX = 4 * 1_048_576;
/** As many as may be under way at once: all of them are carried over. */
const CONCURRENCY = 100;
const WINDOWS_PER_HISTORY = 500;

/** `TEST_LONG=1` measures the many as well, which takes minutes. */
const SIZES = process.env['TEST_LONG'] === undefined ? [1_000] : [1_000, 100_000];

let environment: TestWorkflowEnvironment;
beforeAll(async () => {
  quietRuntime();
  environment = await TestWorkflowEnvironment.createFromExistingServer({ address: testEnv.TEMPORAL_ADDRESS });
});
afterAll(() => environment.teardown());

test.for(SIZES)(
  'a replay over %i windows stays in histories that are shorter than those for which the server suggests a new one',
  { timeout: 2 * 3_600_000 },
  async (windows, { annotate }) => {
    const { calls, ...workers } = plainReplay(hours(windows), {}, { concurrency: CONCURRENCY });
    const executions = await withReplayWorkers(environment, workers, async (start) =>
      executionsOf(environment, await start()),
    );
    expect(calls.ended).toEqual([{ isCancelled: false }]);
    expect(new Set(calls.asked).size).toBe(windows);
    const sizes = executions.map(({ historyLength, historySize = 0 }) => ({
      events: historyLength,
      bytes: historySize,
    }));
    await annotate(`${sizes.length} histories, of at most ${JSON.stringify(largest(sizes))}`);
    // Those under way are asked for again by the next history.
    expect(sizes.length).toBeLessThanOrEqual(Math.ceil(windows / (WINDOWS_PER_HISTORY - CONCURRENCY)) + 1);
    for (const { events, bytes } of sizes) {
      expect(events).toBeLessThan(EVENTS_MAX);
      expect(bytes).toBeGreaterThan(0);
      expect(bytes).toBeLessThan(BYTES_MAX);
    }
  },
);

const largest = (sizes: readonly { events: number; bytes: number }[]) => ({
  events: Math.max(...sizes.map(({ events }) => events)),
  bytes: Math.max(...sizes.map(({ bytes }) => bytes)),
});
