import { type IncidentClient, describeIncident, listOpenWorkflows } from '../../activities/incidents/client.ts';
import { UnmogrowpError } from '../../errors.ts';
import type { StoredIncident } from '../../incidents/stored.ts';
import type { IncidentDescription } from '../../workflows/incident-messages.ts';

/** Incidents that are open are few; beyond so many the newest are enough. */
const SCANNED_MAX = 2_000;
const ASKED_AT_ONCE = 20;
/** So many incidents are remembered with their workflows; one is asked for soon after it was opened. */
const REMEMBERED_MAX = 5_000;

/** What incidents that are open say about themselves, the newest first, without PostgreSQL. */
export async function* describeOpen(client: IncidentClient, limit = SCANNED_MAX): AsyncGenerator<IncidentDescription> {
  const workflows = await listOpenWorkflows(client, limit);
  for (let first = 0; first < workflows.length; first += ASKED_AT_ONCE) {
    const asked = workflows.slice(first, first + ASKED_AT_ONCE);
    const described = await Promise.all(asked.map((workflowId) => describeIncident(client, workflowId)));
    for (const one of described) if (one !== undefined) yield one;
  }
}

/** The workflows of incidents, as far as this process has met them. */
export function createWorkflowBook() {
  const known = new Map<string, string>();
  return {
    get: (incidentId: string): string | undefined => known.get(incidentId),
    set(incidentId: string, workflowId: string): void {
      known.delete(incidentId);
      known.set(incidentId, workflowId);
      const oldest = known.size > REMEMBERED_MAX ? known.keys().next() : undefined;
      if (oldest?.value !== undefined) known.delete(oldest.value);
    },
  };
}

export type WorkflowBook = ReturnType<typeof createWorkflowBook>;

/**
 * The workflow of an incident: from memory, from the store, or else by asking every incident that is open, because the store may be
 * away or not know it yet. Throws `incident_unknown`.
 */
export async function findWorkflow(
  incidentId: string,
  sources: {
    book: WorkflowBook;
    /** Undefined when the store does not know it or does not answer. */
    load: (incidentId: string) => Promise<StoredIncident | undefined>;
    client: () => IncidentClient;
  },
): Promise<string> {
  const { book, load, client } = sources;
  const known = book.get(incidentId) ?? (await load(incidentId))?.workflow_id;
  if (known !== undefined) {
    book.set(incidentId, known);
    return known;
  }
  for await (const { incident } of describeOpen(client())) {
    book.set(incident.incidentId, incident.workflowId);
    if (incident.incidentId === incidentId) return incident.workflowId;
  }
  throw new UnmogrowpError('incident_unknown', `There is no incident ${incidentId}. See: unmogrowp incident list`);
}
