import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { heartbeatWorkflowId } from '../../activities/incidents/client.ts';
import { IncidentsOnTest, startForIncidents } from './incidents-on-test.ts';
import { MINUTE_MS, SECOND_MS } from './samples.ts';

let environment: TestWorkflowEnvironment;
// Beats have no end: a clock that ran on for years after one test is none for the next.
beforeEach(async () => {
  environment = await startForIncidents();
});
afterEach(() => environment.teardown());

const WATCHDOG = { everyMs: MINUTE_MS, graceMs: 30 * SECOND_MS };
const incident = { group: 'heartbeat:watchdog' };
const world = (heartbeats: readonly string[] = ['watchdog']) =>
  new IncidentsOnTest(environment, {
    people: ['ada'],
    heartbeats,
    policy: `
    steps: [{ notify: [{ person: "@ada" }], wait: 5m }]
    hold: 1m
    repeat: 0`,
  });

test('a beat that does not come opens an incident, and the next one ends it', async () => {
  const heart = world();
  await heart.run(async () => {
    for (let minute = 0; minute < 5; minute += 1) {
      await heart.beat('watchdog', WATCHDOG);
      await heart.sleep(MINUTE_MS);
    }
    expect(heart.told).toEqual([]);
    await heart.sleep(MINUTE_MS);
    await expect.poll(() => heart.told).toEqual(['ada/chat 1/1/1']);
    await heart.beat('watchdog', WATCHDOG);
    await heart.beat('watchdog', { everyMs: 10 * MINUTE_MS, graceMs: MINUTE_MS });
    await heart.end(incident);
    expect(heart.told).toEqual(['ada/chat 1/1/1', 'ada/chat resolved/1']);
    expect(heart.edge.entries.find(({ kind }) => kind === 'opened')?.details).toMatchObject({ source: 'heartbeat' });
  });
});

test('a beat that makes the next one due sooner is waited for no longer than that', async () => {
  const heart = world();
  await heart.run(async () => {
    await heart.beat('watchdog', { everyMs: 1_000 * MINUTE_MS, graceMs: 0 });
    await heart.beat('watchdog', WATCHDOG);
    await heart.sleep(2 * MINUTE_MS);
    await expect.poll(() => heart.told).toEqual(['ada/chat 1/1/1']);
    await heart.command({ name: 'resolve' }, incident);
    await heart.end(incident);
  });
});

test('history begins anew before it is long, and a beat is missed in any of them', async () => {
  const heart = world();
  const workflowId = heartbeatWorkflowId(heart.tenant, 'watchdog');
  await heart.run(async () => {
    await environment.client.workflow.signalWithStart('heartbeat', {
      workflowId,
      taskQueue: heart.client.taskQueue,
      args: [{ version: 1, tenant: heart.tenant, name: 'watchdog', continueAsNewAfterEvents: 40 }],
      signal: 'beat',
      signalArgs: [{ version: 1, ...WATCHDOG }],
    });
    await heart.sleep(2 * MINUTE_MS);
    await expect.poll(() => heart.told).toEqual(['ada/chat 1/1/1']);
    const { runId } = await environment.client.workflow.getHandle(workflowId).describe();
    for (let minute = 0; minute < 20; minute += 1) {
      await heart.beat('watchdog', WATCHDOG);
      await heart.sleep(MINUTE_MS);
    }
    expect((await environment.client.workflow.getHandle(workflowId).describe()).runId).not.toBe(runId);
    expect(heart.told).toEqual(['ada/chat 1/1/1', 'ada/chat resolved/1']);
  });
});

test('one that was taken out of the policy is waited for no longer, and nobody is told', async () => {
  const heart = world([]);
  await heart.run(async () => {
    await heart.beat('watchdog', WATCHDOG);
    await environment.client.workflow.getHandle(heartbeatWorkflowId(heart.tenant, 'watchdog')).result();
    expect(heart.told).toEqual([]);
  });
});
