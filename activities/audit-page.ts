import { type Cutoff, cutoffUntil, mergeCutoffs } from '../events/cutoff.ts';
import { GRANULARITY_SECONDS } from '../events/settings.ts';
import type { PostgresPool } from '../postgres/pool.ts';
import { type Tenant, loadTenants } from '../postgres/tenants.ts';
import { type Asked, askWindows, countAsked } from './ask-windows.ts';
import type { ReconcileActivities, ReconcileCursor } from './contract.ts';
import type { ActivityDependencies } from './dependencies.ts';
import { withHeartbeat } from './heartbeat.ts';
import { lookbackMs } from './window-range.ts';
import { findWindows } from './window-queries.ts';

/** Tenants in one question to ClickHouse. */
const TENANTS_PER_PAGE = 50;
const AFTER_ALL_WINDOWS_MS = 253_402_300_800_000;
/** Rows that were examined more lately may still be on their way to their window. */
const LOST_AFTER_MS = 120_000;

type Found = Awaited<ReturnType<typeof findWindows>>[number];

/**
 * Compares one page of windows with the data, whatever was told to whom: starts those that have rows and no publication,
 * and reopens those that have not seen late rows or were not looked at for long. An import's lease lets them wait.
 */
export function createAuditPage(dependencies: ActivityDependencies): ReconcileActivities['auditPage'] {
  const { clickhouse, postgres, recheckAfterMs, nowMs } = dependencies;
  return function auditPage({ after, windowsMax }) {
    return withHeartbeat(undefined, async (signal) => {
      const tenants = await tenantsFrom(postgres, after?.tenantId ?? '');
      const page = tenants.slice(0, TENANTS_PER_PAGE);
      const last = page.at(-1);
      if (last === undefined) return { ...countAsked([]), next: null };
      const now = nowMs();
      const limits = {
        afterTenantId: after?.tenantId ?? '',
        afterWindowStartMs: after?.windowStartMs ?? 0,
        nowMs: now,
        examinedBeforeMs: now - LOST_AFTER_MS,
        judgedBeforeMs: now - recheckAfterMs,
        windowsMax,
      };
      const found = await findWindows(clickhouse, { ...settingsOf(page), ...limits }, { signal });
      const asked: Asked[] = [];
      for (const tenant of page) {
        const mine = found.filter(({ tenantId }) => tenantId === tenant.tenant_id);
        if (mine.length === 0) continue;
        asked.push(...(await askWindows(dependencies, tenant, mine.map(toAsk))));
      }
      const lastTenant = tenants.length > page.length ? last : undefined;
      return { ...countAsked(asked), next: nextCursor(found, windowsMax, lastTenant) };
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

const toAsk = ({ windowStartMs, isBehind, newestRows }: Found) => ({
  windowStartMs,
  arrivals: isBehind ? cutoffAfter(newestRows) : null,
});

/** The cut-off that sees the newest rows. */
function cutoffAfter(rows: Found['newestRows']): Cutoff {
  return rows.reduce<Cutoff>(
    (merged, [topic, partition, offset]) => mergeCutoffs(merged, cutoffUntil(topic, partition, offset + 1)),
    {},
  );
}
