import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { IncidentsOnTest, startForIncidents } from './incidents-on-test.ts';
import { HOUR_MS, MINUTE_MS, SECOND_MS, firing, resolved } from './samples.ts';

let environment: TestWorkflowEnvironment;
beforeAll(async () => {
  environment = await startForIncidents();
});
afterAll(() => environment.teardown());

/** Two people, told twice, and a room that is told when neither answers. */
const LADDER = `
    steps:
      - { notify: [{ person: "@ada" }], wait: 5m }
      - { notify: [{ person: "@ben" }], wait: 10m }
    repeat: 1
    hold: 2m
    acknowledge_timeout: 30m
    last_resort: "@room"`;
const ladder = () =>
  new IncidentsOnTest(environment, { people: ['ada', 'ben', 'cleo'], channels: ['room'], policy: LADDER });
const untilTold = (world: IncidentsOnTest, messages: number): Promise<void> =>
  expect.poll(() => world.told.length).toBe(messages) as unknown as Promise<void>;

test('when nobody answers, every step of every loop is told once, and then the last resort', async () => {
  const world = ladder();
  await world.run(async () => {
    const answer = await world.alerts([firing()]);
    expect(answer).toMatchObject({ status: 'triggered', isNew: true });
    const beganAtMs = await world.nowMs();
    await world.sleep(2 * HOUR_MS);
    expect(world.told).toEqual([
      'ada/chat 1/1/1',
      'ben/chat 1/1/2',
      'ada/chat 1/2/1',
      'ben/chat 1/2/2',
      'channel:room nobody_answered/1',
    ]);
    const minutes = world.edge.sent.map(({ atMs }) => Math.round((atMs - beganAtMs) / MINUTE_MS));
    expect(minutes).toEqual([0, 5, 15, 20, 30]);
    expect(world.kinds().filter((kind) => kind === 'nobody_answered')).toHaveLength(1);
    expect((await world.describe()).waitsFor).toContain('nobody has answered');
    await world.alerts([resolved()]);
    await world.end();
    expect(world.told.slice(5).toSorted()).toEqual([
      'ada/chat resolved/1',
      'ben/chat resolved/1',
      'channel:room resolved/1',
    ]);
    expect(world.edge.sent[0]?.texts).toEqual(['what was found']);
  });
});

test('an acknowledgement that expires begins the steps anew', async () => {
  const world = ladder();
  await world.run(async () => {
    await world.alerts([firing()]);
    await untilTold(world, 1);
    await world.command({ name: 'acknowledge' });
    await world.sleep(29 * MINUTE_MS);
    expect(world.told).toEqual(['ada/chat 1/1/1']);
    await world.sleep(7 * MINUTE_MS);
    expect(world.told).toEqual(['ada/chat 1/1/1', 'ada/chat 2/1/1', 'ben/chat 2/1/2']);
    expect(world.kinds()).toContain('acknowledgement_expired');
    await world.command({ name: 'resolve' });
    await world.end();
  });
});

test('somebody who acknowledges while the page is gathered is not paged', async () => {
  const world = ladder();
  const gathered = Promise.withResolvers<string>();
  world.edge.page = () => gathered.promise;
  await world.run(async () => {
    await world.alerts([firing()]);
    await expect.poll(() => world.edge.pagesAsked.length).toBe(1);
    await world.command({ name: 'acknowledge' });
    gathered.resolve('too late');
    await expect.poll(async () => (await world.describe()).noticesOpen).toBe(0);
    expect(world.told).toEqual([]);
    await world.command({ name: 'resolve' });
    await world.end();
  });
});

test('a page that cannot be gathered is sent without it', async () => {
  const world = ladder();
  world.edge.page = () => Promise.reject(new Error('a bug of whoever gathers'));
  await world.run(async () => {
    await world.alerts([firing()]);
    await expect.poll(() => world.edge.sent.map(({ texts }) => texts)).toEqual([['']]);
    await world.command({ name: 'resolve' });
    await world.end();
  });
});

test('alerts that end and fire again within the hold are one incident that has flapped', async () => {
  const world = ladder();
  await world.run(async () => {
    const { incidentId } = await world.alerts([firing('a', 1)]);
    await untilTold(world, 1);
    await world.sleep(MINUTE_MS);
    await world.alerts([resolved('a', 1)]);
    await world.sleep(MINUTE_MS);
    expect(await world.alerts([firing('a', 2)])).toMatchObject({ incidentId, isNew: false });
    await world.alerts([resolved('a', 2)]);
    await world.end();
    expect(world.kinds()).toContain('flapped');
    expect(world.told).toEqual(['ada/chat 1/1/1', 'ada/chat resolved/1']);
  });
});

test('what fires after the end is a new incident that knows the one before', async () => {
  const world = ladder();
  await world.run(async () => {
    const first = await world.alerts([firing('a', 1)]);
    await world.alerts([resolved('a', 1)]);
    await world.end();
    const second = await world.alerts([firing('a', 2)]);
    expect(second.isNew).toBe(true);
    expect(second.incidentId).not.toBe(first.incidentId);
    expect((await world.describe()).incident.previousIncidentId).toBe(first.incidentId);
    await world.command({ name: 'resolve' });
    await world.end();
  });
});

test('what fires after the end while its timeline cannot be written is a new incident too, and both are written down', async () => {
  const world = ladder();
  await world.run(async () => {
    const first = await world.alerts([firing('a', 1)]);
    await untilTold(world, 1);
    world.edge.isStoreAway = true;
    await world.alerts([resolved('a', 1)]);
    await world.sleep(10 * MINUTE_MS);
    expect((await world.describe()).incident).toMatchObject({ status: 'resolved', incidentId: first.incidentId });
    const second = await world.alerts([firing('a', 2)]);
    expect(second).toMatchObject({ status: 'triggered', isNew: true });
    expect((await world.describe()).incident.previousIncidentId).toBe(first.incidentId);
    await world.sleep(6 * MINUTE_MS);
    expect(world.told.filter((each) => each.endsWith('1/1/1'))).toHaveLength(2);
    world.edge.isStoreAway = false;
    await world.command({ name: 'resolve' });
    await world.end();
    expect(world.kinds(first.incidentId ?? '')).toContain('resolved');
    const kinds = world.kinds(second.incidentId ?? '');
    expect(kinds[0]).toBe('opened');
    expect(kinds.slice(1)).toContain('resolved');
    expect(await world.executions()).toBe(1);
  });
});

test('while the store is away everything is told in time, says what is not known, and is written down afterwards, once', async () => {
  const world = ladder();
  world.edge.isStoreAway = true;
  await world.run(async () => {
    await world.alerts([firing()]);
    await world.sleep(2 * HOUR_MS);
    expect(world.told).toHaveLength(5);
    expect(world.edge.sent[0]?.texts[0]).toContain('Maintenance windows could not be looked up');
    expect(world.edge.sent[0]?.texts[0]).toContain('Overrides of the on-call schedule could not be looked up');
    expect(world.edge.entries).toEqual([]);
    world.edge.isStoreAway = false;
    await world.alerts([resolved()]);
    await world.end();
    const numbers = world.edge.entries.map(({ entryId }) => Number(entryId.split('/')[1]));
    expect(numbers.toSorted((left, right) => left - right)).toEqual(numbers.map((_, index) => index + 1));
    expect(world.kinds()).toContain('nobody_answered');
  });
});

test('an incident that has ended waits a week for the store, and no longer', async () => {
  const world = ladder();
  await world.run(async () => {
    await world.alerts([firing()]);
    await untilTold(world, 1);
    world.edge.isStoreAway = true;
    const endedAtMs = await world.nowMs();
    await world.command({ name: 'resolve' });
    const days = ((await world.end()) - endedAtMs) / (24 * HOUR_MS);
    expect(days).toBeGreaterThanOrEqual(7);
    expect(days).toBeLessThan(7.1);
  });
});

test('a person who cannot be reached by chat gets a mail, and one who cannot be reached at all makes the next step begin', async () => {
  const world = ladder();
  for (const contact of ['ada/chat', 'ada/mail', 'ben/chat']) {
    const [id = '', way = ''] = contact.split('/');
    world.edge.broken.add(`person:${world.name(id)}/${way}`);
  }
  await world.run(async () => {
    await world.alerts([firing()]);
    await expect.poll(() => world.told).toEqual(['ben/mail 1/1/2']);
    await world.sleep(SECOND_MS);
    const failed = world.edge.entries.filter(({ kind }) => kind === 'notice_failed');
    expect(failed.map(({ details }) => details['code'])).toEqual(Array(3).fill('channel_refused'));
    await world.command({ name: 'resolve' });
    await world.end();
  });
});

test('what is of low urgency is told once and escalates to nobody', async () => {
  const world = ladder();
  await world.run(async () => {
    await world.alerts([firing()], { severity: 'info' });
    await world.sleep(48 * HOUR_MS);
    expect(world.told).toEqual(['ada/mail 1/1/1']);
    await expect(world.command({ name: 'escalate' })).rejects.toMatchObject({ code: 'incident_refused' });
    await world.alerts([resolved()]);
    await world.end();
    expect(world.kinds()).not.toContain('nobody_answered');
  });
});

test('an incident that was merged into another one is followed to its end by nobody, and the other one knows', async () => {
  const world = ladder();
  const other = { group: 'other' };
  await world.run(async () => {
    await world.alerts([firing()]);
    const into = await world.alerts([firing()], other);
    await untilTold(world, 2);
    const target = { intoIncidentId: into.incidentId ?? '', intoWorkflowId: world.workflowId(other) };
    await world.command({ name: 'merge', ...target });
    await world.sleep(6 * MINUTE_MS);
    expect(world.told.filter((each) => each.startsWith('ben'))).toHaveLength(1);
    expect(world.kinds(into.incidentId ?? '')).toContain('merged_from');
    await world.alerts([resolved()]);
    await world.end();
    expect(world.kinds()).toContain('merged');
    await world.command({ name: 'resolve' }, other);
    await world.end(other);
  });
});

test('an incident that was to be merged into one that has ended is looked after by itself again', async () => {
  const world = ladder();
  const other = { group: 'other' };
  await world.run(async () => {
    const into = await world.alerts([firing()], other);
    await world.command({ name: 'resolve' }, other);
    await world.end(other);
    await world.alerts([firing()]);
    const target = { intoIncidentId: into.incidentId ?? '', intoWorkflowId: world.workflowId(other) };
    await world.command({ name: 'merge', ...target });
    await expect.poll(async () => (await world.describe()).incident.status).toBe('triggered');
    await expect.poll(() => world.told.at(-1)).toBe('ada/chat 2/1/1');
    await world.command({ name: 'resolve' });
    await world.end();
  });
});

test('a command is refused with its reason, and one for an incident that has ended reaches no other', async () => {
  const world = ladder();
  await world.run(async () => {
    await world.alerts([firing()]);
    await world.command({ name: 'acknowledge' });
    await expect(world.command({ name: 'acknowledge' })).rejects.toMatchObject({
      code: 'incident_refused',
      message: expect.stringContaining('already') as string,
    });
    await world.command({ name: 'resolve' });
    await expect(world.command({ name: 'note', text: 'late' })).rejects.toMatchObject({
      code: expect.stringMatching(/incident_(refused|unknown)/) as string,
    });
    await world.end();
  });
});

test('it goes over into a new history with everything it knows, links that were used among it', async () => {
  const world = ladder();
  await world.run(async () => {
    await world.alertsContinuing([firing('z')], 60);
    await world.command({ name: 'acknowledge', linkId: 'link' });
    await world.command({ name: 'unacknowledge' });
    for (let n = 0; n < 20; n += 1) await world.alerts([firing(`f${n}`, n)]);
    await world.sleep(6 * MINUTE_MS);
    await expect(world.command({ name: 'acknowledge', linkId: 'link' })).rejects.toMatchObject({
      message: expect.stringContaining('used') as string,
    });
    expect((await world.describe()).firing).toBe(21);
    expect(world.told.at(-1)).toBe('ben/chat 2/1/2');
    await world.command({ name: 'resolve' });
    await world.end();
    expect(await world.executions()).toBeGreaterThan(1);
    const numbers = world.edge.entries.map(({ entryId }) => entryId);
    expect(new Set(numbers).size).toBe(numbers.length);
    expect(world.kinds()).toHaveLength((await world.describe()).incident.entries);
  });
});

test('a linked replay that is published is told to whoever was paged', async () => {
  const world = ladder();
  await world.run(async () => {
    await world.alerts([firing()]);
    await untilTold(world, 1);
    await world.command({ name: 'link_replay', replayId: 'replay' });
    const handle = environment.client.workflow.getHandle(world.workflowId());
    await handle.signal('replayPublished', { version: 1, replayId: 'replay' });
    await expect.poll(() => world.told.at(-1)).toBe('ada/chat replay_published/1');
    await world.command({ name: 'resolve' });
    await world.end();
    expect(world.kinds()).toContain('replay_published');
  });
});

test('ends alone open nothing', async () => {
  const world = ladder();
  await world.run(async () => {
    expect(await world.alerts([resolved()])).toEqual({ incidentId: null, status: 'resolved', isNew: false });
  });
  expect(world.told).toEqual([]);
});

test('a worker that forgets every incident after every step loses nothing', async () => {
  const world = ladder();
  await world.run(
    async () => {
      await world.alerts([firing()]);
      await world.sleep(2 * HOUR_MS);
      expect(world.told).toHaveLength(5);
      await world.alerts([resolved()]);
      await world.end();
    },
    { maxCachedWorkflows: 0 },
  );
  expect(world.told).toHaveLength(8);
});
