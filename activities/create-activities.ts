import type { UnmogrowpError } from '../errors.ts';
import { createAuditPage } from './audit-page.ts';
import { createArrival } from './await-arrival.ts';
import { createComputeRun } from './compute-run.ts';
import type { LedgerActivities, ReconcileActivities, WindowActivities } from './contract.ts';
import type { ActivityDependencies } from './dependencies.ts';
import { createEnterRun } from './enter-run.ts';
import { createExamineArrivals } from './examine-arrivals.ts';
import { withFailures } from './failures.ts';
import { createKeepLedger } from './keep-ledger.ts';
import { createLoadWindow } from './load-window.ts';
import { createLeaveReplayRun } from './leave-replay-run.ts';
import { createLoadReplayRun } from './load-replay-run.ts';
import { createPublishReplayRun } from './publish-replay-run.ts';
import { createPublishRun } from './publish-run.ts';
import { createLeaveRun, createRecordReconcile, createRemoveUnpublishedRuns } from './record.ts';
import { createFreeLostTurns } from './run-turns.ts';
import type { ReplayActivities, ReplayWaits, WindowReplayActivities } from './replay-contract.ts';
import { createBeginReplay, createChangeReplayState, createEndReplay, createReplayPage } from './replay-progress.ts';
import { createReplayWindow, createWithdrawWindows } from './replay-windows.ts';
import { createTellTouchedWindows } from './tell-touched-windows.ts';
import { createVerifyRun } from './verify-run.ts';

type Activities = WindowActivities & ReconcileActivities & LedgerActivities & WindowReplayActivities & ReplayActivities;

/** All I/O of the workflows but the waits, made from the clients of one process. */
export function createActivities(dependencies: ActivityDependencies): Activities {
  const activities: Activities = {
    loadWindow: createLoadWindow(dependencies),
    enterRun: createEnterRun(dependencies),
    ...createArrival(dependencies),
    computeRun: createComputeRun(dependencies),
    verifyRun: createVerifyRun(dependencies),
    publishRun: createPublishRun(dependencies),
    leaveRun: createLeaveRun(dependencies),
    examineArrivals: createExamineArrivals(dependencies),
    tellTouchedWindows: createTellTouchedWindows(dependencies),
    auditPage: createAuditPage(dependencies),
    removeUnpublishedRuns: createRemoveUnpublishedRuns(dependencies),
    freeLostTurns: createFreeLostTurns(dependencies),
    recordReconcile: createRecordReconcile(dependencies),
    keepLedger: createKeepLedger(dependencies),
    loadReplayRun: createLoadReplayRun(dependencies),
    leaveReplayRun: createLeaveReplayRun(dependencies),
    publishReplayRun: createPublishReplayRun(dependencies),
    beginReplay: createBeginReplay(dependencies),
    replayPage: createReplayPage(dependencies),
    changeReplayState: createChangeReplayState(dependencies),
    withdrawWindows: createWithdrawWindows(dependencies),
    endReplay: createEndReplay(dependencies),
  };
  return withFailures(activities, counted(dependencies));
}

/** The waits of replays, which are many and long: a worker of their own serves them. */
export function createWaits(dependencies: ActivityDependencies): ReplayWaits {
  return withFailures<ReplayWaits>({ replayWindow: createReplayWindow(dependencies) }, counted(dependencies));
}

const counted =
  ({ metrics }: ActivityDependencies) =>
  ({ code }: UnmogrowpError): void =>
    metrics.errors.inc({ code });
