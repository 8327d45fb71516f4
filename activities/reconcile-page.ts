import { type Cutoff, mergeCutoffs } from '../events/cutoff.ts';
import { GRANULARITY_SECONDS } from '../events/settings.ts';
import { activeLeases } from '../postgres/leases.ts';
import type { PostgresPool } from '../postgres/pool.ts';
import { type Tenant, loadTenants } from '../postgres/tenants.ts';
import { reopenWindow, startWindow, toTemporalError } from './client.ts';
import type { ReconcileActivities, ReconcileCursor } from './contract.ts';
import type { ActivityDependencies } from './dependencies.ts';
import { withHeartbeat } from './heartbeat.ts';
import { holdingLease, lookbackMs, windowAt } from './window-range.ts';
import { findWindows } from './window-queries.ts';

/** Tenants in one question to ClickHouse. */
const TENANTS_PER_PAGE = 50;
/** Calls to Temporal at once. */
const STARTS_AT_ONCE = 10;
const AFTER_ALL_WINDOWS_MS = 253_402_300_800_000;

type Found = Awaited<ReturnType<typeof findWindows>>[number];

/** Starts and reopens what one page of the data asks for; an import's lease lets a window wait for its end. */
export function createReconcilePage(dependencies: ActivityDependencies): ReconcileActivities['reconcilePage'] {
  const { clickhouse, postgres, metrics, nowMs } = dependencies;
  return function reconcilePage({ after, windowsMax }) {
    return withHeartbeat(undefined, async (signal) => {
      const tenants = await tenantsFrom(postgres, after?.tenantId ?? '');
      const page = tenants.slice(0, TENANTS_PER_PAGE);
      const counts = { started: 0, reopened: 0, held: 0 };
      const last = page.at(-1);
      if (last === undefined) return { ...counts, next: null };
      const limits = {
        afterTenantId: after?.tenantId ?? '',
        afterWindowStartMs: after?.windowStartMs ?? 0,
        nowMs: nowMs(),
        windowsMax,
      };
      const found = await findWindows(clickhouse, { ...settingsOf(page), ...limits }, { signal });
      for (const tenant of page) {
        const mine = found.filter(({ tenantId }) => tenantId === tenant.tenant_id);
        if (mine.length === 0) continue;
        for (const outcome of await actOn(dependencies, tenant, mine)) counts[outcome] += 1;
      }
      metrics.startedWindows.inc(counts.started);
      metrics.reopens.inc(counts.reopened);
      metrics.heldWindows.inc(counts.held);
      return { ...counts, next: nextCursor(found, windowsMax, tenants.length > page.length ? last : undefined) };
    });
  };
}

/** What decides which windows of these tenants need somebody: lists that belong together. */
const settingsOf = (tenants: readonly Tenant[]) => ({
  tenantIds: tenants.map(({ tenant_id }) => tenant_id),
  windowSeconds: tenants.map(({ settings }) => GRANULARITY_SECONDS[settings.granularity]),
  lookbackSeconds: tenants.map(({ settings }) => lookbackMs(settings) / 1_000),
  horizonSeconds: tenants.map(({ settings }) => settings.late_horizon_seconds),
  milestones: tenants.map(({ settings }) => (settings.models.includes('w_shaped') ? settings.w_shaped_milestone : '')),
});

/** In the order in which ClickHouse compares names: PostgreSQL may have a language that sorts them otherwise. */
async function tenantsFrom(postgres: PostgresPool, firstTenantId: string): Promise<Tenant[]> {
  const tenants = (await loadTenants(postgres)).filter(({ tenant_id }) => tenant_id >= firstTenantId);
  return tenants.sort((left, right) => (left.tenant_id < right.tenant_id ? -1 : 1));
}

function nextCursor(found: readonly Found[], windowsMax: number, lastTenant?: Tenant): ReconcileCursor | null {
  const last = found.at(-1);
  if (found.length >= windowsMax && last !== undefined) {
    return { tenantId: last.tenantId, windowStartMs: last.windowStartMs };
  }
  return lastTenant === undefined ? null : { tenantId: lastTenant.tenant_id, windowStartMs: AFTER_ALL_WINDOWS_MS };
}

async function actOn(
  dependencies: ActivityDependencies,
  { tenant_id: tenantId, settings }: Tenant,
  found: readonly Found[],
): Promise<('started' | 'reopened' | 'held')[]> {
  const { postgres, temporal, taskQueue, nowMs } = dependencies;
  const leases = await activeLeases(postgres, tenantId, new Date(nowMs()));
  return inChunks(found, STARTS_AT_ONCE, async ({ windowStartMs, isBehind, newestRows }) => {
    const window = windowAt(tenantId, settings.granularity, windowStartMs);
    const reason = isBehind ? 'reopen' : 'close';
    if (holdingLease(leases, { window, reason, lookbackMs: lookbackMs(settings) }) !== undefined) return 'held';
    const client = { temporal, taskQueue };
    try {
      if (isBehind) await reopenWindow(client, window, { version: 1, arrivals: arrivalsOf(newestRows) });
      else await startWindow(client, window);
    } catch (error) {
      throw toTemporalError(error);
    }
    return isBehind ? 'reopened' : 'started';
  });
}

/** The cut-off that sees the newest rows. */
function arrivalsOf(rows: Found['newestRows']): Cutoff {
  return rows.reduce<Cutoff>(
    (merged, [topic, partition, offset]) =>
      mergeCutoffs(merged, { [topic]: [...Array.from({ length: partition }, () => 0), offset + 1] }),
    {},
  );
}

async function inChunks<Item, Result>(
  items: readonly Item[],
  size: number,
  work: (item: Item) => Promise<Result>,
): Promise<Result[]> {
  const results: Result[] = [];
  for (let first = 0; first < items.length; first += size) {
    results.push(...(await Promise.all(items.slice(first, first + size).map(work))));
  }
  return results;
}
