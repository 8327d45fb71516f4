import type { Cutoff } from '../events/cutoff.ts';
import { activeLeases } from '../postgres/leases.ts';
import type { Tenant } from '../postgres/tenants.ts';
import { chunksOf } from './chunks.ts';
import { reopenWindow, startWindow, toTemporalError } from './client.ts';
import type { ReconcileCounts } from './contract.ts';
import type { ActivityDependencies } from './dependencies.ts';
import { holdingLease, lookbackMs, windowAt } from './window-range.ts';

/** Calls to Temporal at once. */
export const CALLS_AT_ONCE = 10;

/** A window that has to look after itself, or at rows that it has not seen. */
export interface WindowToAsk {
  windowStartMs: number;
  /** As far a run has to see; null to start the window if nobody looks after it. */
  arrivals: Cutoff | null;
}

export type Asked = keyof ReconcileCounts;

/** Starts and reopens windows of a tenant, in their order; those that a running import holds are left for later. */
export async function askWindows(
  dependencies: ActivityDependencies,
  { tenant_id: tenantId, settings }: Tenant,
  windows: readonly WindowToAsk[],
): Promise<Asked[]> {
  const { postgres, temporal, taskQueue, nowMs, metrics } = dependencies;
  const leases = await activeLeases(postgres, tenantId, new Date(nowMs()));
  const ask = async ({ windowStartMs, arrivals }: WindowToAsk): Promise<Asked> => {
    const window = windowAt(tenantId, settings.granularity, windowStartMs);
    const reason = arrivals === null ? 'close' : 'reopen';
    if (holdingLease(leases, { window, reason, lookbackMs: lookbackMs(settings) }) !== undefined) return 'held';
    try {
      if (arrivals === null) await startWindow({ temporal, taskQueue }, window);
      else await reopenWindow({ temporal, taskQueue }, window, { version: 1, arrivals });
    } catch (error) {
      throw toTemporalError(error);
    }
    return arrivals === null ? 'started' : 'reopened';
  };
  const asked: Asked[] = [];
  for (const some of chunksOf(windows, CALLS_AT_ONCE)) asked.push(...(await Promise.all(some.map(ask))));
  const { started, reopened, held } = countAsked(asked);
  metrics.startedWindows.inc(started);
  metrics.reopens.inc(reopened);
  metrics.heldWindows.inc(held);
  return asked;
}

/** How many of them ended how. */
export function countAsked(asked: readonly Asked[]): ReconcileCounts {
  const countOf = (outcome: Asked): number => asked.filter((one) => one === outcome).length;
  return { started: countOf('started'), reopened: countOf('reopened'), held: countOf('held') };
}
