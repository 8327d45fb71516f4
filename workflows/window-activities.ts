import { proxyActivities, proxyLocalActivities } from '@temporalio/workflow';
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

/**
 * They answer in milliseconds, and most of the cost of a run that is not ClickHouse's was in handing them out: so they run
 * inside the workflow task. Until that task is recorded they may happen again, even with other arguments where these hold
 * the time; what must be repeated with the very same ones is not among them.
 */
export const { loadWindow, enterRun, checkArrival, verifyRun, leaveRun, loadReplayRun, leaveReplayRun } =
  proxyLocalActivities<WindowActivities & WindowReplayActivities>({
    startToCloseTimeout: '10 minutes',
    // Longer waits are timers, so that a service that is away holds no workflow task.
    localRetryThreshold: '5 seconds',
    retry: RETRY,
  });

/** Their arguments are recorded before they happen: version and moment of a publication stay the same when repeated. */
export const { publishRun, publishReplayRun } = proxyActivities<WindowActivities & WindowReplayActivities>({
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
