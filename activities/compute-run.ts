import { randomUUID } from 'node:crypto';
import { Context } from '@temporalio/activity';
import { creditParameters } from '../attribution/parameters.ts';
import { loadSettings } from '../postgres/settings.ts';
import type { WindowActivities } from './contract.ts';
import type { ActivityDependencies } from './dependencies.ts';
import { withHeartbeat } from './heartbeat.ts';
import { computeCredits } from './run-queries.ts';
import { killRun } from './window-queries.ts';

/**
 * Computes the credits of a window inside ClickHouse. Every attempt is a run of its own with its own id, so whatever an
 * attempt that died has left behind can never be counted beside the rows of the next one.
 */
export function createComputeRun(dependencies: ActivityDependencies): WindowActivities['computeRun'] {
  const { clickhouse, postgres, nowMs, metrics } = dependencies;
  return async function computeRun({ window, settingsVersion, cutoff }) {
    const before = Context.current().info.heartbeatDetails as { runId: string } | undefined;
    // The statement of an attempt whose worker died may still work for nobody.
    if (before !== undefined) await killRun(clickhouse, { runId: before.runId });
    const { settings } = await loadSettings(postgres, window.tenantId, settingsVersion);
    const { tenantId, windowStartMs, windowEndMs } = window;
    const runId = randomUUID();
    const startedAtMs = nowMs();
    const parameters = creditParameters({ tenantId, windowStartMs, windowEndMs, runId, cutoff, settings });
    await withHeartbeat({ runId }, async (signal) => {
      try {
        await computeCredits(clickhouse, parameters, { signal, queryId: runId });
      } catch (error) {
        // The server goes on with a statement whose client has left.
        if (signal.aborted) await killRun(clickhouse, { runId });
        throw error;
      }
    });
    const finishedAtMs = nowMs();
    metrics.computeDuration.observe((finishedAtMs - startedAtMs) / 1_000);
    return { runId, startedAtMs, finishedAtMs };
  };
}
