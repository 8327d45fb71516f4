import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { windowHandle } from '../../activities/client.ts';
import type { WindowKey } from '../../activities/contract.ts';
import { listWindows } from '../../activities/window-list-queries.ts';
import { toIso } from '../../activities/window-range.ts';
import { queryRows } from '../../postgres/pool.ts';
import { runCommand } from '../import/import-command.ts';
import { reconcileOnce, recordOf, startQuietWorker } from '../windows/reconciling.ts';
import {
  DAY_MS,
  type Parts,
  type WorkerProcess,
  event,
  journey,
  newTenant,
  pastDay,
  publishedCredits,
  purchase,
  startParts,
} from '../windows/setup.ts';

const HOUR_MS = 3_600_000;

let parts: Parts;
let worker: WorkerProcess;
let frozen: WindowKey;
let credits: Awaited<ReturnType<typeof publishedCredits>>;
/** A conversion that came too late, and a touchpoint in its reach. */
let tooLate: string[];

/** A frozen day, to which everything comes that can concern it, and once more what it has. */
beforeAll(async () => {
  parts = await startParts();
  worker = await startQuietWorker(parts);
  const tenantId = await newTenant(parts.pool, { late_horizon_seconds: 1 });
  frozen = pastDay(tenantId, 5);
  const inTime = journey(tenantId, frozen.windowStartMs);
  await store(inTime);
  await reconcileOnce(parts);
  expect(await windowHandle(parts.windows, frozen).result()).toMatchObject({ publicationVersion: 1 });
  credits = await publishedCredits(parts.clickhouse, frozen);
  const buyer = purchase(tenantId, randomUUID(), frozen.windowStartMs + 2 * HOUR_MS);
  const touch = event(tenantId, buyer.user_key, frozen.windowStartMs + HOUR_MS);
  tooLate = [buyer.event_id, touch.event_id];
  await store([
    buyer,
    // In reach of it, in the window and in the one before.
    touch,
    event(tenantId, buyer.user_key, frozen.windowStartMs - HOUR_MS),
    // In the window, and nobody bought.
    event(tenantId, randomUUID(), frozen.windowStartMs + HOUR_MS),
    ...inTime.map((row) => ({ ...row, received_at: row.received_at + 1 })),
  ]);
  await reconcileOnce(parts);
});
afterAll(async () => {
  expect(await worker.end('SIGTERM')).toBe(0);
});

const store = async (rows: Parameters<Parts['produce']>[0]): Promise<void> => {
  await parts.produce(rows);
  await parts.sink();
};

const EXPECTED = { rows: 3, touchpoints: 2, conversions: 1 };

async function countedByDay(): Promise<unknown[]> {
  const result = await parts.clickhouse.client.query({
    query: `SELECT toString(day) AS day, rows, touchpoints, conversions FROM late_beyond_horizon
      WHERE tenant_id = {tenantId:String} ORDER BY day`,
    query_params: { tenantId: frozen.tenantId },
    format: 'JSONEachRow',
  });
  return result.json();
}

async function show(command: string, ...args: string[]): Promise<Record<string, unknown>> {
  const { code, stdout, stderr } = await runCommand(['windows', command, ...args, '--json']);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  return JSON.parse(stdout) as Record<string, unknown>;
}

describe('what comes after the late horizon of its window', () => {
  const dayOf = ({ windowStartMs }: WindowKey): string => toIso(windowStartMs).slice(0, 10);

  test('reopens nothing and changes nothing that is published', async () => {
    expect((await windowHandle(parts.windows, frozen).describe()).status.name).toBe('COMPLETED');
    expect(await recordOf(parts, frozen)).toEqual({ version: 1, runs: ['close: published'] });
    expect(await publishedCredits(parts.clickhouse, frozen)).toEqual(credits);
  });

  test('is counted once for its tenant and day; what was sent again is not', async () => {
    expect(await countedByDay()).toEqual([{ day: dayOf(frozen), ...EXPECTED }]);
  });

  test('is counted once however often it is examined', async () => {
    await queryRows(parts.pool, 'UPDATE examined_arrivals SET next_offset = 0');
    await reconcileOnce(parts);
    expect(await countedByDay()).toEqual([{ day: dayOf(frozen), ...EXPECTED }]);
  });

  test('is the answer to what became of such an event', async () => {
    for (const eventId of tooLate) {
      const { stdout } = await runCommand(['event', eventId]);
      expect(stdout).toContain('it came after the late horizon of the window');
    }
  });

  test('is visible in the list, with the window, in the report of lateness and as a metric', async () => {
    const { tenantId, windowStartMs, windowEndMs } = frozen;
    const range = { tenantId, fromMs: windowStartMs, toMs: windowEndMs, limit: 10 };
    // The touchpoint of the day before counts for the window that it would change, and is not beyond its own horizon.
    expect(await listWindows(parts.clickhouse, range)).toMatchObject([{ lateRows: 3, lateBeyondHorizon: 4 }]);
    expect(await show('show', tenantId, toIso(windowStartMs))).toMatchObject({ late_rows: 3, late_beyond_horizon: 4 });
    const from = toIso(Math.floor(Date.now() / DAY_MS) * DAY_MS);
    expect(await show('lateness', '--tenant', tenantId, '--from', from)).toMatchObject({
      late_beyond_horizon: [{ day: dayOf(frozen), ...EXPECTED }],
    });
    await vi.waitFor(
      async () => {
        const metrics = await (await fetch(`${worker.metricsUrl}/metrics`)).text();
        expect(metrics).toContain(`unmogrowp_late_beyond_horizon_rows{tenant="${tenantId}"} ${EXPECTED.rows}`);
      },
      { timeout: 40_000, interval: 1_000 },
    );
  });
});
