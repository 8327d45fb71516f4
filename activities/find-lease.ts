import { activeLeases } from '../postgres/leases.ts';
import { loadSettings } from '../postgres/settings.ts';
import type { WindowActivities } from './contract.ts';
import type { ActivityDependencies } from './dependencies.ts';
import { holdingLease, lookbackMs } from './window-range.ts';

/** Whether a running import holds the window, and for how long at most. */
export function createFindLease(dependencies: ActivityDependencies): WindowActivities['findLease'] {
  const { postgres, nowMs } = dependencies;
  return async function findLease({ window, reason }) {
    const now = nowMs();
    const { settings } = await loadSettings(postgres, window.tenantId);
    const leases = await activeLeases(postgres, window.tenantId, new Date(now));
    const lease = holdingLease(leases, { window, reason, lookbackMs: lookbackMs(settings) });
    return lease === undefined ? null : { expiresInMs: lease.expires_at.getTime() - now };
  };
}
