import { randomUUID } from 'node:crypto';
import type { WorkflowHandle } from '@temporalio/client';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import type { ReconcileInput } from '../../workflows/messages.ts';
import { type History, type Life, continuedHistories, historiesOf } from './lives.ts';
import { type Plain, plainActivities, withWorker } from './time-skipping.ts';

/** More than one history examines. */
const SLICES_MANY = 12;
const PAGES = 3;

/** Lives of the workflows that go through pages: with all pages in one history, and with a history for each of them. */
export const livesOfPages: readonly Life[] = (['reconcile', 'audit'] as const).flatMap((workflow) => [
  async (environment) => ({ [`${workflow}-life`]: (await lived(environment, workflow, 2)).at(-1) as History }),
  async (environment) =>
    continuedHistories(workflow, await lived(environment, workflow, SLICES_MANY, { pagesPerRun: 1 })),
]);

/** Lives of the ledger: with all calls in one history, and with more than one history takes. */
export const livesOfLedgers: readonly Life[] = [
  async (environment) => ({ 'ledger-life': (await livedLedger(environment, 2)).at(-1) as History }),
  async (environment) => continuedHistories('ledger', await livedLedger(environment, 25)),
];

function livedLedger(environment: TestWorkflowEnvironment, callsMax: number): Promise<History[]> {
  let calls = 0;
  const { activities } = plainActivities();
  const keepLedger = () => Promise.resolve({ isMore: (calls += 1) < callsMax });
  const all = { ...activities, keepLedger };
  return withWorker(environment, all, async (_start, taskQueue) => {
    const handle: WorkflowHandle = await environment.client.workflow.start('ledger', {
      workflowId: `ledger/${randomUUID()}`,
      taskQueue,
      args: [{ version: 1 }],
    });
    return historiesOf(environment, handle);
  });
}

/** Some slices of the log, and some pages of windows. */
function lived(
  environment: TestWorkflowEnvironment,
  workflow: 'reconcile' | 'audit',
  slicesMax: number,
  input: Partial<ReconcileInput> = {},
): Promise<History[]> {
  let [slices, pages] = [0, 0];
  const page: Plain['auditPage'] = () => {
    pages += 1;
    const next = pages % PAGES === 0 ? null : { tenantId: 'acme', windowStartMs: pages };
    return Promise.resolve({ started: 1, reopened: 0, held: 0, next });
  };
  const { activities } = plainActivities({}, () => ({
    examineArrivals: () => Promise.resolve({ isMore: (slices += 1) < slicesMax }),
    tellTouchedWindows: page,
    auditPage: page,
  }));
  return withWorker(environment, activities, async (_start, taskQueue) => {
    const handle: WorkflowHandle = await environment.client.workflow.start(workflow, {
      workflowId: `${workflow}/${randomUUID()}`,
      taskQueue,
      args: [{ version: 1, ...input }],
    });
    return historiesOf(environment, handle);
  });
}
