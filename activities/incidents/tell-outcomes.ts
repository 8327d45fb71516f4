import { type Client, WorkflowNotFoundError } from '@temporalio/client';
import type { UntoldOutcome } from '../../incidents/contact/outcomes.ts';
import type { DeliveryOutcome } from '../../incidents/types.ts';
import { toTemporalError } from '../client.ts';
import { withHeartbeat } from '../heartbeat.ts';
import type { ContactActivities } from './contact-contract.ts';

/** So many incidents are told at once. */
const LANES = 20;

/**
 * Tells incidents what became of their notices: the signal `delivered`. A workflow may signal only so many others at once,
 * and a bundle can be about two thousand of them; an activity may signal any number.
 */
export function createTellOutcomes({ temporal }: { temporal: Client }): ContactActivities['tellOutcomes'] {
  return function tellOutcomes({ outcomes }) {
    return withHeartbeat(undefined, async (signal) => {
      const waiting = outcomes.values();
      const lane = async (): Promise<void> => {
        // All lanes take from the same iterator.
        for (const untold of waiting) {
          signal.throwIfAborted();
          await tellOutcome(temporal, untold);
        }
      };
      await Promise.all(Array.from({ length: LANES }, lane));
    });
  };
}

async function tellOutcome(temporal: Client, { workflowId, outcome }: UntoldOutcome): Promise<void> {
  try {
    await temporal.workflow.getHandle(workflowId).signal<[DeliveryOutcome]>('delivered', outcome);
  } catch (error) {
    // It has ended, so it does not care any more.
    if (error instanceof WorkflowNotFoundError) return;
    throw toTemporalError(error);
  }
}
