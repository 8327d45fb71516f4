import { createHash } from 'node:crypto';
import { type Environment, addressOf } from '../../incidents/policy/contacts.ts';
import type { PolicySource } from '../../incidents/policy/load.ts';
import { throttleOf } from '../../incidents/policy/take-snapshot.ts';
import type { ContactReference } from '../../incidents/types.ts';
import type { ContactInput, TellNotice } from '../../workflows/contact-messages.ts';
import { toTemporalError } from '../client.ts';
import type { IncidentClient } from './client.ts';
import type { IncidentActivities } from './contract.ts';

type ContactWorkflow = (input: ContactInput) => Promise<void>;

const HASH_LENGTH = 16;

/**
 * The workflow of a contact. Ids of workflows stand in logs and spans, where no person may: of a contact of a person it is a
 * hash.
 */
export function contactWorkflowId(contact: ContactReference): string {
  if (contact.startsWith('channel:')) return `contact/${contact}`;
  return `contact/person:${createHash('sha256').update(contact).digest('hex').slice(0, HASH_LENGTH)}`;
}

/**
 * Hands a notice to the workflow of its contact; begins it if none runs. Twice is once: the contact knows the delivery key. How
 * much the contact gets at once is what the present policy says.
 */
export function createTellContact({
  client,
  policy,
  environment,
}: {
  readonly client: IncidentClient;
  readonly policy: PolicySource;
  readonly environment: Environment;
}): IncidentActivities['tellContact'] {
  return async function tellContact({ contact, notice }) {
    const { document } = policy.current();
    const address = addressOf(document, contact, environment);
    // A contact that is gone is told all the same: its workflow finds out, and the incident hears of it as of any failure.
    const throttle = address.kind === 'known' ? address.throttle : throttleOf(document.throttle);
    try {
      await client.temporal.workflow.signalWithStart<ContactWorkflow, [TellNotice]>('contact', {
        workflowId: contactWorkflowId(contact),
        taskQueue: client.taskQueue,
        args: [{ version: 1, contact }],
        workflowIdConflictPolicy: 'USE_EXISTING',
        workflowIdReusePolicy: 'ALLOW_DUPLICATE',
        signal: 'tell',
        signalArgs: [{ version: 1, notice, throttle }],
      });
    } catch (error) {
      throw toTemporalError(error);
    }
  };
}
