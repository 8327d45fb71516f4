import { writeFileSync } from 'node:fs';
import { randomUUID } from 'node:crypto';
import type { WorkflowHandle } from '@temporalio/client';
import { historyToJSON } from '@temporalio/common/lib/proto-utils.js';
import { HISTORIES, WORKFLOWS, type WorkflowName, historiesOf } from './histories.ts';
import { DAY_MS, type Plain, newWindow, plainActivities, startTimeSkipping, withWorker } from './time-skipping.ts';

/**
 * Records one more history of each workflow in workflows/histories: `npx node test/windows/record-histories.ts`. Do it
 * when a workflow has got a new shape. Older histories stay for as long as a workflow of their time may be under way.
 */
const environment = await startTimeSkipping();
try {
  for (const workflow of WORKFLOWS) await record(workflow);
} finally {
  await environment.teardown();
}
process.exit(0);

async function record(workflow: WorkflowName): Promise<void> {
  const history = await (workflow === 'window' ? recordWindow() : recordPages(workflow));
  // Which process on which machine recorded it is nobody's business.
  const json = historyToJSON(history).replaceAll(/"identity": "[^"]*"/g, '"identity": "recorder"');
  const file = `${workflow}-${historiesOf(workflow).length + 1}.json`;
  writeFileSync(new URL(file, HISTORIES), `${json}\n`);
  process.stdout.write(`workflows/histories/${file}\n`);
}

/** Lateness, close, late data, a command, the horizon. */
async function recordWindow() {
  const { activities } = plainActivities();
  const window = await newWindow(environment);
  return withWorker(environment, activities, async (start) => {
    const handle = await start({ version: 1, window });
    await environment.sleep(2 * DAY_MS);
    await handle.signal('reopen', { version: 1, arrivals: { events: [7] } });
    await environment.sleep(DAY_MS);
    await handle.executeUpdate('close', { args: [{ version: 1 }], updateId: 'command' });
    await handle.result();
    return handle.fetchHistory();
  });
}

/** Two slices of the log, where there are any, and two pages of windows. */
async function recordPages(workflow: 'reconcile' | 'audit') {
  const next = { tenantId: 'acme', windowStartMs: 0 };
  const page: Plain['auditPage'] = ({ after }) =>
    Promise.resolve({ started: 1, reopened: 0, held: 0, next: after === null ? next : null });
  let slices = 0;
  const { activities } = plainActivities({}, () => ({
    examineArrivals: () => Promise.resolve({ isMore: (slices += 1) < 2 }),
    tellTouchedWindows: page,
    auditPage: page,
  }));
  return withWorker(environment, activities, async (_start, taskQueue) => {
    const handle: WorkflowHandle = await environment.client.workflow.start(workflow, {
      workflowId: `${workflow}/${randomUUID()}`,
      taskQueue,
      args: [{ version: 1 }],
      workflowExecutionTimeout: '1 day',
    });
    await handle.result();
    return handle.fetchHistory();
  });
}
