import { randomUUID } from 'node:crypto';
import { expect, vi } from 'vitest';
import { type RecurringWorkflow, describeWindow } from '../../activities/client.ts';
import type { ReconcileCounts, WindowKey } from '../../activities/contract.ts';
import { readCurrentPublication } from '../../activities/run-queries.ts';
import { readWindowRuns } from '../../activities/window-list-queries.ts';
import type { ReconcileInput } from '../../workflows/messages.ts';
import { type Parts, type WorkerProcess, startWorker } from './setup.ts';

type Reconcile = (input: ReconcileInput) => Promise<ReconcileCounts>;

/**
 * A worker whose schedules rest, so that a test says when windows are looked for. Its interval stays short, because late
 * data may start a run only once in it.
 */
export async function startQuietWorker(parts: Parts, variables: Record<string, string> = {}): Promise<WorkerProcess> {
  const worker = await startWorker(variables);
  const { temporal, taskQueue } = parts.windows;
  for (const workflow of ['reconcile', 'audit', 'ledger']) {
    await temporal.schedule.getHandle(`${taskQueue}-${workflow}`).pause();
  }
  return worker;
}

/** Starts one reconcile or audit of all tenants of this test file. */
export function startRecurring({ windows }: Parts, workflow: RecurringWorkflow, input: Partial<ReconcileInput> = {}) {
  return windows.temporal.workflow.start<Reconcile>(workflow, {
    workflowId: `${workflow}/${windows.taskQueue}/${randomUUID()}`,
    taskQueue: windows.taskQueue,
    args: [{ version: 1, ...input }],
  });
}

/** One reconcile, to its end: what has come since the one before is found, and its windows are told. */
export async function reconcileOnce(parts: Parts): Promise<ReconcileCounts> {
  return (await startRecurring(parts, 'reconcile')).result();
}

/** One audit, to its end: all windows are compared with the data. */
export async function auditOnce(parts: Parts): Promise<ReconcileCounts> {
  return (await startRecurring(parts, 'audit')).result();
}

/** Waits until these windows are published and nothing that was asked of them is left to do. */
export async function untilSettled(
  parts: Parts,
  windows: readonly WindowKey[],
  { timeoutMs = 30_000 }: { timeoutMs?: number } = {},
): Promise<void> {
  for (const window of windows) {
    await vi.waitFor(
      async () => {
        const description = await describeWindow(parts.windows, window);
        expect(description).toMatchObject({ phase: 'open', isReopenPending: false });
      },
      { timeout: timeoutMs, interval: 100 },
    );
  }
}

/** Reconciles and waits until the windows have done what was found for them. */
export async function reconcileAndSettle(parts: Parts, windows: readonly WindowKey[]): Promise<void> {
  await reconcileOnce(parts);
  await untilSettled(parts, windows);
}

/** The version that readers see of a window (0 for none), and how each of its runs ended, the oldest first. */
export async function recordOf({ clickhouse }: Parts, window: WindowKey): Promise<{ version: number; runs: string[] }> {
  const { tenantId, windowStartMs } = window;
  const [publication] = await readCurrentPublication(clickhouse, { tenantId, windowStartMs });
  const runs = await readWindowRuns(clickhouse, { tenantId, windowStartMs, runsMax: 100 });
  return {
    version: publication?.version ?? 0,
    runs: runs.toReversed().map(({ reason, state }) => `${reason}: ${state}`),
  };
}
