import type { WindowOutcome } from '../workflows/messages.ts';
import type { ReconcileActivities, RunReason, WindowActivities } from './contract.ts';
import type { ActivityDependencies } from './dependencies.ts';
import { withHeartbeat } from './heartbeat.ts';
import { DRY_RUN_REMOVABLE_MS, REMOVABLE_MS, deleteUnpublishedRuns } from './run-queries.ts';
import { giveTurnBack } from './run-turns.ts';

const REMOVED_RUNS_MAX = 100;

/** Makes room for the next run of the tenant, and counts how this one ended. */
export function createLeaveRun(dependencies: ActivityDependencies): WindowActivities['leaveRun'] {
  const { metrics } = dependencies;
  return async function leaveRun({ window, reason, state, durationMs }) {
    await giveTurnBack(dependencies, window);
    countRun(metrics, { outcome: state, reason, durationMs });
  };
}

/** Counts how a run ended. */
export function countRun(
  metrics: ActivityDependencies['metrics'],
  { outcome, reason, durationMs }: { outcome: WindowOutcome['state']; reason: RunReason; durationMs: number },
): void {
  metrics.runs.inc({ outcome, reason });
  metrics.runDuration.observe({ outcome }, durationMs / 1_000);
  if (outcome === 'published') metrics.publications.inc({ reason });
}

/** Measures a whole reconcile or audit. */
export function createRecordReconcile({ metrics }: ActivityDependencies): ReconcileActivities['recordReconcile'] {
  return function recordReconcile({ kind, counts, durationMs }) {
    const duration = kind === 'audit' ? metrics.auditDuration : metrics.reconcileDuration;
    duration.observe(durationMs / 1_000);
    if (kind === 'audit') metrics.auditReopens.inc(counts.reopened);
    return Promise.resolve();
  };
}

/** Deletes credits that no publication will ever point at. */
export function createRemoveUnpublishedRuns(
  dependencies: ActivityDependencies,
): ReconcileActivities['removeUnpublishedRuns'] {
  const { clickhouse, metrics } = dependencies;
  return async function removeUnpublishedRuns() {
    const limits = { ageMs: REMOVABLE_MS, dryRunAgeMs: DRY_RUN_REMOVABLE_MS, runsMax: REMOVED_RUNS_MAX };
    const removed = await withHeartbeat(undefined, (signal) => deleteUnpublishedRuns(clickhouse, limits, { signal }));
    metrics.removedRuns.inc(removed);
  };
}
