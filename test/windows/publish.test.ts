import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { describeWindow, startWindow } from '../../activities/client.ts';
import { readCurrentPublication, readLatestRun, readRunTotals } from '../../activities/run-queries.ts';
import { type Parts, type WorkerProcess, journey, newTenant, pastDay, startParts, startWorker } from './setup.ts';

let parts: Parts;
let worker: WorkerProcess;
beforeAll(async () => {
  parts = await startParts();
  // The schedule is kept quiet here: these tests say themselves what is to be done.
  worker = await startWorker({ WORKER_RECONCILE_INTERVAL_MS: '3600000' });
});
afterAll(async () => {
  expect(await worker.end('SIGTERM')).toBe(0);
});

describe('a window', () => {
  test('closes only after the arrival barrier', async () => {
    const tenantId = await newTenant(parts.pool);
    const window = pastDay(tenantId, 2);
    await parts.produce(journey(tenantId, window.windowStartMs));
    await startWindow(parts.windows, window);
    await vi.waitFor(async () => expect((await describeWindow(parts.windows, window))?.phase).toBe('arriving'), {
      timeout: 20_000,
      interval: 100,
    });
    expect(await readCurrentPublication(parts.clickhouse, window)).toEqual([]);
    await parts.sink();
    await vi.waitFor(async () => expect((await describeWindow(parts.windows, window))?.phase).toBe('open'), {
      timeout: 20_000,
      interval: 100,
    });
    const [publication] = await readCurrentPublication(parts.clickhouse, window);
    expect(publication).toMatchObject({ version: 1, reason: 'close' });
    const [run] = await readLatestRun(parts.clickhouse, window);
    expect(run).toMatchObject({
      state: 'published',
      conversions: 1,
      conversionsAttributed: 1,
      runId: publication?.runId,
    });
    expect(run?.traceId).toMatch(/^(?!0{32})[0-9a-f]{32}$/);
    const totals = await readRunTotals(parts.clickhouse, { ...window, runId: run?.runId ?? '' });
    expect(totals.map(({ model, credit, value }) => [model, Number(credit), Number(value)])).toEqual([
      ['last_touch', 1, 10],
      ['linear', 1, 10],
    ]);
  });
});
