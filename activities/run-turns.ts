import { WorkflowNotFoundError } from '@temporalio/client';
import { type RunTurn, endTurn, turnsUnderWay } from '../postgres/run-turns.ts';
import { tellTurn, toTemporalError, windowHandle } from './client.ts';
import type { ReconcileActivities, WindowKey } from './contract.ts';
import type { ActivityDependencies } from './dependencies.ts';
import { withHeartbeat } from './heartbeat.ts';
import { windowAt } from './window-range.ts';

/** A run that is not over after this long may have lost its workflow: terminated, or gone with Temporal's data. */
const LOST_AFTER_MS = 60_000;

/** How PostgreSQL names the turn of a window. */
export const turnOf = ({ tenantId, windowStartMs, granularity }: WindowKey): RunTurn => ({
  tenant_id: tenantId,
  window_start: new Date(windowStartMs),
  granularity,
});

/** Ends the turn of a window, whether it has one or waits for one, and tells the next. */
export async function giveTurnBack(dependencies: ActivityDependencies, window: WindowKey): Promise<void> {
  const { granted } = await endTurn(dependencies.postgres, turnOf(window), dependencies.tenantRunsMax);
  await tellGranted(dependencies, granted);
}

/**
 * Tells windows that they may run. A window that does not hear of it asks again by itself; one whose workflow is gone
 * gives its turn to the next.
 */
export async function tellGranted(dependencies: ActivityDependencies, granted: readonly RunTurn[]): Promise<void> {
  for (const turn of granted) {
    const window = windowOf(turn);
    try {
      await tellTurn(dependencies, window);
    } catch (error) {
      if (!(error instanceof WorkflowNotFoundError)) throw toTemporalError(error);
      await giveTurnBack(dependencies, window);
    }
  }
}

/** Takes turns from windows whose workflow has ended in the middle of a run, so that they do not block their tenant. */
export function createFreeLostTurns(dependencies: ActivityDependencies): ReconcileActivities['freeLostTurns'] {
  return function freeLostTurns() {
    return withHeartbeat(undefined, async () => {
      for (const turn of await turnsUnderWay(dependencies.postgres, { forMs: LOST_AFTER_MS })) {
        const window = windowOf(turn);
        if (!(await isRunning(dependencies, window))) await giveTurnBack(dependencies, window);
      }
    });
  };
}

async function isRunning(dependencies: ActivityDependencies, window: WindowKey): Promise<boolean> {
  try {
    const { status } = await windowHandle(dependencies, window).describe();
    return status.name === 'RUNNING';
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return false;
    throw toTemporalError(error);
  }
}

const windowOf = ({ tenant_id: tenantId, window_start: windowStart, granularity }: RunTurn): WindowKey =>
  windowAt(tenantId, granularity, windowStart.getTime());
