import { type Cutoff, hasReached } from '../events/cutoff.ts';
import { loadSettings } from '../postgres/settings.ts';
import type { WindowActivities, WindowKey } from './contract.ts';
import type { ActivityDependencies } from './dependencies.ts';
import { readCurrentPublication, readLatestRun } from './run-queries.ts';

/** What the tenant's newest settings and the state of record say about a window. */
export function createLoadWindow(dependencies: ActivityDependencies): WindowActivities['loadWindow'] {
  const { clickhouse, postgres, reopenIntervalMs } = dependencies;

  async function isCovered(window: WindowKey, arrivals: Cutoff | null, publishedRunId?: string): Promise<boolean> {
    if (arrivals === null) return false;
    const [latest] = await readLatestRun(clickhouse, keyOf(window));
    // A run that died before its verdict has seen the arrivals in vain.
    const isJudged = latest !== undefined && (latest.state !== 'computed' || latest.runId === publishedRunId);
    return isJudged && hasReached(latest.cutoff, arrivals);
  }

  return async function loadWindow({ window, arrivals }) {
    const { version, settings } = await loadSettings(postgres, window.tenantId);
    const [current] = await readCurrentPublication(clickhouse, keyOf(window));
    return {
      settingsVersion: version,
      allowedLatenessMs: settings.allowed_lateness_seconds * 1_000,
      lateHorizonMs: settings.late_horizon_seconds * 1_000,
      reopenIntervalMs,
      publication:
        current === undefined
          ? null
          : { version: current.version, runId: current.runId, firstPublishedAtMs: current.firstPublishedAtMs },
      isCovered: await isCovered(window, arrivals, current?.runId),
    };
  };
}

/** How the queries of runs name a window. */
export const keyOf = ({ tenantId, windowStartMs }: WindowKey): { tenantId: string; windowStartMs: number } => ({
  tenantId,
  windowStartMs,
});
