import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { closeWindow, listRunningWindows } from '../../activities/client.ts';
import { toIso } from '../../activities/window-range.ts';
import { readWindowLines } from '../../bin/windows-view.ts';
import { loadTenants } from '../../postgres/tenants.ts';
import {
  type Parts,
  WITHOUT_SCHEDULES,
  type WorkerProcess,
  journey,
  newTenant,
  pastDay,
  startParts,
  startWorker,
} from './setup.ts';

let parts: Parts;
let worker: WorkerProcess;
beforeAll(async () => {
  parts = await startParts();
  worker = await startWorker(WITHOUT_SCHEDULES);
});
afterAll(() => worker.end('SIGTERM'));

test('a list that is cut off shows the state of each window that it shows', async () => {
  const tenantId = await newTenant(parts.pool);
  const days = [2, 3, 4].map((daysAgo) => pastDay(tenantId, daysAgo));
  await parts.produce(days.flatMap(({ windowStartMs }) => journey(tenantId, windowStartMs + 3_600_000)));
  await parts.sink();
  // The oldest window is the youngest workflow: Temporal's order is not that of the windows.
  for (const window of days) await closeWindow(parts.windows, window, toIso(window.windowStartMs));
  const filter = { tenantId, state: undefined, fromMs: 0, toMs: Date.now(), limit: 10 };
  await vi.waitFor(
    async () =>
      expect((await listRunningWindows(parts.windows, filter)).map(({ state }) => state)).toEqual(
        days.map(() => 'open'),
      ),
    { timeout: 20_000 },
  );
  const tenants = await loadTenants(parts.pool);
  for (const limit of [1, 2, 3, 4]) {
    const lines = await readWindowLines(
      { clickhouse: parts.clickhouse, client: parts.windows, tenants },
      { ...filter, limit },
    );
    expect(lines.map(({ window_start: start, state }) => [start, state])).toEqual(
      days.slice(0, limit).map(({ windowStartMs }) => [toIso(windowStartMs), 'open']),
    );
  }
});
