import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { findCollisions } from '../../activities/find-collisions.ts';
import type { WindowKey } from '../../activities/contract.ts';
import type { EventRow } from '../../events/row.ts';
import { queryRows } from '../../postgres/pool.ts';
import { unmogrowp } from '../replay/command.ts';
import { readMetrics, valueOf } from '../support/openmetrics.ts';
import { reconcileOnce, recordOf, startQuietWorker, untilSettled } from '../windows/reconciling.ts';
import {
  DAY_MS,
  type Parts,
  TOPIC,
  type WorkerProcess,
  event,
  newTenant,
  pastDay,
  publishedCredits,
  purchase,
  startParts,
} from '../windows/setup.ts';

const HOUR_MS = 3_600_000;

let parts: Parts;
let worker: WorkerProcess;
beforeAll(async () => {
  parts = await startParts();
  worker = await startQuietWorker(parts);
});
afterAll(async () => expect(await worker.end('SIGTERM')).toBe(0));

const store = async (...rows: EventRow[]): Promise<void> => {
  await parts.produce(rows);
  await parts.sink();
};

async function settle(...days: WindowKey[]): Promise<void> {
  await reconcileOnce(parts);
  await untilSettled(parts, days);
}

async function rowsOf<Row>(query: string, tenantId: string): Promise<Row[]> {
  const result = await parts.clickhouse.client.query({ query, query_params: { tenantId }, format: 'JSONEachRow' });
  return result.json<Row>();
}
const collisionsOf = (tenantId: string) =>
  rowsOf<{ event_id: string; event_type: string }>(
    `SELECT toString(event_id) AS event_id, event_type FROM collisions WHERE tenant_id = {tenantId:String}
     ORDER BY received_at, event_id`,
    tenantId,
  );
const organicOf = async (window: WindowKey, credits = 1): Promise<number> =>
  (await publishedCredits(parts.clickhouse, window))
    .filter(([model, channel]) => model === 'linear' && channel === 'organic')
    .reduce((sum, [, , credit]) => sum + credit, 0) / credits;

/** A day on which two users buy something, each at noon. */
async function dayOfTwoBuyers() {
  const day = pastDay(await newTenant(parts.pool), 3);
  const [ada, ben] = [randomUUID(), randomUUID()];
  const noon = day.windowStartMs + DAY_MS / 2;
  const clickOf = (userKey: string, more: Partial<EventRow>) => event(day.tenantId, userKey, noon - HOUR_MS, more);
  const purchases = [purchase(day.tenantId, ada, noon), purchase(day.tenantId, ben, noon)] as const;
  return { day, ada, ben, noon, clickOf, purchases };
}

test('of two clicks with one event_id the first received counts, and no reader sees the other', async () => {
  const { day, ada, ben, clickOf, purchases } = await dayOfTwoBuyers();
  const event_id = randomUUID();
  const receivedAt = Date.now() - HOUR_MS;
  const first = clickOf(ada, { event_id, received_at: receivedAt, channel: 'search' });
  const other = clickOf(ben, { event_id, received_at: receivedAt + 1, channel: 'social' });
  // The same once more is no collision, however often and whenever it comes.
  const again = { ...first, received_at: receivedAt + 2, trace_id: '1'.repeat(32) };
  await store(other, ...purchases, again, first);
  await settle(day);

  const published = await publishedCredits(parts.clickhouse, day);
  expect(published.filter(([model]) => model === 'linear')).toEqual([
    ['linear', 'organic', 1],
    ['linear', 'search', 1],
  ]);
  expect(await collisionsOf(day.tenantId)).toEqual([{ event_id, event_type: 'click' }]);
  const seen =
    "SELECT channel, count() AS rows FROM events WHERE tenant_id = {tenantId:String} AND channel != '' GROUP BY channel";
  expect(await rowsOf(seen, day.tenantId)).toEqual([{ channel: 'search', rows: 1 }]);

  const shown = JSON.parse((await unmogrowp('event', event_id, '--json')).stdout) as [
    { copies: { counts: boolean; is_collision: boolean; channel: string }[] },
  ];
  expect(shown[0].copies.map(({ counts, is_collision, channel }) => [channel, counts, is_collision])).toEqual([
    ['search', true, false],
    ['social', false, true],
    ['search', false, false],
  ]);
  const { stdout } = await unmogrowp('event', event_id);
  expect(stdout).toContain('do not count, for no reader');
  expect(stdout).toMatch(/│ collision .*social/);
  const counted = async () =>
    valueOf(await readMetrics(worker.metricsUrl), 'unmogrowp_event_collisions', { tenant: day.tenantId });
  await expect.poll(counted, { timeout: 40_000, interval: 500 }).toBe(1);
});

test('a copy that comes later and was received first takes the place of the one that had counted', async () => {
  const { day, ada, ben, clickOf, purchases } = await dayOfTwoBuyers();
  const event_id = randomUUID();
  const receivedAt = Date.now() - HOUR_MS;
  await store(clickOf(ada, { event_id, received_at: receivedAt, channel: 'search' }), ...purchases);
  await settle(day);
  expect(await recordOf(parts, day)).toMatchObject({ version: 1 });
  expect(await publishedCredits(parts.clickhouse, day)).toContainEqual(['linear', 'search', 1]);

  // It lay on a spool meanwhile.
  await store(clickOf(ben, { event_id, received_at: receivedAt - 1, channel: 'social' }));
  await settle(day);
  expect(await recordOf(parts, day)).toMatchObject({ version: 2 });
  const published = await publishedCredits(parts.clickhouse, day);
  expect(published.filter(([model]) => model === 'linear')).toEqual([
    ['linear', 'organic', 1],
    ['linear', 'social', 1],
  ]);
});

test('a window whose click turns out to be a copy of an older event loses it, also when only that window had it', async () => {
  const { day, ada, ben, noon, clickOf, purchases } = await dayOfTwoBuyers();
  const event_id = randomUUID();
  const receivedAt = Date.now() - HOUR_MS;
  await store(clickOf(ada, { event_id, received_at: receivedAt }), ...purchases);
  await settle(day);
  expect(await organicOf(day)).toBe(1);
  // Ben's copy claims a time at which it is in nobody's reach, so only the window that had counted the other changes.
  await store(event(day.tenantId, ben, noon - 30 * DAY_MS, { event_id, received_at: receivedAt - 1 }));
  await settle(day);
  expect(await recordOf(parts, day)).toMatchObject({ version: 2, runs: ['close: published', 'reopen: published'] });
  expect(await organicOf(day)).toBe(2);
  expect(await publishedCredits(parts.clickhouse, day)).not.toContainEqual(['linear', 'search', 1]);
  expect(ada).not.toBe(ben);
});

test('a purchase under the identity of an older click does not count, and the totals of the window still agree', async () => {
  const { day, ada, clickOf, purchases } = await dayOfTwoBuyers();
  const receivedAt = Date.now() - HOUR_MS;
  const [bought, boughtToo] = purchases;
  await store(
    clickOf(ada, { event_id: bought.event_id, received_at: receivedAt - 1 }),
    { ...bought, received_at: receivedAt },
    boughtToo,
  );
  await settle(day);
  expect(await recordOf(parts, day)).toMatchObject({ version: 1, runs: ['close: published'] });
  expect(await collisionsOf(day.tenantId)).toEqual([{ event_id: bought.event_id, event_type: 'conversion' }]);
  const published = await publishedCredits(parts.clickhouse, day);
  expect(published.filter(([model]) => model === 'linear')).toEqual([['linear', 'organic', 1]]);
});

test('searching for collisions twice, or by two at once, finds each of them once', async () => {
  const { day, ada, ben, clickOf } = await dayOfTwoBuyers();
  const event_id = randomUUID();
  await store(clickOf(ada, { event_id }), clickOf(ben, { event_id, received_at: Date.now() + 1 }));
  const ends = (
    await queryRows<{ next: string }>(parts.pool, 'SELECT max(next_offset) AS next FROM collision_reads')
  )[0];
  const until = Array.from({ length: 8 }, () => Number(ends?.next ?? 0) + 10);
  const dependencies = { clickhouse: parts.clickhouse, postgres: parts.pool, eventsTopic: TOPIC };
  const search = () => findCollisions(dependencies, until, new AbortController().signal);
  await Promise.all([search(), search()]);
  await queryRows(parts.pool, 'DELETE FROM collision_reads');
  await search();
  expect(await collisionsOf(day.tenantId)).toEqual([{ event_id, event_type: 'click' }]);
});
