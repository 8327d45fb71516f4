import { proxyActivities } from '@temporalio/workflow';
import type { WindowActivities } from '../activities/contract.ts';
import type { WindowReplayActivities } from '../activities/replay-contract.ts';
import { HEARTBEAT_TIMEOUT_MS } from './heartbeat-timeouts.ts';

/** Retried for as long as the error says that it may pass; what cannot pass by itself ends the run. */
const RETRY = { initialInterval: '1 second', backoffCoefficient: 2, maximumInterval: '1 minute' } as const;

const COMPUTE = {
  startToCloseTimeout: '6 hours',
  heartbeatTimeout: HEARTBEAT_TIMEOUT_MS.compute,
  // Whoever withdraws a run learns of it when nothing is computed for it any more and its rows are gone.
  cancellationType: 'WAIT_CANCELLATION_COMPLETED',
  retry: RETRY,
} as const;

/** After everything that is live, which has 2; no tenant comes before another. */
const REPLAY_PRIORITY = 4;

export const {
  loadWindow,
  enterRun,
  verifyRun,
  publishRun,
  leaveRun,
  loadReplayRun,
  leaveReplayRun,
  publishReplayRun,
} = proxyActivities<WindowActivities & WindowReplayActivities>({
  startToCloseTimeout: '10 minutes',
  heartbeatTimeout: HEARTBEAT_TIMEOUT_MS.other,
  retry: RETRY,
});

/** It gives up its place in the worker after a minute and comes back, so that a stalled sink does not fill the worker. */
export const { awaitArrival } = proxyActivities<WindowActivities>({
  startToCloseTimeout: '5 minutes',
  heartbeatTimeout: HEARTBEAT_TIMEOUT_MS.arrival,
  retry: { initialInterval: '500 milliseconds', backoffCoefficient: 1.5, maximumInterval: '10 seconds' },
});

export const { computeRun } = proxyActivities<WindowActivities>(COMPUTE);

/** The same for a replay, whose windows wait while live ones are computed. */
export const { computeRun: computeReplayRun } = proxyActivities<WindowActivities>({
  ...COMPUTE,
  priority: { priorityKey: REPLAY_PRIORITY },
});
