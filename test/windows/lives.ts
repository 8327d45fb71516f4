import { setTimeout as delay } from 'node:timers/promises';
import type { WorkflowExecutionDescription, WorkflowHandle } from '@temporalio/client';
import type { TestWorkflowEnvironment } from '@temporalio/testing';

/** What a workflow has been through in one execution. */
export type History = Awaited<ReturnType<WorkflowHandle['fetchHistory']>>;

/** Something that workflows live through on a real Temporal: the histories of it, by `<workflow>-<name>`. */
export type Life = (environment: TestWorkflowEnvironment) => Promise<Record<string, History>>;

/** The executions of a workflow from its first to its end, the oldest first: more than one if it continued as new. */
export async function executionsOf(
  environment: TestWorkflowEnvironment,
  handle: Pick<WorkflowHandle, 'workflowId'>,
): Promise<WorkflowExecutionDescription[]> {
  await environment.client.workflow.getHandle(handle.workflowId).result();
  return executionsSoFar(environment, handle);
}

/** The same of a workflow that need not have ended. */
export async function executionsSoFar(
  { client }: TestWorkflowEnvironment,
  { workflowId }: Pick<WorkflowHandle, 'workflowId'>,
): Promise<WorkflowExecutionDescription[]> {
  const { workflow, workflowService, options } = client;
  const executions = [await workflow.getHandle(workflowId).describe()];
  for (;;) {
    const { history } = await workflowService.getWorkflowExecutionHistory({
      namespace: options.namespace,
      execution: { workflowId, runId: executions[0]?.runId ?? '' },
      maximumPageSize: 1,
    });
    const [first] = history?.events ?? [];
    const before = first?.workflowExecutionStartedEventAttributes?.continuedExecutionRunId ?? '';
    if (before === '') return executions;
    executions.unshift(await workflow.getHandle(workflowId, before).describe());
  }
}

/** The histories of all executions of a workflow. */
export async function historiesOf(
  environment: TestWorkflowEnvironment,
  handle: Pick<WorkflowHandle, 'workflowId'>,
): Promise<History[]> {
  const executions = await executionsOf(environment, handle);
  const { workflow } = environment.client;
  return Promise.all(executions.map(({ workflowId, runId }) => workflow.getHandle(workflowId, runId).fetchHistory()));
}

/** The one that continues as new first, and the one that ends. */
export function continuedHistories(workflow: string, histories: readonly History[]): Record<string, History> {
  const [first, last] = [histories[0], histories.at(-1)];
  if (first === undefined || last === undefined || first === last) throw new Error(`no ${workflow} continued as new`);
  return { [`${workflow}-continuing`]: first, [`${workflow}-continued`]: last };
}

/** Asks until it is so. */
export async function until(isSo: () => Promise<boolean>): Promise<void> {
  while (!(await isSo())) await delay(50);
}
