import {
  type Client,
  ScheduleAlreadyRunning,
  ScheduleNotFoundError,
  ScheduleOverlapPolicy,
  WithStartWorkflowOperation,
  type WorkflowHandle,
  WorkflowNotFoundError,
} from '@temporalio/client';
import { SearchAttributeType, TypedSearchAttributes, defineSearchAttributeKey } from '@temporalio/common';
import { UnmogrowpError } from '../errors.ts';
import type {
  CloseRequest,
  ReconcileInput,
  ReopenRequest,
  TurnNotice,
  WindowDescription,
  WindowInput,
  WindowOutcome,
} from '../workflows/messages.ts';
import type { RECURRING_JOBS } from '../otel/registry/windows.ts';
import type { WindowKey } from './contract.ts';
import { toIso, windowWorkflowId } from './window-range.ts';

/** The workflow of a window, as clients start it and ask it. */
export type WindowWorkflow = (input: WindowInput) => Promise<WindowOutcome | null>;
type ScheduledWorkflow = (input: ReconcileInput) => Promise<unknown>;

/** Where workflows are started. */
export interface WindowClient {
  temporal: Client;
  taskQueue: string;
}

const TENANT = defineSearchAttributeKey('UnmogrowpTenant', SearchAttributeType.KEYWORD);
const WINDOW_START = defineSearchAttributeKey('UnmogrowpWindowStart', SearchAttributeType.DATETIME);
const WINDOW_STATE = defineSearchAttributeKey('UnmogrowpWindowState', SearchAttributeType.KEYWORD);

/** Live closes come before replays, and no tenant before another. */
const LIVE_PRIORITY = 2;
const FAIRNESS_KEY_LENGTH_MAX = 64;

/** How everybody starts the workflow of a window. */
export function startOptions({ taskQueue }: WindowClient, window: WindowKey) {
  return {
    workflowId: windowWorkflowId(window),
    taskQueue,
    args: [{ version: 1, window }] as [WindowInput],
    workflowIdConflictPolicy: 'USE_EXISTING' as const,
    workflowIdReusePolicy: 'ALLOW_DUPLICATE' as const,
    priority: { priorityKey: LIVE_PRIORITY, fairnessKey: window.tenantId.slice(0, FAIRNESS_KEY_LENGTH_MAX) },
    typedSearchAttributes: new TypedSearchAttributes([
      { key: TENANT, value: window.tenantId },
      { key: WINDOW_START, value: new Date(window.windowStartMs) },
      { key: WINDOW_STATE, value: 'loading' },
    ]),
  };
}

/** Starts the workflow of a window; one that runs goes on as it is. */
export async function startWindow(client: WindowClient, window: WindowKey): Promise<void> {
  await client.temporal.workflow.start<WindowWorkflow>('window', startOptions(client, window));
}

/** Tells a window that late data has come; starts its workflow if none runs. */
export async function reopenWindow(client: WindowClient, window: WindowKey, request: ReopenRequest): Promise<void> {
  await client.temporal.workflow.signalWithStart<WindowWorkflow, [ReopenRequest]>('window', {
    ...startOptions(client, window),
    signal: 'reopen',
    signalArgs: [request],
  });
}

/** Tells a window that its turn to run has come. Throws `WorkflowNotFoundError` when no workflow of it runs. */
export async function tellTurn(client: WindowClient, window: WindowKey): Promise<void> {
  await windowHandle(client, window).signal<[TurnNotice]>('turn', { version: 1 });
}

/**
 * Closes a window now, or computes an open one again, and gives the outcome. `commandId` makes a repeated command the
 * same one.
 */
export function closeWindow(client: WindowClient, window: WindowKey, commandId: string): Promise<WindowOutcome> {
  return client.temporal.workflow.executeUpdateWithStart<WindowWorkflow, WindowOutcome, [CloseRequest]>('close', {
    startWorkflowOperation: new WithStartWorkflowOperation<WindowWorkflow>('window', startOptions(client, window)),
    args: [{ version: 1 }],
    updateId: commandId,
  });
}

/** The workflow of a window, whether it runs or not. */
export function windowHandle(client: WindowClient, window: WindowKey): WorkflowHandle<WindowWorkflow> {
  return client.temporal.workflow.getHandle<WindowWorkflow>(windowWorkflowId(window));
}

/** What a window says about itself; undefined when no workflow of it is known any more. */
export async function describeWindow(client: WindowClient, window: WindowKey): Promise<WindowDescription | undefined> {
  try {
    return await windowHandle(client, window).query<WindowDescription>('describe');
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return undefined;
    throw error;
  }
}

/** What runs again and again beside the windows: its workflow type is its name. */
export type RecurringWorkflow = (typeof RECURRING_JOBS)[number];

const scheduleId = (taskQueue: string, workflow: RecurringWorkflow): string => `${taskQueue}-${workflow}`;

/** Makes the schedule of a recurring workflow, or gives an existing one its interval. */
export async function ensureSchedule(
  client: WindowClient,
  workflow: RecurringWorkflow,
  intervalMs: number,
): Promise<void> {
  const { temporal, taskQueue } = client;
  const settings = {
    spec: { intervals: [{ every: intervalMs }] },
    action: {
      type: 'startWorkflow' as const,
      workflowType: workflow,
      workflowId: `${workflow}/${taskQueue}`,
      taskQueue,
      args: [{ version: 1 }] as [ReconcileInput],
    },
    // What is missed while Temporal or the worker is away is made up for by the next one.
    policies: { overlap: ScheduleOverlapPolicy.SKIP, catchupWindow: 10_000 },
  };
  const id = scheduleId(taskQueue, workflow);
  try {
    await temporal.schedule.create<ScheduledWorkflow>({ scheduleId: id, ...settings });
  } catch (error) {
    if (!(error instanceof ScheduleAlreadyRunning)) throw error;
    await temporal.schedule.getHandle(id).update<ScheduledWorkflow>(({ state }) => ({ ...settings, state }));
  }
}

/** Lets the reconcile run now, after one that may be under way: what arrived until here is seen by it. */
export async function triggerReconcile({ temporal, taskQueue }: WindowClient): Promise<void> {
  try {
    await temporal.schedule.getHandle(scheduleId(taskQueue, 'reconcile')).trigger(ScheduleOverlapPolicy.BUFFER_ONE);
  } catch (error) {
    if (!(error instanceof ScheduleNotFoundError)) throw error;
    throw new UnmogrowpError(
      'temporal_unavailable',
      `There is no reconcile on the task queue ${taskQueue} yet: no worker has been started there.`,
      { cause: error },
    );
  }
}

/** Windows that are looked after, newest first, with where each stands. */
export async function listRunningWindows(
  client: WindowClient,
  filter: {
    tenantId: string | undefined;
    state: string | undefined;
    fromMs: number;
    toMs: number;
    limit: number;
  },
): Promise<{ workflowId: string; tenantId: string; windowStartMs: number; state: string }[]> {
  const conditions = [
    `WorkflowType = 'window' AND ExecutionStatus = 'Running' AND TaskQueue = '${client.taskQueue}'`,
    `UnmogrowpWindowStart >= '${new Date(filter.fromMs).toISOString()}'`,
    `UnmogrowpWindowStart < '${new Date(filter.toMs).toISOString()}'`,
    ...(filter.tenantId === undefined ? [] : [`UnmogrowpTenant = '${filter.tenantId}'`]),
    ...(filter.state === undefined ? [] : [`UnmogrowpWindowState = '${filter.state}'`]),
  ];
  const found = [];
  for await (const { workflowId, typedSearchAttributes } of client.temporal.workflow.list({
    query: conditions.join(' AND '),
  })) {
    found.push({
      workflowId,
      tenantId: typedSearchAttributes.get(TENANT) ?? '',
      windowStartMs: typedSearchAttributes.get(WINDOW_START)?.getTime() ?? 0,
      state: typedSearchAttributes.get(WINDOW_STATE) ?? '',
    });
    if (found.length >= filter.limit) break;
  }
  return found;
}

/** How many windows stand where. */
export async function countRunningWindows({ temporal, taskQueue }: WindowClient, state: string): Promise<number> {
  const { count } = await temporal.workflow.count(
    `WorkflowType = 'window' AND ExecutionStatus = 'Running' AND TaskQueue = '${taskQueue}' AND UnmogrowpWindowState = '${state}'`,
  );
  return count;
}

/** When a recurring workflow last ended well; undefined when Temporal remembers none. */
export async function readLastSuccess(
  { temporal, taskQueue }: WindowClient,
  workflow: RecurringWorkflow,
): Promise<number | undefined> {
  const query = `WorkflowType = '${workflow}' AND ExecutionStatus = 'Completed' AND TaskQueue = '${taskQueue}'`;
  // The list begins with what ended last.
  for await (const { closeTime } of temporal.workflow.list({ query, pageSize: 1 })) return closeTime?.getTime();
  return undefined;
}

/** The platform's error behind what the client of Temporal threw. */
export function toTemporalError(thrown: unknown): UnmogrowpError {
  if (thrown instanceof UnmogrowpError) return thrown;
  const error = thrown instanceof Error ? thrown : new Error(String(thrown));
  const reason = error.cause instanceof Error ? `${error.message}: ${error.cause.message}` : error.message;
  return new UnmogrowpError('temporal_unavailable', `Temporal does not answer: ${reason}`, { cause: thrown });
}

/** For messages: which window. */
export const windowName = ({ tenantId, windowStartMs, granularity }: WindowKey): string =>
  `${tenantId} ${toIso(windowStartMs)} ${granularity}`;
