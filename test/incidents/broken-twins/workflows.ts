import { sleep } from '@temporalio/workflow';
import type { ContactInput } from '../../../workflows/contact-messages.ts';
import type { HeartbeatInput, IncidentInput } from '../../../workflows/incident-messages.ts';
import * as workflows from '../../../workflows/incidents-index.ts';

/** As it is, but for a timer in front: what a careless change would do to incidents that are under way. */
export async function incident(input: IncidentInput): Promise<void> {
  await sleep('1 second');
  return workflows.incident(input);
}

/** The same for a heartbeat. */
export async function heartbeat(input: HeartbeatInput): Promise<void> {
  await sleep('1 second');
  return workflows.heartbeat(input);
}

/** The same for a contact. */
export async function contact(input: ContactInput): Promise<void> {
  await sleep('1 second');
  return workflows.contact(input);
}
