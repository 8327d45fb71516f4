import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { describeWindow } from '../../activities/client.ts';
import type { WindowKey } from '../../activities/contract.ts';
import { windowAt } from '../../activities/window-range.ts';
import type { EventRow } from '../../events/row.ts';
import { reconcileOnce, recordOf, startQuietWorker, untilSettled } from './reconciling.ts';
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

const SECOND_MS = 1_000;
const MINUTE_MS = 60 * SECOND_MS;
const HOUR_MS = 60 * MINUTE_MS;
const LOOKBACK_CLICK_MS = 90 * MINUTE_MS;
const LOOKBACK_IMPRESSION_MS = 30 * MINUTE_MS;
const SHORT_LOOKBACKS = {
  lookback_click_seconds: LOOKBACK_CLICK_MS / SECOND_MS,
  lookback_impression_seconds: LOOKBACK_IMPRESSION_MS / SECOND_MS,
};

/** What one tenant sends in time and what too late, and the windows to look at, from the oldest to the newest. */
interface Scene {
  windows: readonly WindowKey[];
  before: EventRow[];
  late: EventRow[];
}

let parts: Parts;
let worker: WorkerProcess;
let scenes: Awaited<ReturnType<typeof makeScenes>>;

/** All scenes are played at once: everything in time, one reconcile, everything late, one reconcile. */
beforeAll(async () => {
  parts = await startParts();
  worker = await startQuietWorker(parts);
  scenes = await makeScenes();
  const all = Object.values(scenes).flat();
  const windows = all.flatMap((scene) => scene.windows);
  const inTime = all.flatMap(({ before }) => before);
  await arrive(
    inTime,
    windows.filter((window) => inTime.some((row) => isIn(window, row))),
  );
  await arrive(
    all.flatMap(({ late }) => late),
    windows,
  );
}, 300_000);
afterAll(async () => {
  expect(await worker.end('SIGTERM')).toBe(0);
});

const isIn = ({ tenantId, windowStartMs, windowEndMs }: WindowKey, row: EventRow): boolean =>
  row.tenant_id === tenantId && row.occurred_at >= windowStartMs && row.occurred_at < windowEndMs;

/** Lets events arrive and everything happen that follows from them. */
async function arrive(rows: readonly EventRow[], windows: readonly WindowKey[]): Promise<void> {
  await parts.produce(rows);
  await parts.sink();
  await reconcileOnce(parts);
  await untilSettled(parts, windows, { timeoutMs: 120_000 });
}

async function makeScenes() {
  return {
    conversion: await lateConversion(),
    touchpoint: await lateTouchpoint(),
    resentTouchpoint: await resentTouchpoint(),
    hiddenImpression: await hiddenImpression(),
    twoTenants: await twoTenants(),
    movedToLater: await resentConversion({ from: 6, to: 3, receivedLaterMs: -MINUTE_MS }),
    movedToEarlier: await resentConversion({ from: 3, to: 6, receivedLaterMs: -MINUTE_MS }),
    notMoved: await resentConversion({ from: 6, to: 3, receivedLaterMs: MINUTE_MS }),
    milestone: await movedMilestone(),
    hours: await hourlyTouchpoint(),
    edges: await Promise.all(EDGES.map(atTheEdge)),
  };
}

/** Days of a tenant, each beginning so many days ago. */
const daysOf = <const Days extends readonly number[]>(tenantId: string, ...daysAgo: Days) =>
  daysAgo.map((count) => pastDay(tenantId, count)) as { [Day in keyof Days]: WindowKey };
const noonOf = ({ windowStartMs }: WindowKey): number => windowStartMs + 12 * HOUR_MS;

async function lateConversion(): Promise<Scene> {
  const [tenantId, userKey] = [await newTenant(parts.pool), randomUUID()];
  const windows = daysOf(tenantId, 6, 4, 2);
  return {
    windows,
    before: windows.map((day) => purchase(tenantId, userKey, noonOf(day))),
    late: [purchase(tenantId, userKey, noonOf(windows[1]) + 1)],
  };
}

async function lateTouchpoint(): Promise<Scene> {
  const tenantId = await newTenant(parts.pool, { lookback_click_seconds: (3 * DAY_MS) / SECOND_MS });
  const [before, own, next, last, beyond] = daysOf(tenantId, 9, 8, 7, 6, 4);
  const userKey = randomUUID();
  return {
    windows: [before, own, next, last, beyond],
    before: [
      ...[before, next, beyond].map((day) => purchase(tenantId, userKey, noonOf(day))),
      // Another user, and the same user in another app, convert within the lookback too.
      purchase(tenantId, randomUUID(), noonOf(last)),
      purchase(tenantId, userKey, noonOf(last), { app_id: 'another' }),
    ],
    late: [event(tenantId, userKey, noonOf(own))],
  };
}

async function resentTouchpoint(): Promise<Scene> {
  const tenantId = await newTenant(parts.pool);
  const windows = daysOf(tenantId, 3);
  const click = event(tenantId, randomUUID(), noonOf(windows[0]));
  return {
    windows,
    before: [click, purchase(tenantId, click.user_key, noonOf(windows[0]) + HOUR_MS)],
    late: [{ ...click, received_at: click.received_at + 1 }],
  };
}

/** An impression at the moment of a click: the click takes its place in every journey. */
async function hiddenImpression(): Promise<Scene> {
  const tenantId = await newTenant(parts.pool);
  const windows = daysOf(tenantId, 3);
  const click = event(tenantId, randomUUID(), noonOf(windows[0]));
  return {
    windows,
    before: [click, purchase(tenantId, click.user_key, noonOf(windows[0]) + HOUR_MS)],
    late: [event(tenantId, click.user_key, click.occurred_at, { event_type: 'impression', channel: 'video' })],
  };
}

async function twoTenants(): Promise<Scene> {
  const userKey = randomUUID();
  const windows = [pastDay(await newTenant(parts.pool), 3), pastDay(await newTenant(parts.pool), 3)];
  return {
    windows,
    before: windows.map((day) => purchase(day.tenantId, userKey, noonOf(day))),
    late: windows.slice(0, 1).map((day) => event(day.tenantId, userKey, noonOf(day))),
  };
}

/** A purchase in one day is sent again as of another. The days do not reach each other, and each has a purchase anyway. */
async function resentConversion(resent: { from: number; to: number; receivedLaterMs: number }): Promise<Scene> {
  const tenantId = await newTenant(parts.pool, SHORT_LOOKBACKS);
  const [from, to] = daysOf(tenantId, resent.from, resent.to);
  const sent = purchase(tenantId, randomUUID(), noonOf(from));
  return {
    windows: [from, to],
    before: [sent, ...[from, to].map((day) => purchase(tenantId, randomUUID(), noonOf(day)))],
    late: [{ ...sent, occurred_at: noonOf(to), received_at: sent.received_at + resent.receivedLaterMs }],
  };
}

/** A journey over two days with a sign-up in it, which is sent again as of a day that the journey cannot reach. */
async function movedMilestone(): Promise<Scene> {
  const tenantId = await newTenant(parts.pool, {
    models: ['w_shaped'],
    lookback_click_seconds: DAY_MS / SECOND_MS,
    conversion_names: ['purchase'],
  });
  const [first, second, later] = daysOf(tenantId, 6, 5, 2);
  const userKey = randomUUID();
  const clicks = ['search', 'social', 'video', 'mail'].map((channel, index) =>
    event(tenantId, userKey, noonOf(first) + index * HOUR_MS, { channel }),
  );
  const signup = purchase(tenantId, userKey, noonOf(first) + 1.5 * HOUR_MS, { name: 'signup', revenue: '0' });
  return {
    windows: [first, second, later],
    before: [...clicks, signup, purchase(tenantId, userKey, noonOf(second))],
    late: [{ ...signup, occurred_at: noonOf(later), received_at: signup.received_at - MINUTE_MS }],
  };
}

/** Conversions 10, 70, 130 and 190 minutes after a touchpoint, each in an hour of its own. */
async function hourlyTouchpoint(): Promise<Scene> {
  const tenantId = await newTenant(parts.pool, { ...SHORT_LOOKBACKS, granularity: '1h' });
  const startMs = Math.floor(Date.now() / HOUR_MS - 30) * HOUR_MS;
  const windows = [0, 1, 2, 3].map((index) => windowAt(tenantId, '1h', startMs + index * HOUR_MS));
  const userKey = randomUUID();
  return {
    windows,
    before: windows.map(({ windowStartMs }) => purchase(tenantId, userKey, windowStartMs + 20 * MINUTE_MS)),
    late: [event(tenantId, userKey, startMs + 10 * MINUTE_MS)],
  };
}

/** A conversion at a moment of its day, and a touchpoint so long before it. */
interface Edge {
  atMs: number;
  type: 'click' | 'impression';
  beforeMs: number;
  earns: boolean;
}

const EDGES: readonly Edge[] = [
  { atMs: 0, type: 'click', beforeMs: LOOKBACK_CLICK_MS, earns: true },
  { atMs: 0, type: 'click', beforeMs: LOOKBACK_CLICK_MS + 1, earns: false },
  { atMs: 0, type: 'impression', beforeMs: LOOKBACK_IMPRESSION_MS, earns: true },
  { atMs: 0, type: 'impression', beforeMs: LOOKBACK_IMPRESSION_MS + 1, earns: false },
  { atMs: 0, type: 'impression', beforeMs: 0, earns: true },
  { atMs: 0, type: 'click', beforeMs: 0, earns: true },
  { atMs: 0, type: 'click', beforeMs: -1, earns: false },
  { atMs: DAY_MS - 1, type: 'click', beforeMs: 0, earns: true },
];

async function atTheEdge({ atMs, type, beforeMs }: Edge): Promise<Scene> {
  const tenantId = await newTenant(parts.pool, SHORT_LOOKBACKS);
  const [day] = daysOf(tenantId, 3);
  const bought = purchase(tenantId, randomUUID(), day.windowStartMs + atMs);
  const touch = event(tenantId, bought.user_key, bought.occurred_at - beforeMs, { event_type: type });
  return { windows: [day], before: [bought], late: [touch] };
}

const recordsOf = ({ windows }: Scene) => Promise.all(windows.map((window) => recordOf(parts, window)));
const creditsOf = ({ windows }: Scene) =>
  Promise.all(windows.map((window) => publishedCredits(parts.clickhouse, window)));

const ONCE = { version: 1, runs: ['close: published'] };
const REPUBLISHED = { version: 2, runs: ['close: published', 'reopen: published'] };
const RUN_IN_VAIN = { version: 1, runs: ['close: published', 'reopen: unchanged'] };
const both = (channel: string, credit: number) => [
  ['last_touch', channel, credit],
  ['linear', channel, credit],
];

describe('late data', () => {
  test('of a conversion gives a new version to its own window and to no other', async () => {
    expect(await recordsOf(scenes.conversion)).toEqual([ONCE, REPUBLISHED, ONCE]);
    expect(await creditsOf(scenes.conversion)).toEqual([both('organic', 1), both('organic', 2), both('organic', 1)]);
  });

  test('of a touchpoint gives a new version to the windows of later conversions of its user, and to no other', async () => {
    expect(await recordsOf(scenes.touchpoint)).toEqual([ONCE, ONCE, REPUBLISHED, ONCE, ONCE]);
    const [before, own, next] = await creditsOf(scenes.touchpoint);
    expect([before, own, next]).toEqual([both('organic', 1), [], both('search', 1)]);
  });

  test('of a touchpoint reaches as many windows of an hour as its lookback does', async () => {
    expect(await recordsOf(scenes.hours)).toEqual([REPUBLISHED, REPUBLISHED, ONCE, ONCE]);
  });

  test('of one tenant leaves another with the same users, apps and days alone', async () => {
    expect(await recordsOf(scenes.twoTenants)).toEqual([REPUBLISHED, ONCE]);
  });

  test('that changes no credit publishes nothing, and the window says so', async () => {
    const [day] = scenes.hiddenImpression.windows as [WindowKey];
    expect(await recordOf(parts, day)).toEqual(RUN_IN_VAIN);
    expect(await describeWindow(parts.windows, day)).toMatchObject({
      phase: 'open',
      publicationVersion: 1,
      lastOutcome: { state: 'unchanged', reason: 'reopen', failure: null },
    });
    const metrics = await (await fetch(`${worker.metricsUrl}/metrics`)).text();
    expect(metrics).toMatch(/unmogrowp_window_runs_total\{outcome="unchanged",reason="reopen"\} [1-9]/);
    // What it has seen is late no more: nothing is run again for it.
    expect(await reconcileOnce(parts)).toMatchObject({ reopened: 0 });
    expect(await recordOf(parts, day)).toEqual(RUN_IN_VAIN);
  });

  test('that was sent again, as it was, runs nothing', async () => {
    expect(await recordsOf(scenes.resentTouchpoint)).toEqual([ONCE]);
  });
});

describe('a conversion that is resent with another time', () => {
  test.each(['movedToLater', 'movedToEarlier'] as const)(
    'and was received first is corrected in both windows: %s',
    async (name) => {
      expect(await recordsOf(scenes[name])).toEqual([REPUBLISHED, REPUBLISHED]);
      expect(await creditsOf(scenes[name])).toEqual([both('organic', 1), both('organic', 2)]);
    },
  );

  test('and was received later changes nothing anywhere', async () => {
    expect(await recordsOf(scenes.notMoved)).toEqual([ONCE, ONCE]);
    expect(await creditsOf(scenes.notMoved)).toEqual([both('organic', 2), both('organic', 1)]);
  });

  test('is corrected too where it only was the milestone of a journey', async () => {
    const [, second] = scenes.milestone.windows as [WindowKey, WindowKey];
    // No arrival within the reach of that day tells of it.
    expect(await recordsOf(scenes.milestone)).toEqual([ONCE, REPUBLISHED, ONCE]);
    expect(await publishedCredits(parts.clickhouse, second)).toEqual([
      ['w_shaped', 'mail', 0.4],
      ['w_shaped', 'search', 0.4],
      ['w_shaped', 'social', 0.1],
      ['w_shaped', 'video', 0.1],
    ]);
  });
});

describe('a late touchpoint at the edge of what may earn credit runs the window again exactly when it earns some', () => {
  test.each(EDGES.map((edge, index) => ({ ...edge, index })))(
    'a $type $beforeMs ms before a conversion $atMs ms into its window earns: $earns',
    async ({ index, earns }) => {
      const scene = scenes.edges[index] as Scene;
      expect(await recordsOf(scene)).toEqual([earns ? REPUBLISHED : ONCE]);
      expect(await creditsOf(scene)).toEqual([both(earns ? 'search' : 'organic', 1)]);
    },
  );
});
