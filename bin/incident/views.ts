import { type IncidentClient, describeIncident } from '../../activities/incidents/client.ts';
import { UnmogrowpError, toUnmogrowpError } from '../../errors.ts';
import type {
  IncidentFilter,
  IncidentPorts,
  IncidentView,
  LiveIncident,
  Unavailable,
} from '../../incidents/http/ports.ts';
import type { IncidentRecord, StoredIncident } from '../../incidents/stored.ts';
import { readTimeline } from '../../postgres/incident-timeline.ts';
import { listIncidentAlerts, listIncidents, loadIncident } from '../../postgres/incidents.ts';
import type { PostgresPool } from '../../postgres/pool.ts';
import type { IncidentDescription } from '../../workflows/incident-messages.ts';
import { type WorkflowBook, describeOpen, findWorkflow } from './find-incident.ts';

interface ViewOptions {
  readonly client: () => IncidentClient;
  readonly postgres: PostgresPool;
  readonly book: WorkflowBook;
  readonly onError: (thrown: unknown) => void;
}

/** A page shows no more of a group; how many fire is told beside it. */
const ALERTS_SHOWN_MAX = 100;
/** A view without the live part is better than one that comes too late. */
const LIVE_WAIT_MS = 3_000;

/** What is read about incidents: from PostgreSQL, from Temporal while that is away, and it says what did not answer. */
export function createViews(options: ViewOptions): Pick<IncidentPorts, 'list' | 'view'> {
  const { postgres, book, client, onError } = options;

  /** What the work gives, or undefined and the name of what did not answer. */
  async function tryPart<Result>(part: Unavailable, missing: Unavailable[], work: () => Promise<Result>) {
    try {
      return await work();
    } catch (thrown) {
      const error = toUnmogrowpError(thrown);
      if (error.code !== `${part}_unavailable`) throw error;
      onError(error);
      missing.push(part);
      return undefined;
    }
  }

  const live = <Result>(work: (client: IncidentClient) => Promise<Result>): Promise<Result> => {
    const connected = client();
    return connected.temporal.withDeadline(Date.now() + LIVE_WAIT_MS, () => work(connected));
  };

  async function view(incidentId: string): Promise<IncidentView> {
    const missing: Unavailable[] = [];
    const stored = await tryPart('postgres', missing, async () => ({
      incident: await loadIncident(postgres, incidentId).catch(unlessUnknown),
      timeline: await readTimeline(postgres, incidentId),
      alerts: await listIncidentAlerts(postgres, incidentId, ALERTS_SHOWN_MAX),
    }));
    const description = await tryPart('temporal', missing, () =>
      live((connected) => describeOne(connected, incidentId, stored?.incident)),
    );
    const incident = description === undefined ? stored?.incident : asStored(description.incident);
    if (incident !== undefined) {
      const { timeline = [], alerts = [] } = stored ?? {};
      return {
        incident,
        live: description === undefined ? null : liveOf(description),
        timeline,
        alerts,
        unavailable: missing,
      };
    }
    if (missing[0] !== undefined)
      throw new UnmogrowpError(`${missing[0]}_unavailable`, 'Nothing that knows it answers.');
    throw new UnmogrowpError('incident_unknown', `There is no incident ${incidentId}. See: unmogrowp incident list`);
  }

  /** Undefined when its workflow has ended, or looks after a later incident of the same group by now. */
  async function describeOne(
    connected: IncidentClient,
    incidentId: string,
    stored: StoredIncident | undefined,
  ): Promise<IncidentDescription | undefined> {
    if (stored !== undefined && stored.resolved_at !== null) return undefined;
    const load = () => Promise.resolve(stored);
    const workflowId = await findWorkflow(incidentId, { book, load, client: () => connected }).catch(unlessUnknown);
    const described = workflowId === undefined ? undefined : await describeIncident(connected, workflowId);
    return described?.incident.incidentId === incidentId ? described : undefined;
  }

  async function listOpen(filter: IncidentFilter): Promise<StoredIncident[]> {
    const found: StoredIncident[] = [];
    for await (const { incident } of describeOpen(client())) {
      book.set(incident.incidentId, incident.workflowId);
      if (filter.tenant !== undefined && incident.tenant !== filter.tenant) continue;
      if (filter.statuses !== undefined && !filter.statuses.includes(incident.status)) continue;
      found.push(asStored(incident));
      if (found.length >= filter.limit) break;
    }
    return found;
  }

  return {
    async list(filter) {
      const missing: Unavailable[] = [];
      const stored = await tryPart('postgres', missing, () => listIncidents(postgres, filter));
      return { incidents: stored ?? (await live(() => listOpen(filter))), unavailable: missing };
    },
    view,
  };
}

function unlessUnknown(thrown: unknown): undefined {
  if (toUnmogrowpError(thrown).code !== 'incident_unknown') throw thrown;
  return undefined;
}

const dateOf = (epochMs: number | null): Date | null => (epochMs === null ? null : new Date(epochMs));

/** An incident as Temporal knows it, as if it had been stored. */
const asStored = (record: IncidentRecord): StoredIncident => ({
  incident_id: record.incidentId,
  workflow_id: record.workflowId,
  tenant_id: record.tenant,
  title: record.title,
  severity: record.severity,
  urgency: record.urgency,
  status: record.status,
  policy_version: record.policyVersion,
  previous_incident_id: record.previousIncidentId,
  opened_at: new Date(record.openedAtMs),
  acknowledged_at: dateOf(record.acknowledgedAtMs),
  resolved_at: dateOf(record.resolvedAtMs),
});

const liveOf = (description: IncidentDescription): LiveIncident => ({
  waits_for: description.waitsFor,
  firing: description.firing,
  resolved: description.resolved,
  flaps: description.flaps,
  acknowledged_by: description.acknowledgedBy,
  silent_until: dateOf(description.silentUntilMs),
  merged_into_incident_id: description.mergedIntoIncidentId,
  replays: description.replays.map(({ replayId, isPublished }) => ({ replay_id: replayId, is_published: isPublished })),
  entries_unrecorded: description.entriesUnrecorded,
});
