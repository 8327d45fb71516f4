import { expect, test } from 'vitest';
import { executionsSoFar } from '../windows/lives.ts';
import { quietRuntime } from '../windows/time-skipping.ts';
import { contactOnTest, keysOf } from './contacts.ts';
import { type ReceivedRequest, answering, hanging, startHttpReceiver } from './http-receiver.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

/** A worker that another one replaces. */
const REPLACED = { maxCachedWorkflows: 0 };

quietRuntime();

const idOf = ({ headers }: ReceivedRequest): unknown => headers['webhook-id'];
const idsOf = (requests: readonly ReceivedRequest[]): unknown[] => requests.map(idOf);

/** What a receiver was told that knows a message by its id: what was being sent as a history ended is sent again. */
const toldOnce = (requests: readonly ReceivedRequest[]): string[] =>
  keysOf([...new Map(requests.map((request) => [idOf(request), request])).values()]).flat();

test('2,000 notices at once are few messages, and every incident hears that its notice was told', async () => {
  const receiver = await startHttpReceiver(answering(200));
  const contact = await contactOnTest({ url: receiver.url });
  const keys = Array.from({ length: 2_000 }, (_, index) => `incident-${index}`);
  await contact.withWorker(async () => {
    const waiting = keys.values();
    // Two that begin it at the very same moment are too much for the test server.
    await contact.tell(waiting.next().value ?? '');
    const lane = async (): Promise<void> => {
      for (const key of waiting) await contact.tell(key);
    };
    await Promise.all(Array.from({ length: 40 }, lane));
    await contact.untilSilent();
    const heard = await contact.heard();
    const expected = keys.map((key) => `${key}/page`).toSorted();
    expect(keysOf(receiver.requests).flat().toSorted()).toEqual(expected);
    expect(heard.map(({ deliveryKey }) => deliveryKey).toSorted()).toEqual(expected);
    expect(new Set(heard.map(({ outcome }) => outcome))).toEqual(new Set(['sent']));
    expect(receiver.requests.length).toBeLessThanOrEqual(10);
  });
});

test('what is more than the throttle allows comes together, as soon as it may', async () => {
  const receiver = await startHttpReceiver(answering(200));
  const contact = await contactOnTest({ url: receiver.url, throttle: { messages: 1, per: '10m' } });
  await contact.withWorker(async () => {
    await contact.tell('first');
    await expect.poll(() => receiver.requests.length).toBe(1);
    for (const key of ['second', 'third']) await contact.tell(key);
    await contact.tell('second', { deliveryKey: 'second/resolved', kind: 'resolved' });
    await contact.untilSilent();
    expect(keysOf(receiver.requests)).toEqual([['first/page'], ['third/page', 'second/page', 'second/resolved']]);
    const [first, ...others] = await contact.heard();
    expect(others.map(({ bundled }) => bundled)).toEqual([2, 2, 2]);
    for (const { atMs } of others) expect(atMs - (first?.atMs ?? 0)).toBeGreaterThanOrEqual(9.9 * MINUTE_MS);
    for (const { atMs } of others) expect(atMs - (first?.atMs ?? 0)).toBeLessThan(11 * MINUTE_MS);
  });
});

test('the same notice handed over again is one message and one answer', async () => {
  const receiver = await startHttpReceiver(answering(200));
  const contact = await contactOnTest({ url: receiver.url });
  await contact.withWorker(async () => {
    await contact.tell('one');
    await contact.tell('one');
    await expect.poll(() => receiver.requests.length).toBe(1);
    await contact.tell('one');
    await contact.untilSilent();
    expect(keysOf(receiver.requests)).toEqual([['one/page']]);
    expect(await contact.heard()).toHaveLength(1);
  });
});

test('what nobody takes is tried for five minutes as the same message, then the incident hears that it failed', async () => {
  const receiver = await startHttpReceiver(answering(503));
  const contact = await contactOnTest({ url: receiver.url });
  await contact.withWorker(async () => {
    const beginMs = await contact.environment.currentTimeMs();
    await contact.tell('one');
    await contact.untilSilent();
    const [outcome, ...more] = await contact.heard();
    expect(more).toEqual([]);
    expect(outcome).toMatchObject({ outcome: 'failed', code: 'channel_failed', channel: 'webhook', bundled: 1 });
    expect((outcome?.atMs ?? 0) - beginMs).toBeGreaterThan(3 * MINUTE_MS);
    expect((outcome?.atMs ?? 0) - beginMs).toBeLessThan(5.5 * MINUTE_MS);
    expect(receiver.requests.length).toBeGreaterThan(5);
    expect(new Set(idsOf(receiver.requests)).size).toBe(1);
  });
});

test('while a contact does not work, what comes next waits a minute at most until somebody else is asked', async () => {
  const receiver = await startHttpReceiver(answering(503));
  const contact = await contactOnTest({ url: receiver.url });
  await contact.withWorker(async () => {
    await contact.tell('one');
    await expect.poll(() => receiver.requests.length).toBeGreaterThan(0);
    await contact.tell('two');
    await contact.untilSilent();
    const [one, two] = await contact.heard();
    expect([one?.deliveryKey, two?.deliveryKey]).toEqual(['one/page', 'two/page']);
    expect((two?.atMs ?? 0) - (one?.atMs ?? 0)).toBeLessThan(1.5 * MINUTE_MS);
  });
});

test('a channel that asks to be left alone is left alone', async () => {
  const receiver = await startHttpReceiver(answering(429, { 'retry-after': '120' }));
  const contact = await contactOnTest({ url: receiver.url });
  await contact.withWorker(async () => {
    await contact.tell('one');
    await contact.untilSilent();
    expect(receiver.requests.length).toBeLessThanOrEqual(3);
    expect(receiver.requests.length).toBeGreaterThan(1);
    expect(await contact.heard()).toMatchObject([{ outcome: 'failed', code: 'channel_failed' }]);
  });
});

test('what is refused is not tried again, and the incident hears so at once', async () => {
  const receiver = await startHttpReceiver(answering(404));
  const contact = await contactOnTest({ url: receiver.url });
  await contact.withWorker(async () => {
    const beginMs = await contact.environment.currentTimeMs();
    await contact.tell('one');
    await contact.untilSilent();
    expect(receiver.requests).toHaveLength(1);
    const [outcome] = await contact.heard();
    expect(outcome).toMatchObject({ outcome: 'failed', code: 'channel_refused', channel: 'webhook' });
    expect((outcome?.atMs ?? 0) - beginMs).toBeLessThan(MINUTE_MS);
  });
});

test('a worker that is replaced in the middle of a message loses nothing: the next one sends the same again', async () => {
  const receiver = await startHttpReceiver(hanging, answering(200));
  const contact = await contactOnTest({ url: receiver.url });
  await contact.withWorker(async () => {
    await contact.tell('one');
    await contact.tell('two');
    await expect.poll(() => receiver.requests.length).toBe(1);
  }, REPLACED);
  await contact.tell('three');
  await contact.withWorker(async () => {
    await contact.untilSilent();
    const [first, ...others] = keysOf(receiver.requests);
    expect(others.flat().toSorted()).toEqual(['one/page', 'three/page', 'two/page']);
    const [firstId, ...ids] = idsOf(receiver.requests);
    expect(ids[others.findIndex((keys) => keys.join() === first?.join())]).toBe(firstId);
    expect((await contact.heard()).map(({ outcome }) => outcome)).toEqual(['sent', 'sent', 'sent']);
  });
});

test('a history that becomes long goes on in a new one, with what waits and what was told', async () => {
  const receiver = await startHttpReceiver(answering(200));
  const throttle = { messages: 2, per: '1s' };
  const contact = await contactOnTest({ url: receiver.url, throttle, server: 'shared' });
  await contact.withWorker(async () => {
    await contact.beginWith(25);
    const keys = Array.from({ length: 30 }, (_, index) => `incident-${index}`);
    for (const key of keys) {
      await contact.tell(key);
      await contact.tell(key);
    }
    await expect.poll(async () => (await contact.heard()).length).toBe(30);
    expect(toldOnce(receiver.requests)).toEqual(keys.map((key) => `${key}/page`));
    expect((await executionsSoFar(contact.environment, contact.handle)).length).toBeGreaterThan(2);
    await contact.handle.terminate();
  });
});

test('a storm while a message is tried again and again does not end the workflow, and the message stays the same', async () => {
  let isStormOver = false;
  const receiver = await startHttpReceiver((...exchange) => answering(isStormOver ? 200 : 503)(...exchange));
  const contact = await contactOnTest({ url: receiver.url, server: 'shared' });
  await contact.withWorker(async () => {
    const runId = await contact.beginWith(20);
    await contact.tell('first');
    await expect.poll(() => receiver.requests.length).toBeGreaterThan(0);
    const keys = Array.from({ length: 60 }, (_, index) => `incident-${index}`);
    for (const key of keys) await contact.tell(key);
    await expect.poll(() => receiver.requests.length).toBeGreaterThan(2);
    isStormOver = true;
    const refused = receiver.requests.length;
    await expect.poll(async () => (await contact.heard()).length).toBe(61);
    const ids = new Set(idsOf(receiver.requests.slice(0, refused + 1)));
    expect(ids.size).toBe(1);
    expect(toldOnce(receiver.requests.slice(refused)).toSorted()).toEqual(
      ['first/page', ...keys.map((key) => `${key}/page`)].toSorted(),
    );
    expect((await contact.handle.describe()).runId).not.toBe(runId);
    await contact.handle.terminate();
  });
});

test.each([-2_000, -1, 0, 1, 2_000])(
  'a notice that comes %i ms from the end of the silence is told',
  async (offsetMs) => {
    const receiver = await startHttpReceiver(answering(200));
    const contact = await contactOnTest({ url: receiver.url });
    await contact.withWorker(async () => {
      await contact.tell('one');
      await expect.poll(() => receiver.requests.length).toBe(1);
      await contact.environment.sleep(HOUR_MS + offsetMs);
      await contact.tell('two');
      await contact.untilSilent();
      expect(keysOf(receiver.requests)).toEqual([['one/page'], ['two/page']]);
      expect(await contact.heard()).toHaveLength(2);
    });
  },
);

test('an incident that has ended already is no error: others hear', async () => {
  const receiver = await startHttpReceiver(answering(200));
  const contact = await contactOnTest({ url: receiver.url, throttle: { messages: 1, per: '1m' } });
  await contact.withWorker(async () => {
    await contact.tell('first');
    await contact.tell('gone', { workflowId: 'incident/nobody/knows-it' });
    await contact.tell('other');
    await contact.untilSilent();
    const heard = (await contact.heard()).map(({ deliveryKey }) => deliveryKey);
    expect(heard.toSorted()).toEqual(['first/page', 'other/page']);
  });
});
