import { createAwaitArrival } from './await-arrival.ts';
import { createComputeRun } from './compute-run.ts';
import type { ReconcileActivities, WindowActivities } from './contract.ts';
import type { ActivityDependencies } from './dependencies.ts';
import { withFailures } from './failures.ts';
import { createFindLease } from './find-lease.ts';
import { createLoadWindow } from './load-window.ts';
import { createPublishRun } from './publish-run.ts';
import { createReconcilePage } from './reconcile-page.ts';
import { createRecordOutcome, createRecordReconcile, createRemoveUnpublishedRuns } from './record.ts';
import { createVerifyRun } from './verify-run.ts';

/** All I/O of the workflows, made from the clients of one process. */
export function createActivities(dependencies: ActivityDependencies): WindowActivities & ReconcileActivities {
  return withFailures<WindowActivities & ReconcileActivities>({
    loadWindow: createLoadWindow(dependencies),
    findLease: createFindLease(dependencies),
    awaitArrival: createAwaitArrival(dependencies),
    computeRun: createComputeRun(dependencies),
    verifyRun: createVerifyRun(dependencies),
    publishRun: createPublishRun(dependencies),
    recordOutcome: createRecordOutcome(dependencies),
    reconcilePage: createReconcilePage(dependencies),
    removeUnpublishedRuns: createRemoveUnpublishedRuns(dependencies),
    recordReconcile: createRecordReconcile(dependencies),
  });
}
