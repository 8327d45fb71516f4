import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { closeWindow, describeWindow, reopenWindow, startWindow } from '../../activities/client.ts';
import type { WindowKey } from '../../activities/contract.ts';
import { readCurrentPublication, readLatestRun, readRunTotals } from '../../activities/run-queries.ts';
import { releaseLease, takeLease } from '../../postgres/leases.ts';
import { changeSettings } from '../../postgres/settings.ts';
import { reportSpool } from '../../postgres/spools.ts';
import {
  type Parts,
  WITHOUT_SCHEDULES,
  type WorkerProcess,
  journey,
  newTenant,
  pastDay,
  publishedCredits,
  startParts,
  startWorker,
} from './setup.ts';

let parts: Parts;
let worker: WorkerProcess;
beforeAll(async () => {
  parts = await startParts();
  // These tests say themselves what is to be done.
  worker = await startWorker(WITHOUT_SCHEDULES);
});
afterAll(async () => {
  expect(await worker.end('SIGTERM')).toBe(0);
});

const phaseOf = async (window: WindowKey) => (await describeWindow(parts.windows, window))?.phase;
const untilPhase = (window: WindowKey, phase: string): Promise<void> =>
  vi.waitFor(async () => expect(await phaseOf(window)).toBe(phase), { timeout: 20_000, interval: 100 });
const closeNow = (window: WindowKey) => closeWindow(parts.windows, window, randomUUID());

describe('a window', () => {
  test('closes only after the arrival barrier, and its run is its own trace', async () => {
    const tenantId = await newTenant(parts.pool);
    const window = pastDay(tenantId, 2);
    await parts.produce(journey(tenantId, window.windowStartMs));
    await startWindow(parts.windows, window);
    await untilPhase(window, 'arriving');
    expect(await readCurrentPublication(parts.clickhouse, window)).toEqual([]);
    await parts.sink();
    await untilPhase(window, 'open');
    const [publication] = await readCurrentPublication(parts.clickhouse, window);
    expect(publication).toMatchObject({ version: 1, reason: 'close' });
    const [run] = await readLatestRun(parts.clickhouse, window);
    expect(run).toMatchObject({ state: 'published', conversions: 1, runId: publication?.runId });
    expect(run?.conversionsAttributed).toBe(1);
    expect(run?.traceId).toMatch(/^(?!0{32})[0-9a-f]{32}$/);
    expect((await describeWindow(parts.windows, window))?.lastOutcome?.traceId).toBe(run?.traceId);
    const totals = await readRunTotals(parts.clickhouse, { ...window, runId: run?.runId ?? '' });
    expect(totals.map(({ model, credit, value }) => [model, Number(credit), Number(value)])).toEqual([
      ['last_touch', 1, 10],
      ['linear', 1, 10],
    ]);
  });

  test('waits for accepted events that lie on a spool', async () => {
    const tenantId = await newTenant(parts.pool);
    const window = pastDay(tenantId, 2);
    const spool = { spoolId: randomUUID(), oldestReceivedAt: new Date(Date.now() - 1_000) };
    await reportSpool(parts.pool, { ...spool, records: 1 });
    await parts.sink();
    const closed = closeNow(window);
    await untilPhase(window, 'arriving');
    // What was on the spool reaches Kafka and then ClickHouse; both have to be waited for.
    await parts.produce(journey(tenantId, window.windowStartMs));
    await reportSpool(parts.pool, { ...spool, records: 0 });
    await parts.sink();
    expect(await closed).toMatchObject({ state: 'published', summary: { conversions: 1 } });
  });

  test('publishes a new version when late data changes its credits, and nothing when it does not', async () => {
    const tenantId = await newTenant(parts.pool);
    const window = pastDay(tenantId, 3);
    await parts.produce(journey(tenantId, window.windowStartMs));
    await parts.sink();
    expect(await closeNow(window)).toMatchObject({ state: 'published', publicationVersion: 1, reason: 'command' });
    expect(await closeNow(window)).toMatchObject({ state: 'unchanged', publicationVersion: 1 });
    expect(await readLatestRun(parts.clickhouse, window)).toMatchObject([{ state: 'unchanged' }]);
    await parts.produce(journey(tenantId, window.windowStartMs + 7_200_000, 'social'));
    await parts.sink();
    expect(await closeNow(window)).toMatchObject({ state: 'published', publicationVersion: 2 });
    expect(await publishedCredits(parts.clickhouse, window)).toEqual([
      ['last_touch', 'search', 1],
      ['last_touch', 'social', 1],
      ['linear', 'search', 1],
      ['linear', 'social', 1],
    ]);
  });

  test('applies changed settings to windows that are not published yet, and to no other', async () => {
    const tenantId = await newTenant(parts.pool);
    const [before, after] = [pastDay(tenantId, 3), pastDay(tenantId, 2)];
    await parts.produce([before, after].flatMap(({ windowStartMs }) => journey(tenantId, windowStartMs)));
    await parts.sink();
    await closeNow(before);
    await changeSettings(parts.pool, tenantId, { models: ['linear'] });
    expect(await closeNow(before)).toMatchObject({ state: 'unchanged', publicationVersion: 1, settingsVersion: 1 });
    expect(await closeNow(after)).toMatchObject({ state: 'published', publicationVersion: 1, settingsVersion: 2 });
    expect(await publishedCredits(parts.clickhouse, after)).toEqual([['linear', 'search', 1]]);
  });

  test('shows one whole publication to every reader while a new one is made', async () => {
    const tenantId = await newTenant(parts.pool);
    const window = pastDay(tenantId, 3);
    await parts.produce(journey(tenantId, window.windowStartMs));
    await parts.sink();
    await closeNow(window);
    let isDone = false;
    const seen = new Set<string>();
    const reading = (async () => {
      while (!isDone) seen.add(JSON.stringify(await publishedCredits(parts.clickhouse, window)));
    })();
    await parts.produce([0, 1, 2, 3].flatMap((n) => journey(tenantId, window.windowStartMs + n * 60_000, 'social')));
    await parts.sink();
    await closeNow(window);
    isDone = true;
    await reading;
    seen.add(JSON.stringify(await publishedCredits(parts.clickhouse, window)));
    const before = [
      ['last_touch', 'search', 1],
      ['linear', 'search', 1],
    ];
    const after = [
      ['last_touch', 'search', 1],
      ['last_touch', 'social', 4],
      ['linear', 'search', 1],
      ['linear', 'social', 4],
    ];
    expect([...seen].map((text) => JSON.parse(text) as unknown)).toEqual([before, after]);
  });

  test('is held by the lease of an import, and closes once when it ends', async () => {
    const tenantId = await newTenant(parts.pool);
    const window = pastDay(tenantId, 4);
    const range = { rangeStart: new Date(window.windowStartMs), rangeEnd: new Date(window.windowEndMs) };
    const lease = await takeLease(parts.pool, { tenantId, ...range, durationMs: 3_000 });
    await startWindow(parts.windows, window);
    await untilPhase(window, 'importing');
    await parts.produce(journey(tenantId, window.windowStartMs));
    await parts.sink();
    await releaseLease(parts.pool, lease.lease_id);
    await untilPhase(window, 'open');
    expect(await readCurrentPublication(parts.clickhouse, window)).toMatchObject([{ version: 1 }]);
    expect(await readLatestRun(parts.clickhouse, window)).toMatchObject([{ conversions: 1 }]);
  });

  test('ignores a report of late data that its last run has seen', async () => {
    const tenantId = await newTenant(parts.pool);
    const window = pastDay(tenantId, 3);
    await parts.produce(journey(tenantId, window.windowStartMs));
    await parts.sink();
    await closeNow(window);
    const [run] = await readLatestRun(parts.clickhouse, window);
    await reopenWindow(parts.windows, window, { version: 1, arrivals: run?.cutoff ?? {} });
    await vi.waitFor(
      async () => {
        const description = await describeWindow(parts.windows, window);
        expect(description?.phase).toBe('open');
      },
      { timeout: 20_000 },
    );
    expect(await readLatestRun(parts.clickhouse, window)).toMatchObject([{ runId: run?.runId }]);
  });

  test('refuses to close before its end, and after its horizon', async () => {
    const tenantId = await newTenant(parts.pool, { late_horizon_seconds: 0, allowed_lateness_seconds: 1 });
    await expect(closeNow(pastDay(tenantId, 0))).rejects.toMatchObject({ cause: { type: 'window_invalid' } });
    const window = pastDay(tenantId, 2);
    await parts.sink();
    expect(await closeNow(window)).toMatchObject({ state: 'published', summary: { conversions: 0 } });
    await expect(closeNow(window)).rejects.toMatchObject({ cause: { type: 'window_invalid' } });
    expect(await readCurrentPublication(parts.clickhouse, window)).toMatchObject([{ version: 1 }]);
  });
});
