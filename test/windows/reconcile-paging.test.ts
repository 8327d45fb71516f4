import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { windowHandle } from '../../activities/client.ts';
import { windowAt } from '../../activities/window-range.ts';
import type { WindowKey } from '../../activities/contract.ts';
import { queryRows } from '../../postgres/pool.ts';
import { createTenant } from '../../postgres/tenants.ts';
import { settingsSchema } from '../../events/settings.ts';
import { auditOnce, startQuietWorker, startRecurring } from './reconciling.ts';
import { type Parts, type WorkerProcess, event, startParts } from './setup.ts';

const HOUR_MS = 3_600_000;
/** More than one question to ClickHouse asks about. */
const TENANTS = 53;
const HOURS_OF_FIRST = 13;

let parts: Parts;
let worker: WorkerProcess;
/** In the order in which they are found. */
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
  const nameOf = ({ tenantId, windowStartMs }: WindowKey) => `${tenantId} ${windowStartMs}`;
  windows.sort((left, right) => (nameOf(left) < nameOf(right) ? -1 : 1));
  await parts.produce(windows.map(({ tenantId, windowStartMs }) => event(tenantId, randomUUID(), windowStartMs)));
  await parts.sink();
});
afterAll(async () => {
  expect(await worker.end('SIGTERM')).toBe(0);
});

describe('an audit by pages', () => {
  test.each([
    { is: 'several pages within a tenant', windowsPerPage: 5, pagesPerRun: 3, after: -1 },
    {
      is: 'pages that end where the windows of a tenant end',
      windowsPerPage: HOURS_OF_FIRST,
      pagesPerRun: 1,
      after: -1,
    },
    { is: 'one window on a page, from the middle on', windowsPerPage: 1, pagesPerRun: 4, after: 54 },
  ])('finds every window exactly once: $is', async ({ windowsPerPage, pagesPerRun, after }) => {
    const cursor = windows[after];
    const begin = cursor === undefined ? {} : { after: cursor };
    const audit = await startRecurring(parts, 'audit', { windowsPerPage, pagesPerRun, ...begin });
    expect(await audit.result()).toEqual({ started: windows.length - after - 1, reopened: 0, held: 0 });
    const first = parts.windows.temporal.workflow.getHandle(audit.workflowId, audit.firstExecutionRunId);
    expect((await first.describe()).status.name).toBe('CONTINUED_AS_NEW');
  });

  test('starts all of them, and finds at once what it finds in pages', async () => {
    for (const window of windows) {
      expect((await windowHandle(parts.windows, window).describe()).status.name).toBe('RUNNING');
    }
    expect(await auditOnce(parts)).toEqual({ started: windows.length, reopened: 0, held: 0 });
  });
});
