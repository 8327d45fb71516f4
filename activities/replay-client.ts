import {
  WithStartWorkflowOperation,
  WorkflowExecutionAlreadyStartedError,
  type WorkflowHandle,
  WorkflowNotFoundError,
} from '@temporalio/client';
import type { ReplayInput, ReplayProgress, WithdrawRequest } from '../workflows/messages.ts';
import { type WindowClient, type WindowWorkflow, startOptions, windowHandle } from './client.ts';
import type { WindowKey } from './contract.ts';
import type { ReplayChange, ReplayCounts, ReplayOperation, ReplayTask, ReplayWindowResult } from './replay-contract.ts';

type ReplayWorkflow = (input: ReplayInput) => Promise<ReplayCounts>;

/** After everything that is live. */
const REPLAY_PRIORITY = 4;

/** The task queue of the activities that only wait for windows. They would take the places of those that compute. */
export const waitQueue = (taskQueue: string): string => `${taskQueue}-replays`;

/** Each operation of a replay is a workflow of its own. */
export function replayWorkflowId(replayId: string, operation: ReplayOperation): string {
  return operation === 'run' ? `replay/${replayId}` : `replay/${replayId}/${operation}`;
}

/** Lets a window do its part of a replay, and waits for it. Asking again joins what is under way. */
export function replayWindowNow(
  client: WindowClient,
  window: WindowKey,
  task: ReplayTask,
): Promise<{ state: ReplayWindowResult }> {
  return client.temporal.workflow.executeUpdateWithStart<WindowWorkflow, { state: ReplayWindowResult }, [ReplayTask]>(
    'replay',
    {
      startWorkflowOperation: new WithStartWorkflowOperation<WindowWorkflow>('window', startOptions(client, window)),
      args: [task],
      updateId: `${task.replayId}/${task.operation}`,
    },
  );
}

/** Tells a window to leave a replay if it can; one without a workflow has nothing to leave. */
export async function withdrawWindow(client: WindowClient, window: WindowKey, replayId: string): Promise<void> {
  try {
    await windowHandle(client, window).signal<[WithdrawRequest]>('withdraw', { version: 1, replayId });
  } catch (error) {
    if (!(error instanceof WorkflowNotFoundError)) throw error;
  }
}

/** The workflow of an operation of a replay, whether it runs or not. */
export function replayHandle(
  client: WindowClient,
  replayId: string,
  operation: ReplayOperation,
): WorkflowHandle<ReplayWorkflow> {
  return client.temporal.workflow.getHandle<ReplayWorkflow>(replayWorkflowId(replayId, operation));
}

/**
 * Starts the workflow of an operation whose turn it is. One that has stored its end and is about to close is waited for;
 * one that is under way goes on as it is.
 */
export async function startReplay(client: WindowClient, task: Omit<ReplayTask, 'version'>): Promise<void> {
  const { replayId, operation } = task;
  const { taskQueue } = client;
  const options = {
    workflowId: replayWorkflowId(replayId, operation),
    taskQueue,
    args: [{ version: 1, replayId, operation }] as [ReplayInput],
    workflowIdReusePolicy: 'ALLOW_DUPLICATE' as const,
    workflowIdConflictPolicy: 'FAIL' as const,
    priority: { priorityKey: REPLAY_PRIORITY },
  };
  try {
    await client.temporal.workflow.start<ReplayWorkflow>('replay', options);
  } catch (error) {
    if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
    const progress = await replayProgress(client, replayId, operation);
    if (progress === undefined || !progress.hasEnded) return;
    await replayHandle(client, replayId, operation).result();
    await client.temporal.workflow.start<ReplayWorkflow>('replay', options);
  }
}

/** Changes how a replay goes on. False when no workflow of it is under way. */
export async function changeRunningReplay(
  client: WindowClient,
  { replayId, operation }: Omit<ReplayTask, 'version'>,
  change: ReplayChange,
): Promise<boolean> {
  try {
    await replayHandle(client, replayId, operation).executeUpdate<void, [ReplayChange]>('change', {
      args: [change],
      updateId: change.actionKey,
    });
    return true;
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return false;
    throw error;
  }
}

/** What a replay says about itself; undefined when no workflow of it is known any more. */
export async function replayProgress(
  client: WindowClient,
  replayId: string,
  operation: ReplayOperation,
): Promise<ReplayProgress | undefined> {
  try {
    return await replayHandle(client, replayId, operation).query<ReplayProgress>('progress');
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return undefined;
    throw error;
  }
}
