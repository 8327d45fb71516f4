import { WorkflowNotFoundError } from '@temporalio/client';
import { findUntoldReplays } from '../../postgres/incident-replays.ts';
import type { PostgresPool } from '../../postgres/pool.ts';
import type { ReplayPublished } from '../../workflows/incident-messages.ts';
import { toTemporalError } from '../client.ts';
import type { IncidentClient } from './client.ts';

/**
 * Tells open incidents of replays that were linked to them and have been published since. Twice is once: an incident knows what it
 * was told. Whoever publishes a replay need not know of incidents, nor wait for them.
 */
export async function tellPublishedReplays(client: IncidentClient, postgres: PostgresPool): Promise<void> {
  for (const { workflow_id: workflowId, replay_id: replayId } of await findUntoldReplays(postgres)) {
    try {
      const handle = client.temporal.workflow.getHandle(workflowId);
      await handle.signal<[ReplayPublished]>('replayPublished', { version: 1, replayId });
    } catch (error) {
      // It has ended meanwhile.
      if (!(error instanceof WorkflowNotFoundError)) throw toTemporalError(error);
    }
  }
}
