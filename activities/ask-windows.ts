import type { Cutoff } from '../events/cutoff.ts';
import { activeLeases } from '../postgres/leases.ts';
import type { Tenant } from '../postgres/tenants.ts';
import { reopenWindow, startWindow, toTemporalError } from './client.ts';
import type { ActivityDependencies } from './dependencies.ts';
import { holdingLease, lookbackMs, windowAt } from './window-range.ts';

/** Calls to Temporal at once. */
const CALLS_AT_ONCE = 10;

/** A window that has to look after itself, or at rows that it has not seen. */
export interface WindowToAsk {
  windowStartMs: number;
  /** As far a run has to see; null to start the window if nobody looks after it. */
  arrivals: Cutoff | null;
}

export type Asked = 'started' | 'reopened' | 'held';

/** Starts and reopens windows of a tenant, in their order; those that a running import holds are left for later. */
export async function askWindows(
  dependencies: ActivityDependencies,
  { tenant_id: tenantId, settings }: Tenant,
  windows: readonly WindowToAsk[],
): Promise<Asked[]> {
  const { postgres, temporal, taskQueue, nowMs, metrics } = dependencies;
  const leases = await activeLeases(postgres, tenantId, new Date(nowMs()));
  const asked = await inChunks(windows, CALLS_AT_ONCE, async ({ windowStartMs, arrivals }): Promise<Asked> => {
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
  });
  metrics.startedWindows.inc(countOf(asked, 'started'));
  metrics.reopens.inc(countOf(asked, 'reopened'));
  metrics.heldWindows.inc(countOf(asked, 'held'));
  return asked;
}

/** How many of them ended so. */
export const countOf = (asked: readonly Asked[], outcome: Asked): number =>
  asked.filter((one) => one === outcome).length;

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
