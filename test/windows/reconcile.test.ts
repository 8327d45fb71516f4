import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { describeWindow, windowHandle } from '../../activities/client.ts';
import type { WindowKey } from '../../activities/contract.ts';
import { listWindows } from '../../activities/window-list-queries.ts';
import { windowAt } from '../../activities/window-range.ts';
import { releaseLease, takeLease } from '../../postgres/leases.ts';
import { reconcileAndSettle, reconcileOnce, recordOf, startQuietWorker, untilSettled } from './reconciling.ts';
import {
  type Parts,
  type WorkerProcess,
  event,
  journey,
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

/** A whole hour of a tenant with windows of an hour. */
const pastHour = (tenantId: string, hoursAgo: number): WindowKey =>
  windowAt(tenantId, '1h', (Math.floor(Date.now() / HOUR_MS) - hoursAgo) * HOUR_MS);
const untilPhase = (window: WindowKey, phase: string): Promise<void> =>
  vi.waitFor(async () => expect((await describeWindow(parts.windows, window))?.phase).toBe(phase), {
    timeout: 20_000,
    interval: 100,
  });
const store = async (rows: Parameters<Parts['produce']>[0]): Promise<void> => {
  await parts.produce(rows);
  await parts.sink();
};
const PUBLISHED_ONCE = { version: 1, runs: ['close: published'] };

describe('reconcile discovers from the data', () => {
  test('every day and every hour that holds events, and no other', async () => {
    const daily = await newTenant(parts.pool);
    const hourly = await newTenant(parts.pool, { granularity: '1h' });
    const days = [pastDay(daily, 9), pastDay(daily, 2)];
    const hours = [pastHour(hourly, 30), pastHour(hourly, 29), pastHour(hourly, 3)];
    const [dayWithout, hourWithout] = [pastDay(daily, 5), pastHour(hourly, 28)];
    const oldest = days[0] as WindowKey;
    await store([
      ...journey(daily, oldest.windowStartMs),
      // The last moment of a window belongs to it.
      event(daily, randomUUID(), pastDay(daily, 2).windowEndMs - 1),
      ...journey(hourly, (hours[0] as WindowKey).windowStartMs),
      event(hourly, randomUUID(), (hours[2] as WindowKey).windowStartMs),
    ]);
    await reconcileAndSettle(parts, [...days, ...hours]);
    for (const window of [...days, ...hours]) expect(await recordOf(parts, window)).toEqual(PUBLISHED_ONCE);
    for (const window of [dayWithout, hourWithout]) {
      expect(await describeWindow(parts.windows, window)).toBeUndefined();
      expect(await recordOf(parts, window)).toEqual({ version: 0, runs: [] });
    }
    // A click and the purchase an hour later lie in two windows of an hour; the credit belongs to the purchase.
    expect(await publishedCredits(parts.clickhouse, hours[0] as WindowKey)).toEqual([]);
    expect(await publishedCredits(parts.clickhouse, hours[1] as WindowKey)).toEqual([
      ['last_touch', 'search', 1],
      ['linear', 'search', 1],
    ]);
  });

  test('windows that are not over, and lets them wait', async () => {
    const tenantId = await newTenant(parts.pool, { granularity: '1h', allowed_lateness_seconds: 86_400 });
    const window = pastHour(tenantId, 0);
    await store([event(tenantId, randomUUID(), window.windowStartMs)]);
    expect((await reconcileOnce(parts)).started).toBe(1);
    await untilPhase(window, 'waiting');
    expect(await recordOf(parts, window)).toEqual({ version: 0, runs: [] });
  });

  test('once, however often and however many at once it looks', async () => {
    const tenantId = await newTenant(parts.pool);
    const windows = [4, 3, 2].map((daysAgo) => pastDay(tenantId, daysAgo));
    await store(windows.flatMap(({ windowStartMs }) => journey(tenantId, windowStartMs)));
    await Promise.all([reconcileOnce(parts), reconcileOnce(parts), reconcileOnce(parts)]);
    await untilSettled(parts, windows);
    expect(await reconcileOnce(parts)).toMatchObject({ reopened: 0, held: 0 });
    await reconcileAndSettle(parts, windows);
    for (const window of windows) expect(await recordOf(parts, window)).toEqual(PUBLISHED_ONCE);
  });
});

describe('the lease of an import', () => {
  const leaseOn = async ({ tenantId, windowStartMs, windowEndMs }: WindowKey, durationMs: number) =>
    takeLease(parts.pool, {
      tenantId,
      rangeStart: new Date(windowStartMs),
      rangeEnd: new Date(windowEndMs - 1),
      durationMs,
    });

  test('keeps reconcile from starting the windows that it fills, until it ends; they close once', async () => {
    const tenantId = await newTenant(parts.pool);
    const [other, filled] = [pastDay(tenantId, 6), pastDay(tenantId, 5)];
    const lease = await leaseOn(filled, 60_000);
    for (const { windowStartMs } of [filled, other]) await store(journey(tenantId, windowStartMs));
    expect((await reconcileOnce(parts)).held).toBe(1);
    await untilSettled(parts, [other]);
    await store(journey(tenantId, filled.windowStartMs));
    expect((await reconcileOnce(parts)).held).toBe(1);
    expect(await describeWindow(parts.windows, filled)).toBeUndefined();
    await releaseLease(parts.pool, lease.lease_id);
    await reconcileAndSettle(parts, [filled, other]);
    expect(await recordOf(parts, filled)).toEqual(PUBLISHED_ONCE);
    expect((await publishedCredits(parts.clickhouse, filled)).map(([, , credit]) => credit)).toEqual([2, 2]);
  });

  test('that nobody ends, because its import died, holds no longer than it lasts', async () => {
    const tenantId = await newTenant(parts.pool);
    const window = pastDay(tenantId, 5);
    const lease = await leaseOn(window, 2_000);
    await store(journey(tenantId, window.windowStartMs));
    await vi.waitFor(
      async () => {
        expect((await reconcileOnce(parts)).held).toBe(0);
      },
      { timeout: 20_000 },
    );
    expect(Date.now()).toBeGreaterThanOrEqual(lease.expires_at.getTime());
    await untilSettled(parts, [window]);
    expect(await recordOf(parts, window)).toEqual(PUBLISHED_ONCE);
  });

  test('keeps published windows from being run again for every batch that it puts into their lookback', async () => {
    const tenantId = await newTenant(parts.pool);
    const [filled, published] = [pastDay(tenantId, 5), pastDay(tenantId, 3)];
    const bought = purchase(tenantId, randomUUID(), published.windowStartMs);
    await store([bought]);
    await reconcileAndSettle(parts, [published]);
    const lease = await leaseOn(filled, 60_000);
    for (const minute of [1, 2]) {
      await store([event(tenantId, bought.user_key, filled.windowStartMs + minute * 60_000)]);
      expect((await reconcileOnce(parts)).held).toBe(2);
    }
    expect(await recordOf(parts, published)).toEqual(PUBLISHED_ONCE);
    await releaseLease(parts.pool, lease.lease_id);
    await reconcileAndSettle(parts, [filled, published]);
    expect(await recordOf(parts, published)).toEqual({ version: 2, runs: ['close: published', 'reopen: published'] });
  });
});

describe('beyond the late horizon', () => {
  test('late data does not reopen a window: it stays frozen, and what came is counted', async () => {
    const tenantId = await newTenant(parts.pool, { late_horizon_seconds: 1 });
    const window = pastDay(tenantId, 5);
    await store(journey(tenantId, window.windowStartMs));
    await reconcileOnce(parts);
    // A frozen window is one whose workflow has ended.
    expect(await windowHandle(parts.windows, window).result()).toMatchObject({ publicationVersion: 1 });
    const credits = await publishedCredits(parts.clickhouse, window);
    const { runId } = await windowHandle(parts.windows, window).describe();
    await store(journey(tenantId, window.windowStartMs));
    expect(await reconcileOnce(parts)).toMatchObject({ reopened: 0, held: 0 });
    const workflow = await windowHandle(parts.windows, window).describe();
    expect(workflow).toMatchObject({ runId, status: { name: 'COMPLETED' } });
    expect(await recordOf(parts, window)).toEqual(PUBLISHED_ONCE);
    expect(await publishedCredits(parts.clickhouse, window)).toEqual(credits);
    const range = { fromMs: window.windowStartMs, toMs: window.windowEndMs, limit: 10 };
    expect(await listWindows(parts.clickhouse, { tenantId, ...range })).toMatchObject([
      { version: 1, lateRows: 2, lateBeyondHorizon: 2 },
    ]);
  });
});
