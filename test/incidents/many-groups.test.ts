import { TestWorkflowEnvironment } from '@temporalio/testing';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { testEnv } from '../support/parts.ts';
import { quietRuntime } from '../windows/time-skipping.ts';
import { inLanes } from './in-lanes.ts';
import { IncidentsOnTest } from './incidents-on-test.ts';
import { firing } from './samples.ts';

let environment: TestWorkflowEnvironment;
// The real server: the one that skips time loses answers of updates with a start when many come at once.
beforeAll(async () => {
  quietRuntime();
  environment = await TestWorkflowEnvironment.createFromExistingServer({ address: testEnv.TEMPORAL_ADDRESS });
});
afterAll(() => environment.teardown());

/** `TEST_LONG=1` lets as many come as in the worst storm, which takes minutes. */
const GROUPS = process.env['TEST_LONG'] === undefined ? 200 : 2_000;
/** After it something is stuck. */
const TOLD_MS_MAX = 900_000;

test(`${GROUPS} groups at once are as many incidents, and of each somebody hears`, async ({ annotate }) => {
  const storm = new IncidentsOnTest(environment, {
    channels: ['room'],
    policy: `
    steps: [{ notify: [{ channel: "@room" }], wait: 30m }]
    repeat: 0`,
    throttle: '1000, per: 10s',
  });
  const groups = Array.from({ length: GROUPS }, (_, index) => `group-${index}`);
  const begunAt = performance.now();
  await storm.run(async () => {
    await inLanes(groups, (group) => storm.alerts([firing()], { group }));
    await expect.poll(() => storm.told.length, { timeout: TOLD_MS_MAX, interval: 500 }).toBe(GROUPS);
    await annotate(`all were told after ${Math.round((performance.now() - begunAt) / 1_000)} s`);
    const keys = storm.edge.sent.flatMap((message) => message.keys);
    expect(new Set(keys).size).toBe(GROUPS);
  });
}, 1_200_000);
