import {
  ActivityFailure,
  ApplicationFailure,
  TimeoutFailure,
  proxyActivities,
  proxyLocalActivities,
} from '@temporalio/workflow';
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

const PLAIN = {
  startToCloseTimeout: '10 minutes',
  heartbeatTimeout: HEARTBEAT_TIMEOUT_MS.other,
  retry: RETRY,
} as const;

type Activities = WindowActivities & WindowReplayActivities;

const local = proxyLocalActivities<Activities>({ startToCloseTimeout: '30 seconds', retry: { maximumAttempts: 1 } });
const handedOut = proxyActivities<Activities>(PLAIN);

/**
 * A step that answers in milliseconds: most of the cost of a run that is not ClickHouse's was in handing such steps out, so
 * it is tried once inside the workflow task. What does not succeed there is handed out, with retries that everybody can
 * see. Until the task is recorded the step may happen again, with other arguments where these hold the time.
 */
function quickly<Name extends keyof Activities>(name: Name): Activities[Name] {
  const call = async (input: never): Promise<unknown> => {
    try {
      return await (local[name] as (input: never) => Promise<unknown>)(input);
    } catch (error) {
      if (!mayPass(error)) throw error;
      return (handedOut[name] as (input: never) => Promise<unknown>)(input);
    }
  };
  return call as Activities[Name];
}

function mayPass(error: unknown): boolean {
  const failure = error instanceof ActivityFailure ? error.cause : error;
  return failure instanceof TimeoutFailure || (failure instanceof ApplicationFailure && failure.nonRetryable !== true);
}

export const loadWindow = quickly('loadWindow');
export const enterRun = quickly('enterRun');
export const checkArrival = quickly('checkArrival');
export const verifyRun = quickly('verifyRun');
export const leaveRun = quickly('leaveRun');
export const loadReplayRun = quickly('loadReplayRun');
export const leaveReplayRun = quickly('leaveReplayRun');

/** Their arguments are recorded before they happen: version and moment of a publication stay the same when repeated. */
export const { publishRun, publishReplayRun } = handedOut;

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
