import { sleep } from '@temporalio/workflow';
import type { ReconcileInput, ReplayInput, WindowInput } from '../../../workflows/messages.ts';
import * as workflows from '../../../workflows/index.ts';

/** As it is, but for a timer in front: what a careless change would do to windows that are under way. */
export async function window(input: WindowInput): ReturnType<typeof workflows.window> {
  await sleep('1 second');
  return workflows.window(input);
}

/** The same for the audit. */
export async function audit(input: ReconcileInput): ReturnType<typeof workflows.audit> {
  await sleep('1 second');
  return workflows.audit(input);
}

/** The same for the reconcile. */
export async function reconcile(input: ReconcileInput): ReturnType<typeof workflows.reconcile> {
  await sleep('1 second');
  return workflows.reconcile(input);
}

/** The same for the replay. */
export async function replay(input: ReplayInput): ReturnType<typeof workflows.replay> {
  await sleep('1 second');
  return workflows.replay(input);
}

/** The same for the ledger. */
export async function ledger(input: ReconcileInput): ReturnType<typeof workflows.ledger> {
  await sleep('1 second');
  return workflows.ledger(input);
}
