import { type Cutoff, hasReached } from '../events/cutoff.ts';
import { loadSettings, settingsVersionOf } from '../postgres/settings.ts';
import type { WindowActivities, WindowKey } from './contract.ts';
import type { ActivityDependencies } from './dependencies.ts';
import { readCurrentPublication, readSeenCutoffs } from './run-queries.ts';

/** What the tenant's settings and the state of record say about a window. */
export function createLoadWindow(dependencies: ActivityDependencies): WindowActivities['loadWindow'] {
  const { clickhouse, postgres, reopenIntervalMs } = dependencies;

  /** A run that died before its verdict has seen the arrivals in vain. */
  async function isCovered(window: WindowKey, arrivals: Cutoff | null): Promise<boolean> {
    if (arrivals === null) return false;
    const judged = await readSeenCutoffs(clickhouse, keyOf(window));
    return judged.some(({ cutoff }) => hasReached(cutoff, arrivals));
  }

  return async function loadWindow({ window, arrivals }) {
    const { settings } = await loadSettings(postgres, window.tenantId);
    const [current] = await readCurrentPublication(clickhouse, keyOf(window));
    const publishedVersion = current?.settingsVersion ?? null;
    return {
      settingsVersion: await settingsVersionOf(postgres, { ...keyOf(window), publishedVersion }),
      allowedLatenessMs: settings.allowed_lateness_seconds * 1_000,
      lateHorizonMs: settings.late_horizon_seconds * 1_000,
      reopenIntervalMs,
      publication:
        current === undefined
          ? null
          : { version: current.version, runId: current.runId, firstPublishedAtMs: current.firstPublishedAtMs },
      isCovered: await isCovered(window, arrivals),
    };
  };
}

/** How the queries of runs name a window. */
export const keyOf = ({ tenantId, windowStartMs }: WindowKey): { tenantId: string; windowStartMs: number } => ({
  tenantId,
  windowStartMs,
});
