import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { IncidentsOnTest, startForIncidents } from './incidents-on-test.ts';
import { MINUTE_MS, firing, resolved } from './samples.ts';

let environment: TestWorkflowEnvironment;
beforeAll(async () => {
  environment = await startForIncidents();
});
afterAll(() => environment.teardown());

const world = () =>
  new IncidentsOnTest(environment, {
    people: ['ada'],
    channels: ['room'],
    policy: `
    steps: [{ notify: [{ channel: "@room" }], wait: 30m }]
    hold: 1m
    repeat: 0`,
  });

test('10,000 alerts of one group are one incident, which ends when the last of them has', async () => {
  const storm = world();
  const fingerprint = (index: number): string => index.toString(16).padStart(16, '0');
  const now = await environment.currentTimeMs();
  const all = Array.from({ length: 10_000 }, (_, index) => fingerprint(index));
  await storm.run(async () => {
    const told = all.map((each, index) => firing(each, now + index));
    expect(await storm.alerts(told)).toMatchObject({ isNew: true, status: 'triggered' });
    expect(await storm.alerts(told)).toMatchObject({ isNew: false });
    await expect.poll(() => storm.told).toEqual(['channel:room 1/1/1']);
    expect(await storm.describe()).toMatchObject({ firing: 10_000, resolved: 0 });
    expect(storm.edge.pagesAsked[0]?.alertsFiring).toBeGreaterThanOrEqual(2_000);
    await storm.alerts(all.slice(1).map((each, index) => resolved(each, now + 1 + index)));
    await storm.sleep(10 * MINUTE_MS);
    expect(await storm.describe()).toMatchObject({ firing: 1, resolved: 9_999 });
    await storm.alerts([resolved(all[0], now)]);
    await storm.end();
    expect(storm.told).toEqual(['channel:room 1/1/1', 'channel:room resolved/1']);
  });
});
