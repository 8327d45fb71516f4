import { activeLeases } from '../postgres/leases.ts';
import { takeTurn } from '../postgres/run-turns.ts';
import { loadSettings } from '../postgres/settings.ts';
import type { WindowActivities } from './contract.ts';
import type { ActivityDependencies } from './dependencies.ts';
import { giveTurnBack, tellGranted, turnOf } from './run-turns.ts';
import { holdingLease, lookbackMs } from './window-range.ts';

/** What keeps a run from beginning: a running import that holds the window, or other runs of its tenant. */
export function createEnterRun(dependencies: ActivityDependencies): WindowActivities['enterRun'] {
  const { postgres, tenantRunsMax, nowMs } = dependencies;
  return async function enterRun({ window, reason }) {
    const now = nowMs();
    const { settings } = await loadSettings(postgres, window.tenantId);
    const leases = await activeLeases(postgres, window.tenantId, new Date(now));
    const lease = holdingLease(leases, { window, reason, lookbackMs: lookbackMs(settings) });
    if (lease !== undefined) {
      // Whoever waits for an import keeps nobody else waiting.
      await giveTurnBack(dependencies, window);
      return { kind: 'import', expiresInMs: lease.expires_at.getTime() - now };
    }
    const request = { ...turnOf(window), is_replay: reason === 'replay' };
    const { ahead, granted } = await takeTurn(postgres, request, tenantRunsMax);
    await tellGranted(dependencies, granted);
    return ahead === null ? null : { kind: 'turn', ahead };
  };
}
