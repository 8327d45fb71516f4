import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { describeWindow } from '../../activities/client.ts';
import { windowAt } from '../../activities/window-range.ts';
import type { WindowKey } from '../../activities/contract.ts';
import { queryRows } from '../../postgres/pool.ts';
import { createTenant } from '../../postgres/tenants.ts';
import { settingsSchema } from '../../events/settings.ts';
import { reconcileOnce, startQuietWorker, startReconcile } from './reconciling.ts';
import { type Parts, type WorkerProcess, event, startParts } from './setup.ts';

const HOUR_MS = 3_600_000;
/** More than one question to ClickHouse asks about. */
const TENANTS = 53;
const HOURS_OF_FIRST = 13;

let parts: Parts;
let worker: WorkerProcess;
const windows: WindowKey[] = [];

beforeAll(async () => {
  parts = await startParts();
  worker = await startQuietWorker(parts);
  // Most installations sort text by a language, in which `_` comes before `-`; ClickHouse compares bytes.
  await queryRows(parts.pool, 'ALTER TABLE tenants ALTER COLUMN tenant_id TYPE text COLLATE "und-x-icu"');
  const settings = settingsSchema.parse({ granularity: '1h', allowed_lateness_seconds: 30 * 86_400 });
  const startMs = Math.floor(Date.now() / HOUR_MS) * HOUR_MS - 100 * HOUR_MS;
  for (let index = 0; index < TENANTS; index += 1) {
    const tenantId = `paging${index < TENANTS - 2 ? '_' : '-'}${String(index).padStart(2, '0')}`;
    await createTenant(parts.pool, { tenantId, settings });
    for (let hour = 0; hour < (index === 0 ? HOURS_OF_FIRST : 1); hour += 1) {
      windows.push(windowAt(tenantId, '1h', startMs + hour * HOUR_MS));
    }
  }
  await parts.produce(windows.map(({ tenantId, windowStartMs }) => event(tenantId, randomUUID(), windowStartMs)));
  await parts.sink();
});
afterAll(async () => {
  expect(await worker.end('SIGTERM')).toBe(0);
});

describe('reconcile by pages', () => {
  test.each([
    ['several pages within a tenant', 5, 3],
    ['one window on a page', 1, 20],
    ['pages that end where the windows end', 13, 1],
  ])('finds every window exactly once: %s', async (_, windowsPerPage, pagesPerRun) => {
    const reconcile = await startReconcile(parts, { windowsPerPage, pagesPerRun });
    expect(await reconcile.result()).toEqual({ started: windows.length, reopened: 0, held: 0 });
    const first = parts.windows.temporal.workflow.getHandle(reconcile.workflowId, reconcile.firstExecutionRunId);
    expect((await first.describe()).status.name).toBe('CONTINUED_AS_NEW');
    const found = await Promise.all(windows.map((window) => describeWindow(parts.windows, window)));
    expect(found.map((description) => description?.window)).toEqual(windows);
  });

  test('finds in pages what it finds at once', async () => {
    expect(await reconcileOnce(parts)).toEqual({ started: windows.length, reopened: 0, held: 0 });
  });
});
