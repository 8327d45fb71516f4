import { WorkflowUpdateFailedError } from '@temporalio/client';
import { ApplicationFailure } from '@temporalio/common';
import { CALLS_AT_ONCE } from './ask-windows.ts';
import { chunksOf } from './chunks.ts';
import { toTemporalError } from './client.ts';
import type { ActivityDependencies } from './dependencies.ts';
import { withHeartbeat } from './heartbeat.ts';
import { storeReplayRun } from './leave-replay-run.ts';
import { replayWindowNow, withdrawWindow } from './replay-client.ts';
import type { ReplayActivities, ReplayWaits } from './replay-contract.ts';

/** The code with which a window refuses a command. */
const REFUSED = 'window_invalid';

/**
 * Lets the window's own workflow do its part of a replay and waits for it: hours, if an import holds the window. An
 * attempt that is repeated joins the one that is under way, by the name of the update.
 */
export function createReplayWindow(dependencies: ActivityDependencies): ReplayWaits['replayWindow'] {
  const { temporal, taskQueue, nowMs } = dependencies;
  return async function replayWindow({ window, ...task }) {
    try {
      return await withHeartbeat(undefined, (signal) =>
        temporal.withAbortSignal(signal, () => replayWindowNow({ temporal, taskQueue }, window, task)),
      );
    } catch (error) {
      const failure = refusalOf(error);
      const ended = { state: 'failed' as const, runId: null, base: null, publicationVersion: 0, failure };
      const { replayId } = task;
      await storeReplayRun(dependencies, { replayId, window, record: { ...ended, recordedAtMs: nowMs() } });
      return { state: 'failed' };
    }
  };
}

/** What the window itself refused. That its workflow ended on the way is no refusal: the next attempt starts it again. */
function refusalOf(error: unknown): { code: string; message: string } {
  const refusal = error instanceof WorkflowUpdateFailedError ? error.cause : undefined;
  if (!(refusal instanceof ApplicationFailure) || refusal.type !== REFUSED) throw toTemporalError(error);
  return { code: REFUSED, message: refusal.message };
}

/** A window that is not under way needs no telling: it looks whether the replay is being cancelled before it begins. */
export function createWithdrawWindows(dependencies: ActivityDependencies): ReplayActivities['withdrawWindows'] {
  const { temporal, taskQueue } = dependencies;
  return async function withdrawWindows({ windows, replayId }) {
    try {
      for (const some of chunksOf(windows, CALLS_AT_ONCE)) {
        await Promise.all(some.map((window) => withdrawWindow({ temporal, taskQueue }, window, replayId)));
      }
    } catch (error) {
      throw toTemporalError(error);
    }
  };
}
