import { randomUUID } from 'node:crypto';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { IncidentsOnTest, startForIncidents } from './incidents-on-test.ts';
import { HOUR_MS, MINUTE_MS, firing, resolved } from './samples.ts';

let environment: TestWorkflowEnvironment;
beforeAll(async () => {
  environment = await startForIncidents();
});
afterAll(() => environment.teardown());

// No sleep ends an hour after somebody was told: their contact's silence ends then, and the server that skips time never gets over a
// timer that fires while it is cancelled.

/** Ada and Ben take turns by the day, from nine to nine on the clock of Berlin. */
const SCHEDULE = `
  - id: "@days"
    time_zone: Europe/Berlin
    layers:
      - { id: layer, people: ["@ada", "@ben"], rotation: daily, handover: { time: "09:00" }, starts: 2026-01-05 }`;
const onShift = (policy: string) =>
  new IncidentsOnTest(environment, { people: ['ada', 'ben', 'cleo'], channels: ['room'], schedules: SCHEDULE, policy });

/** Sleeps until a moment of the server's clock. */
async function untilMs(atMs: number): Promise<void> {
  await environment.sleep(Math.max(1, atMs - (await environment.currentTimeMs())));
}

/** The next time that the clock shows this, a day ahead at least. */
async function nextAt(hourUtc: number): Promise<number> {
  const now = new Date((await environment.currentTimeMs()) + 24 * HOUR_MS);
  return Date.UTC(now.getUTCFullYear(), now.getUTCMonth(), now.getUTCDate() + 1, hourUtc);
}

const ONE_STEP = `
    steps: [{ notify: [{ schedule: "@days" }], wait: 12h }]
    repeat: 0`;

test('whoever is on call when a snooze ends is told, not whoever was when it began', async () => {
  const world = onShift(ONE_STEP);
  await world.run(async () => {
    await untilMs(await nextAt(6));
    await world.alerts([firing()]);
    await expect.poll(() => world.told.length).toBe(1);
    const untilNoon = (await world.nowMs()) + 6 * HOUR_MS;
    await world.command({ name: 'snooze', untilMs: untilNoon });
    await world.sleep(6.5 * HOUR_MS);
    const [before, after] = world.told;
    expect(before).toMatch(/^(ada|ben)\/chat 1\/1\/1$/);
    expect(after).toBe(before?.startsWith('ada') === true ? 'ben/chat 2/1/1' : 'ada/chat 2/1/1');
    expect(world.kinds()).toContain('snooze_ended');
    await world.command({ name: 'resolve' });
    await world.end();
  });
});

test('a handover stays at nine on the wall while the clocks change within a wait', async () => {
  const world = onShift(`
    steps:
      - { notify: [{ schedule: "@days" }], wait: 570m }
      - { notify: [{ schedule: "@days" }], wait: 12h }
    repeat: 0`);
  await world.run(async () => {
    // The night of the change: at 07:30 UTC it is half past nine, which without it would be half past eight.
    const { change } = await nextSpringChange();
    await untilMs(change - 3 * HOUR_MS);
    await world.alerts([firing()]);
    await expect.poll(() => world.told.length).toBe(1);
    await world.sleep(571 * MINUTE_MS);
    const [before, after] = world.told.map((each) => each.split('/')[0]);
    expect(world.told[1]).toMatch(/1\/1\/2$/);
    expect(after).toBe(before === 'ada' ? 'ben' : 'ada');
    await world.command({ name: 'resolve' });
    await world.end();
  });
});

/** The moment at which Berlin goes from winter time to summer time: the last Sunday of March, 01:00 UTC. */
async function nextSpringChange(): Promise<{ change: number }> {
  const now = await environment.currentTimeMs();
  const years = [0, 1].map((more) => new Date(now).getUTCFullYear() + more);
  const changes = years.map((year) => {
    const last = new Date(Date.UTC(year, 2, 31));
    return Date.UTC(year, 2, 31 - last.getUTCDay(), 1);
  });
  return { change: changes.find((change) => change - 4 * HOUR_MS > now) ?? 0 };
}

test('an override that is made while the incident is open counts for the next step', async () => {
  const world = onShift(`
    steps:
      - { notify: [{ schedule: "@days" }], wait: 10m }
      - { notify: [{ schedule: "@days" }], wait: 10m }
    repeat: 0`);
  await world.run(async () => {
    await world.alerts([firing()]);
    await expect.poll(() => world.told.length).toBe(1);
    const now = await world.nowMs();
    world.edge.overrides.push({
      overrideId: randomUUID(),
      scheduleId: world.name('days'),
      kind: 'override',
      people: [world.name('cleo')],
      fromMs: now,
      toMs: now + HOUR_MS,
      createdAtMs: now,
    });
    await world.sleep(11 * MINUTE_MS);
    expect(world.told[1]).toBe('cleo/chat 1/1/2');
    await world.command({ name: 'resolve' });
    await world.end();
  });
});

test('a shift in which nobody is on call is no reason to wait, and can be seen', async () => {
  const world = new IncidentsOnTest(environment, {
    people: ['ada'],
    schedules: `
  - { id: "@nobody", time_zone: UTC, layers: [] }`,
    policy: `
    steps:
      - { notify: [{ schedule: "@nobody" }], wait: 1h }
      - { notify: [{ person: "@ada" }], wait: 1h }
    repeat: 0`,
  });
  await world.run(async () => {
    await world.alerts([firing()]);
    await expect.poll(() => world.told).toEqual(['ada/chat 1/1/2']);
    await world.command({ name: 'resolve' });
    await world.end();
    expect(world.kinds()).toContain('shift_empty');
  });
});

test('in a maintenance window nobody is told, and what fires at its end is told then', async () => {
  const world = onShift(ONE_STEP);
  const now = await environment.currentTimeMs();
  world.edge.maintenance.push({
    maintenanceId: randomUUID(),
    matchers: ['alertname="SinkDelayed"'],
    fromMs: now - HOUR_MS,
    toMs: now + 3 * HOUR_MS,
  });
  await world.run(async () => {
    await world.alerts([firing()]);
    await world.alerts([firing()], { group: 'other', labels: { alertname: 'Other' } });
    await world.sleep(2 * HOUR_MS);
    expect((await world.describe()).incident.status).toBe('suppressed');
    expect(world.told).toHaveLength(1);
    await world.sleep(1.5 * HOUR_MS);
    expect(world.told[1]).toMatch(/2\/1\/1$/);
    expect(world.kinds()).toEqual(expect.arrayContaining(['suppressed', 'maintenance_ended']));
    for (const parts of [{}, { group: 'other' }]) {
      await world.command({ name: 'resolve' }, parts);
      await world.end(parts);
    }
  });
});

test('a policy that is edited while an incident is open changes how people are reached, not what its steps are', async () => {
  const before = `
    steps:
      - { notify: [{ person: "@ada" }], wait: 10m }
      - { notify: [{ person: "@ben" }], wait: 10m }
    repeat: 0`;
  const world = new IncidentsOnTest(environment, { people: ['ada', 'ben', 'cleo'], policy: before });
  await world.run(async () => {
    await world.alerts([firing()]);
    await expect.poll(() => world.told.length).toBe(1);
    const edited = world.parse({
      people: ['ada', 'ben', 'cleo'],
      policy: `
    steps: [{ notify: [{ person: "@cleo" }], wait: 10m }]
    repeat: 0`,
    });
    const people = edited.people.map((person) => ({ ...person, notify: { high: ['mail'], low: ['mail'] } }));
    world.document = { ...edited, people };
    await world.sleep(11 * MINUTE_MS);
    expect(world.told).toEqual(['ada/chat 1/1/1', 'ben/mail 1/1/2']);
    await world.alerts([resolved()]);
    await world.end();
    await world.alerts([firing('a', 1)]);
    await expect.poll(() => world.told.at(-1)).toBe('cleo/mail 1/1/1');
    await world.command({ name: 'resolve' });
    await world.end();
  });
});
