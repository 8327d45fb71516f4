import { randomUUID } from 'node:crypto';
import { Connection } from '@temporalio/client';
import { expect, onTestFinished, test } from 'vitest';
import { ownStack, stackDirectory } from './support.ts';

const CLIENTS_OF_EACH = 16;
const GIVEN_UP_MIN = 20_000;
const PATIENCE_MS_MAX = 30;
const PATIENCE_AFTER_MS = 20_000;

test('calls that clients give up, as those of a busy machine do, do not break the database of Temporal', async () => {
  const stack = await ownStack({ directory: stackDirectory(), parts: ['temporal'] });
  const address = stack.environment['TEMPORAL_ADDRESS'] ?? '';
  const impatient = await Connection.connect({ address });
  onTestFinished(() => impatient.close());
  let givenUp = 0;
  const calls = [() => startWorkflow(impatient), () => listWorkflows(impatient), () => listNamespaces(impatient)];
  async function askWithoutPatience(call: () => Promise<unknown>): Promise<void> {
    while (givenUp < GIVEN_UP_MIN) {
      const deadline = Date.now() + 1 + Math.random() * PATIENCE_MS_MAX;
      await impatient.withDeadline(deadline, call).catch(() => (givenUp += 1));
    }
  }
  await Promise.all(Array.from({ length: CLIENTS_OF_EACH }, () => calls.map(askWithoutPatience)).flat());

  const patient = await Connection.connect({ address });
  onTestFinished(() => patient.close());
  const deadline = Date.now() + PATIENCE_AFTER_MS;
  await patient.withDeadline(deadline, () => startWorkflow(patient));
  const { namespaces } = await patient.withDeadline(deadline, () => listNamespaces(patient));
  expect(namespaces.map(({ namespaceInfo }) => namespaceInfo?.name)).toContain('default');
});

const listNamespaces = ({ workflowService }: Connection) => workflowService.listNamespaces({ pageSize: 10 });

const listWorkflows = ({ workflowService }: Connection) =>
  workflowService.listWorkflowExecutions({ namespace: 'default', pageSize: 100 });

async function startWorkflow(connection: Connection): Promise<void> {
  await connection.workflowService.startWorkflowExecution({
    namespace: 'default',
    workflowId: randomUUID(),
    workflowType: { name: 'nothing' },
    taskQueue: { name: 'nobody' },
    requestId: randomUUID(),
  });
}
