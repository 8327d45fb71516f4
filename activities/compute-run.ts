import { randomUUID } from 'node:crypto';
import { Context } from '@temporalio/activity';
import { creditParameters } from '../attribution/parameters.ts';
import { loadSettings } from '../postgres/settings.ts';
import type { WindowActivities, WindowKey } from './contract.ts';
import type { ActivityDependencies } from './dependencies.ts';
import { findCollisions } from './find-collisions.ts';
import { withHeartbeat } from './heartbeat.ts';
import { computeCredits, deleteRunCredits } from './run-queries.ts';
import { killRun } from './window-queries.ts';

/**
 * Computes the credits of a window inside ClickHouse. Every attempt is a run of its own with its own id, so whatever an
 * attempt that died has left behind can never be counted beside the rows of the next one.
 */
export function createComputeRun(dependencies: ActivityDependencies): WindowActivities['computeRun'] {
  const { clickhouse, postgres, eventsTopic, nowMs, metrics } = dependencies;

  /**
   * Ends what may still work for nobody (the server goes on with a statement whose client has left) and deletes what it
   * inserted: a statement that ends early may have filled only the one of the two tables that the janitor does not read.
   */
  async function discard({ tenantId, windowStartMs }: WindowKey, runId: string): Promise<void> {
    await killRun(clickhouse, { runId });
    await deleteRunCredits(clickhouse, { tenantId, windowStartMs, runId });
  }

  return async function computeRun({ window, settingsVersion, cutoff }) {
    const before = Context.current().info.heartbeatDetails as { runId: string } | undefined;
    if (before !== undefined) await withHeartbeat(before, () => discard(window, before.runId));
    await withHeartbeat(before, (signal) => findCollisions(dependencies, cutoff[eventsTopic] ?? [], signal));
    const { settings } = await loadSettings(postgres, window.tenantId, settingsVersion);
    const { tenantId, windowStartMs, windowEndMs } = window;
    const runId = randomUUID();
    const startedAtMs = nowMs();
    const parameters = creditParameters({ tenantId, windowStartMs, windowEndMs, runId, cutoff, settings });
    await withHeartbeat({ runId }, async (signal) => {
      try {
        await computeCredits(clickhouse, parameters, { signal, queryId: runId });
      } catch (error) {
        // Why it failed is what counts; the next attempt discards the run too, as a server that is away cannot now.
        await discard(window, runId).catch(() => {});
        throw error;
      }
    });
    const finishedAtMs = nowMs();
    metrics.computeDuration.observe((finishedAtMs - startedAtMs) / 1_000);
    return { runId, startedAtMs, finishedAtMs };
  };
}
