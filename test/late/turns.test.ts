import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { describeWindow, windowHandle } from '../../activities/client.ts';
import type { WindowKey } from '../../activities/contract.ts';
import { queryRows } from '../../postgres/pool.ts';
import { turnsUnderWay } from '../../postgres/run-turns.ts';
import { testEnv } from '../support/parts.ts';
import { reconcileOnce, recordOf, startQuietWorker, untilSettled } from '../windows/reconciling.ts';
import { type Parts, type WorkerProcess, journey, newTenant, pastDay, startParts } from '../windows/setup.ts';
import { type StatementGate, startStatementGate } from '../windows/statement-gate.ts';

const RUNS_MAX = 2;
const WINDOWS = 6;
const PUBLISHED_ONCE = { version: 1, runs: ['close: published'] };

let parts: Parts;
let gate: StatementGate;
let worker: WorkerProcess;
beforeAll(async () => {
  parts = await startParts();
  gate = await startStatementGate(testEnv.CLICKHOUSE_URL);
  worker = await startQuietWorker(parts, { CLICKHOUSE_URL: gate.url, WORKER_TENANT_RUNS_MAX: String(RUNS_MAX) });
});
afterAll(async () => {
  expect(await worker.end('SIGTERM')).toBe(0);
  await gate.close();
});

/** Days of a tenant with more to compute than it may at once, all of whose runs hang in ClickHouse. */
async function busyTenant(): Promise<{ days: WindowKey[]; release: () => void }> {
  const tenantId = await newTenant(parts.pool);
  const days = Array.from({ length: WINDOWS }, (_, index) => pastDay(tenantId, 2 + index));
  await parts.produce(days.flatMap((day) => journey(tenantId, day.windowStartMs)));
  await parts.sink();
  const statement = { name: 'compute_credits', tenantId };
  const isHeld = gate.hold({ ...statement, keep: 'request' });
  await reconcileOnce(parts);
  await isHeld;
  return { days, release: () => gate.release(statement) };
}

const phasesOf = async (windows: readonly WindowKey[]): Promise<string[]> => {
  const descriptions = await Promise.all(windows.map((window) => describeWindow(parts.windows, window)));
  return descriptions.map((description) => description?.phase ?? 'none').sort();
};
const untilPhases = (windows: readonly WindowKey[], phases: readonly string[]): Promise<void> =>
  vi.waitFor(async () => expect(await phasesOf(windows)).toEqual(phases), { timeout: 30_000, interval: 100 });

const expectPublishedOnce = async (windows: readonly WindowKey[]): Promise<void> => {
  for (const window of windows) expect(await recordOf(parts, window)).toEqual(PUBLISHED_ONCE);
};

describe('a tenant with a burst of windows', () => {
  test('computes as many at once as it may; another tenant is not kept waiting, and the rest follow', async () => {
    const { days, release } = await busyTenant();
    await untilPhases(days, [...Array.from({ length: WINDOWS - RUNS_MAX }, () => 'queued'), 'running', 'running']);
    const other = pastDay(await newTenant(parts.pool), 3);
    await parts.produce(journey(other.tenantId, other.windowStartMs));
    await parts.sink();
    await reconcileOnce(parts);
    await untilSettled(parts, [other]);
    expect(await phasesOf(days)).toContain('queued');
    const underWay = await turnsUnderWay(parts.pool);
    expect(underWay.map(({ tenant_id: tenantId }) => tenantId)).toEqual([days[0]?.tenantId, days[0]?.tenantId]);
    release();
    await untilSettled(parts, days);
    await expectPublishedOnce([...days, other]);
    expect(await turnsUnderWay(parts.pool)).toEqual([]);
  });

  test('loses no turn to a window whose workflow was ended in the middle of its run', async () => {
    const { days, release } = await busyTenant();
    const [ended] = await turnsUnderWay(parts.pool);
    const lost = days.find((day) => day.windowStartMs === ended?.window_start.getTime()) as WindowKey;
    await windowHandle(parts.windows, lost).terminate('a test');
    // As if it had begun long ago: nobody knows of a young run whether its workflow is only slow to be seen.
    await queryRows(
      parts.pool,
      `UPDATE run_turns SET begun_at = begun_at - interval '10 minutes' WHERE begun_at IS NOT NULL`,
    );
    await reconcileOnce(parts);
    const others = days.filter((day) => day !== lost);
    await untilPhases(others, ['queued', 'queued', 'queued', 'running', 'running']);
    release();
    await untilSettled(parts, others);
    await expectPublishedOnce(others);
  });

  test('loses no turn to a window whose workflow was ended while it waited', async () => {
    const { days, release } = await busyTenant();
    await vi.waitFor(async () => expect(await phasesOf(days)).toContain('queued'), { timeout: 30_000 });
    const waiting: WindowKey[] = [];
    for (const day of days) if ((await phasesOf([day]))[0] === 'queued') waiting.push(day);
    for (const day of waiting.slice(0, 2)) await windowHandle(parts.windows, day).terminate('a test');
    release();
    const others = days.filter((day) => !waiting.slice(0, 2).includes(day));
    await untilSettled(parts, others);
    await expectPublishedOnce(others);
    await vi.waitFor(async () => expect(await turnsUnderWay(parts.pool)).toEqual([]), { timeout: 10_000 });
  });
});
