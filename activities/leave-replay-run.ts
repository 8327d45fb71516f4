import type { WindowKey } from './contract.ts';
import type { ActivityDependencies } from './dependencies.ts';
import type { ReplayRunRecord, ReplayRunState, WindowReplayActivities } from './replay-contract.ts';
import { NO_RUN, insertReplayRun } from './replay-queries.ts';
import { countRun } from './record.ts';
import { giveTurnBack } from './run-turns.ts';

/** Records how a window ended in a replay, counts it, and makes room for the next run of the tenant. */
export function createLeaveReplayRun(dependencies: ActivityDependencies): WindowReplayActivities['leaveReplayRun'] {
  return async function leaveReplayRun({ replayId, window, record, durationMs }) {
    if (record !== null) await storeReplayRun(dependencies, { replayId, window, record });
    await giveTurnBack(dependencies, window);
    if (record === null) return;
    const outcome = outcomeOf(record);
    if (outcome === undefined) return;
    countRun(dependencies.metrics, { outcome, reason: 'replay', durationMs });
  };
}

/** Writes the row of a window of a replay. */
export async function storeReplayRun(
  { clickhouse, metrics }: ActivityDependencies,
  { replayId, window, record }: { replayId: string; window: WindowKey; record: ReplayRunRecord },
): Promise<void> {
  await insertReplayRun(clickhouse, {
    ...window,
    replayId,
    state: record.state,
    runId: record.runId ?? NO_RUN,
    baseRunId: record.base?.runId ?? NO_RUN,
    baseVersion: record.base?.version ?? 0,
    version: record.publicationVersion,
    code: record.failure?.code ?? '',
    message: record.failure?.message ?? '',
    recordedAtMs: record.recordedAtMs,
  });
  metrics.replayWindows.inc({ state: record.state });
}

/** What of it is counted as a run; what a dry run computes is none until it is published. */
function outcomeOf({ state, failure }: { state: ReplayRunState; failure: ReplayRunRecord['failure'] }) {
  if (state === 'published' || state === 'unchanged') return state;
  if (state === 'failed') return failure?.code === 'run_inconsistent' ? 'inconsistent' : 'failed';
  return undefined;
}
