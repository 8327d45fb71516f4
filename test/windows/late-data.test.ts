import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { describeWindow } from '../../activities/client.ts';
import type { WindowKey } from '../../activities/contract.ts';
import type { EventRow } from '../../events/row.ts';
import { reconcileAndSettle, recordOf, startQuietWorker, untilSettled } from './reconciling.ts';
import {
  DAY_MS,
  type Parts,
  type WorkerProcess,
  event,
  newTenant,
  pastDay,
  publishedCredits,
  purchase,
  startParts,
} from './setup.ts';

const HOUR_MS = 3_600_000;

let parts: Parts;
let worker: WorkerProcess;
beforeAll(async () => {
  parts = await startParts();
  worker = await startQuietWorker(parts);
});
afterAll(async () => {
  expect(await worker.end('SIGTERM')).toBe(0);
});

/** Lets events arrive and everything happen that follows from them. */
async function arrive(rows: readonly EventRow[], windows: readonly WindowKey[]): Promise<void> {
  await parts.produce(rows);
  await parts.sink();
  await reconcileAndSettle(parts, windows);
}

const recordsOf = async (windows: readonly WindowKey[]) =>
  Promise.all(windows.map(async (window) => recordOf(parts, window)));
const ONCE = { version: 1, runs: ['close: published'] };
const REPUBLISHED = { version: 2, runs: ['close: published', 'reopen: published'] };
const RUN_IN_VAIN = { version: 1, runs: ['close: published', 'reopen: unchanged'] };

/** The days of a tenant from the oldest to the newest, each beginning so many days ago. */
const daysOf = (tenantId: string, ...daysAgo: number[]): WindowKey[] =>
  daysAgo.map((count) => pastDay(tenantId, count));
const noonOf = ({ windowStartMs }: WindowKey): number => windowStartMs + 12 * HOUR_MS;

describe('late data', () => {
  test('of a conversion gives a new version to its own window and to no other', async () => {
    const tenantId = await newTenant(parts.pool);
    const [before, own, after] = daysOf(tenantId, 6, 4, 2) as [WindowKey, WindowKey, WindowKey];
    const userKey = randomUUID();
    const days = [before, own, after];
    await arrive(
      days.map((day) => purchase(tenantId, userKey, noonOf(day))),
      days,
    );
    await arrive([purchase(tenantId, userKey, noonOf(own) + 1)], days);
    // The day after has it in its lookback, is computed once more and finds nothing changed.
    expect(await recordsOf(days)).toEqual([ONCE, REPUBLISHED, RUN_IN_VAIN]);
    expect(await publishedCredits(parts.clickhouse, own)).toEqual([
      ['last_touch', 'organic', 2],
      ['linear', 'organic', 2],
    ]);
  });

  test('of a touchpoint gives a new version to the windows of later conversions of its user, and to no other', async () => {
    const tenantId = await newTenant(parts.pool, { lookback_click_seconds: 3 * (DAY_MS / 1_000) });
    const [before, own, next, last, beyond] = daysOf(tenantId, 9, 8, 7, 6, 4) as [
      WindowKey,
      WindowKey,
      WindowKey,
      WindowKey,
      WindowKey,
    ];
    const [userKey, otherKey] = [randomUUID(), randomUUID()];
    const published = [before, next, last, beyond];
    await arrive(
      [
        ...[before, next, beyond].map((day) => purchase(tenantId, userKey, noonOf(day))),
        // Another user converts in between, and the same user in another app.
        purchase(tenantId, otherKey, noonOf(last)),
        purchase(tenantId, userKey, noonOf(last), { app_id: 'another' }),
      ],
      published,
    );
    await arrive([event(tenantId, userKey, noonOf(own))], [...published, own]);
    expect(await recordsOf([before, own, next, last])).toEqual([ONCE, ONCE, REPUBLISHED, RUN_IN_VAIN]);
    expect(await recordOf(parts, beyond)).toEqual(ONCE);
    expect(await publishedCredits(parts.clickhouse, next)).toEqual([
      ['last_touch', 'search', 1],
      ['linear', 'search', 1],
    ]);
  });

  test('that changes no credit publishes nothing, and the window says so', async () => {
    const tenantId = await newTenant(parts.pool);
    const [day] = daysOf(tenantId, 3) as [WindowKey];
    const click = event(tenantId, randomUUID(), noonOf(day));
    await arrive([click, purchase(tenantId, click.user_key, noonOf(day) + HOUR_MS)], [day]);
    await arrive([{ ...click, received_at: click.received_at + 1 }], [day]);
    expect(await recordOf(parts, day)).toEqual(RUN_IN_VAIN);
    expect(await describeWindow(parts.windows, day)).toMatchObject({
      phase: 'open',
      publicationVersion: 1,
      lastOutcome: { state: 'unchanged', reason: 'reopen', failure: null },
    });
    const metrics = await (await fetch(`${worker.metricsUrl}/metrics`)).text();
    expect(metrics).toMatch(/unmogrowp_window_runs_total\{outcome="unchanged",reason="reopen"\} [1-9]/);
    // What it has seen is late no more: nothing is run again for it.
    await reconcileAndSettle(parts, [day]);
    expect(await recordOf(parts, day)).toEqual(RUN_IN_VAIN);
  });

  test('of one tenant leaves another with the same users, apps and days alone', async () => {
    const [mine, theirs] = [await newTenant(parts.pool), await newTenant(parts.pool)];
    const userKey = randomUUID();
    const [myDay, theirDay] = [pastDay(mine, 3), pastDay(theirs, 3)];
    await arrive(
      [purchase(mine, userKey, noonOf(myDay)), purchase(theirs, userKey, noonOf(theirDay))],
      [myDay, theirDay],
    );
    await arrive([event(mine, userKey, noonOf(myDay))], [myDay, theirDay]);
    expect(await recordsOf([myDay, theirDay])).toEqual([REPUBLISHED, ONCE]);
  });
});

describe('a conversion that is resent with another time', () => {
  /** Publishes a purchase in one day and something else in another, then resends the purchase as of the other day. */
  async function resend(fromDaysAgo: number, toDaysAgo: number, receivedLaterMs: number): Promise<WindowKey[]> {
    // So short a lookback that the days do not reach each other.
    const tenantId = await newTenant(parts.pool, { lookback_click_seconds: 60, lookback_impression_seconds: 60 });
    const [from, to] = daysOf(tenantId, fromDaysAgo, toDaysAgo) as [WindowKey, WindowKey];
    const sent = purchase(tenantId, randomUUID(), noonOf(from));
    await arrive([sent, purchase(tenantId, randomUUID(), noonOf(to))], [from, to]);
    await arrive([{ ...sent, occurred_at: noonOf(to), received_at: sent.received_at + receivedLaterMs }], [from, to]);
    return [from, to];
  }
  const conversionsOf = async (window: WindowKey | undefined) =>
    window === undefined ? [] : (await publishedCredits(parts.clickhouse, window)).map(([, , credit]) => credit);

  test.each([
    ['later', 6, 3],
    ['earlier', 3, 6],
  ])('and was received first is corrected in both windows (%s day)', async (_, fromDaysAgo, toDaysAgo) => {
    const [from, to] = await resend(fromDaysAgo, toDaysAgo, -60_000);
    expect(await recordsOf([from, to] as WindowKey[])).toEqual([REPUBLISHED, REPUBLISHED]);
    expect(await conversionsOf(from)).toEqual([]);
    expect(await conversionsOf(to)).toEqual([2, 2]);
  });

  test('and was received later changes nothing anywhere', async () => {
    const [from, to] = await resend(6, 3, 60_000);
    expect((await recordsOf([from, to] as WindowKey[])).map(({ version }) => version)).toEqual([1, 1]);
    expect(await conversionsOf(from)).toEqual([1, 1]);
    expect(await conversionsOf(to)).toEqual([1, 1]);
  });

  test('is corrected too where it only was the milestone of a journey', async () => {
    const tenantId = await newTenant(parts.pool, {
      models: ['w_shaped'],
      lookback_click_seconds: DAY_MS / 1_000,
      conversion_names: ['purchase'],
    });
    const [first, second, later] = daysOf(tenantId, 6, 5, 2) as [WindowKey, WindowKey, WindowKey];
    const userKey = randomUUID();
    const clicks = ['search', 'social', 'video', 'mail'].map((channel, index) =>
      event(tenantId, userKey, noonOf(first) + index * HOUR_MS, { channel }),
    );
    const signup = purchase(tenantId, userKey, noonOf(first) + 1.5 * HOUR_MS, { name: 'signup', revenue: '0' });
    const bought = purchase(tenantId, userKey, noonOf(second));
    await arrive([...clicks, signup, bought], [first, second]);
    const withLead = await publishedCredits(parts.clickhouse, second);
    expect(withLead).toContainEqual(['w_shaped', 'social', 0.3]);
    // Beyond the reach of the day in which its journey ends, so that no arrival there tells of it.
    const moved = { ...signup, occurred_at: noonOf(later), received_at: signup.received_at - 60_000 };
    await arrive([moved], [first, second, later]);
    expect(await recordOf(parts, second)).toEqual(REPUBLISHED);
    expect(await publishedCredits(parts.clickhouse, second)).not.toEqual(withLead);
  });
});

describe('a late touchpoint at the edge of what may earn credit', () => {
  const SECOND_MS = 1_000;
  const LOOKBACK_CLICK_MS = 90 * 60 * SECOND_MS;
  const LOOKBACK_IMPRESSION_MS = 30 * 60 * SECOND_MS;
  const EDGES: { is: string; atMs: number; type: 'click' | 'impression'; beforeMs: number; counts: boolean }[] = [
    { is: 'a click at the whole lookback', atMs: 0, type: 'click', beforeMs: LOOKBACK_CLICK_MS, counts: true },
    { is: 'a click before the lookback', atMs: 0, type: 'click', beforeMs: LOOKBACK_CLICK_MS + 1, counts: false },
    {
      is: 'an impression at its own lookback',
      atMs: 0,
      type: 'impression',
      beforeMs: LOOKBACK_IMPRESSION_MS,
      counts: true,
    },
    {
      is: 'an impression before it, where a click would count',
      atMs: 0,
      type: 'impression',
      beforeMs: LOOKBACK_IMPRESSION_MS + 1,
      counts: false,
    },
    { is: 'a click at the moment of the conversion', atMs: 0, type: 'click', beforeMs: 0, counts: true },
    { is: 'a click after the conversion', atMs: 0, type: 'click', beforeMs: -1, counts: false },
    { is: 'a click at the last moment of the window', atMs: DAY_MS - 1, type: 'click', beforeMs: 0, counts: true },
    { is: 'an impression at the moment of the conversion', atMs: 0, type: 'impression', beforeMs: 0, counts: true },
  ];

  test('republishes the window exactly when it earns credit', { timeout: 180_000 }, async () => {
    const cases = await Promise.all(
      EDGES.map(async (edge) => {
        const tenantId = await newTenant(parts.pool, {
          lookback_click_seconds: LOOKBACK_CLICK_MS / SECOND_MS,
          lookback_impression_seconds: LOOKBACK_IMPRESSION_MS / SECOND_MS,
        });
        const day = pastDay(tenantId, 3);
        const conversion = purchase(tenantId, randomUUID(), day.windowStartMs + edge.atMs);
        const touch = event(tenantId, conversion.user_key, conversion.occurred_at - edge.beforeMs, {
          event_type: edge.type,
        });
        return { edge, day, conversion, touch };
      }),
    );
    const days = cases.map(({ day }) => day);
    await arrive(
      cases.map(({ conversion }) => conversion),
      days,
    );
    await arrive(
      cases.map(({ touch }) => touch),
      days,
    );
    await untilSettled(parts, days);
    for (const { edge, day } of cases) {
      const credits = await publishedCredits(parts.clickhouse, day);
      const seen = { is: edge.is, version: (await recordOf(parts, day)).version, channel: credits[0]?.[1] };
      expect(seen).toEqual({
        is: edge.is,
        version: edge.counts ? 2 : 1,
        channel: edge.counts ? 'search' : 'organic',
      });
    }
  });

  test('in a window of an hour counts for the hours that its lookback reaches', async () => {
    const tenantId = await newTenant(parts.pool, {
      granularity: '1h',
      lookback_click_seconds: LOOKBACK_CLICK_MS / SECOND_MS,
    });
    const startMs = Math.floor(Date.now() / HOUR_MS) * HOUR_MS - 30 * HOUR_MS;
    const hours = [0, 1, 2, 3].map((index) => ({
      tenantId,
      windowStartMs: startMs + index * HOUR_MS,
      windowEndMs: startMs + (index + 1) * HOUR_MS,
      granularity: '1h' as const,
    }));
    const userKey = randomUUID();
    await arrive(
      hours.map(({ windowStartMs }) => purchase(tenantId, userKey, windowStartMs + 20 * 60 * SECOND_MS)),
      hours,
    );
    // Ten minutes into the first hour: 10 and 70 minutes before the conversions of the first two, 130 before the third.
    await arrive([event(tenantId, userKey, startMs + 10 * 60 * SECOND_MS)], hours);
    expect((await recordsOf(hours)).map(({ version }) => version)).toEqual([2, 2, 1, 1]);
  });
});
