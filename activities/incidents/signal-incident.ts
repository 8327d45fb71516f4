import { WorkflowNotFoundError } from '@temporalio/client';
import { UnmogrowpError } from '../../errors.ts';
import type { MergedFrom } from '../../workflows/incident-messages.ts';
import { toTemporalError } from '../client.ts';
import { type IncidentClient, describeIncident } from './client.ts';
import type { IncidentActivities } from './contract.ts';

/** Tells an incident that another one has become part of it. Throws `incident_unknown` when it has ended. */
export function createSignalIncident({
  client,
}: {
  readonly client: IncidentClient;
}): IncidentActivities['signalIncident'] {
  return async function signalIncident({ intoIncidentId, intoWorkflowId, incidentId, actor }) {
    const other = await describeIncident(client, intoWorkflowId);
    // The next incident of the group has the same workflow, and is not the one that was meant.
    if (other?.incident.incidentId !== intoIncidentId || other.incident.resolvedAtMs !== null) {
      throw ended(intoIncidentId);
    }
    const message: MergedFrom = { version: 1, intoIncidentId, incidentId, actor };
    try {
      await client.temporal.workflow.getHandle(intoWorkflowId).signal<[MergedFrom]>('mergedFrom', message);
    } catch (error) {
      throw error instanceof WorkflowNotFoundError ? ended(intoIncidentId) : toTemporalError(error);
    }
  };
}

const ended = (incidentId: string): UnmogrowpError =>
  new UnmogrowpError('incident_unknown', `Incident ${incidentId} is not open.`);
