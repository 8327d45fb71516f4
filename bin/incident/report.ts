import { toReport, type ReportReplay } from '../../incidents/report/to-report.ts';
import type { IncidentRecord, StoredEntry, StoredIncident } from '../../incidents/stored.ts';
import { detailsOf } from '../../incidents/timeline-details.ts';
import type { TimelineEntry } from '../../incidents/types.ts';
import { listIncidentPages } from '../../postgres/incident-pages.ts';
import { readTimeline } from '../../postgres/incident-timeline.ts';
import { loadIncident } from '../../postgres/incidents.ts';
import type { PostgresPool } from '../../postgres/pool.ts';
import { type Replay, loadReplay } from '../../postgres/replays.ts';
import { toUnmogrowpError } from '../../errors.ts';
import { stateOf } from '../replay/view.ts';

/** What was gathered first says the most; what came later adds to it. */
const PAGES_MAX = 5;

/** The draft of a postmortem, from what is stored. Throws `incident_unknown` and `postgres_unavailable`. */
export async function writeReport(postgres: PostgresPool, incidentId: string, writtenAtMs: number): Promise<string> {
  const incident = await loadIncident(postgres, incidentId);
  const entries = (await readTimeline(postgres, incidentId)).map(entryOf);
  const pages = await listIncidentPages(postgres, incidentId, PAGES_MAX);
  const replays = await Promise.all(linkedReplays(entries).map((replayId) => findReplay(postgres, replayId)));
  return toReport({
    incident: recordOf(incident, entries.length),
    entries,
    pages,
    replays: replays.filter((replay) => replay !== undefined),
    writtenAtMs,
  });
}

function linkedReplays(entries: readonly TimelineEntry[]): string[] {
  const linked = entries.filter(({ kind }) => kind === 'replay_linked');
  return [...new Set(linked.flatMap((entry) => detailsOf(entry, 'replay_linked').replayId ?? []))];
}

/** Undefined for one that nobody knows: somebody may have linked what was never one. */
async function findReplay(postgres: PostgresPool, replayId: string): Promise<ReportReplay | undefined> {
  try {
    return reportReplay(await loadReplay(postgres, replayId));
  } catch (error) {
    if (toUnmogrowpError(error).code !== 'replay_unknown') throw error;
    return undefined;
  }
}

function reportReplay(replay: Replay): ReportReplay {
  const publishes = replay.operation === 'publish' || (replay.operation === 'run' && !replay.is_dry_run);
  return {
    replayId: replay.replay_id,
    tenant: replay.tenant_id,
    fromMs: replay.range_start.getTime(),
    toMs: replay.range_end.getTime(),
    isPublished: publishes && replay.state === 'ended',
    state: stateOf(replay),
  };
}

const entryOf = (entry: StoredEntry): TimelineEntry => ({
  entryId: entry.entry_id,
  incidentId: entry.incident_id,
  atMs: entry.at.getTime(),
  kind: entry.kind,
  actor: entry.actor,
  details: entry.details,
});

const recordOf = (incident: StoredIncident, entries: number): IncidentRecord => ({
  incidentId: incident.incident_id,
  workflowId: incident.workflow_id,
  tenant: incident.tenant_id,
  title: incident.title,
  severity: incident.severity,
  urgency: incident.urgency,
  status: incident.status,
  policyVersion: incident.policy_version,
  previousIncidentId: incident.previous_incident_id,
  openedAtMs: incident.opened_at.getTime(),
  acknowledgedAtMs: incident.acknowledged_at?.getTime() ?? null,
  resolvedAtMs: incident.resolved_at?.getTime() ?? null,
  entries,
});
