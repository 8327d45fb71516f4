import { createAwaitArrival } from './await-arrival.ts';
import { createComputeRun } from './compute-run.ts';
import type { ReconcileActivities, WindowActivities } from './contract.ts';
import type { ActivityDependencies } from './dependencies.ts';
import { createEnterRun } from './enter-run.ts';
import { withFailures } from './failures.ts';
import { createLoadWindow } from './load-window.ts';
import { createPublishRun } from './publish-run.ts';
import { createReconcilePage } from './reconcile-page.ts';
import { createLeaveRun, createRecordReconcile, createRemoveUnpublishedRuns } from './record.ts';
import { createFreeLostTurns } from './run-turns.ts';
import { createVerifyRun } from './verify-run.ts';

/** All I/O of the workflows, made from the clients of one process. */
export function createActivities(dependencies: ActivityDependencies): WindowActivities & ReconcileActivities {
  return withFailures<WindowActivities & ReconcileActivities>({
    loadWindow: createLoadWindow(dependencies),
    enterRun: createEnterRun(dependencies),
    awaitArrival: createAwaitArrival(dependencies),
    computeRun: createComputeRun(dependencies),
    verifyRun: createVerifyRun(dependencies),
    publishRun: createPublishRun(dependencies),
    leaveRun: createLeaveRun(dependencies),
    reconcilePage: createReconcilePage(dependencies),
    removeUnpublishedRuns: createRemoveUnpublishedRuns(dependencies),
    freeLostTurns: createFreeLostTurns(dependencies),
    recordReconcile: createRecordReconcile(dependencies),
  });
}
