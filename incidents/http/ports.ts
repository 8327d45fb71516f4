import type { StoredAlert, StoredEntry, StoredIncident } from '../stored.ts';
import type { IncidentStatus } from '../types.ts';
import type { AlertGroup } from './alert-group.ts';
import type { CommandAnswer } from './answers.ts';
import type { AskedCommand } from './commands.ts';

/** What did not answer, so that something may be missing. */
export type Unavailable = 'postgres' | 'temporal';

export interface IncidentFilter {
  readonly tenant?: string;
  readonly statuses?: readonly IncidentStatus[];
  readonly limit: number;
}

export interface IncidentList {
  readonly incidents: readonly StoredIncident[];
  readonly unavailable: readonly Unavailable[];
}

/** What only its workflow knows of an incident. */
export interface LiveIncident {
  /** In words. */
  readonly waits_for: string;
  readonly firing: number;
  readonly resolved: number;
  readonly flaps: number;
  readonly acknowledged_by: string | null;
  readonly silent_until: Date | null;
  readonly merged_into_incident_id: string | null;
  readonly replays: readonly { readonly replay_id: string; readonly is_published: boolean }[];
  /** Lines of the timeline that PostgreSQL does not have yet. */
  readonly entries_unrecorded: number;
}

/** All that is known of one incident. */
export interface IncidentView {
  readonly incident: StoredIncident;
  /** Null when it has ended, or when Temporal does not answer. */
  readonly live: LiveIncident | null;
  readonly timeline: readonly StoredEntry[];
  readonly alerts: readonly StoredAlert[];
  readonly unavailable: readonly Unavailable[];
}

/** A link that is genuine and has not expired, and what it does. */
export interface ReadLink {
  readonly incidentId: string;
  readonly workflowId: string;
  readonly command: AskedCommand;
}

/** Which incident; its workflow is looked up where it is not known. */
export interface IncidentName {
  readonly incidentId: string;
  readonly workflowId?: string;
}

/** Everything that the application touches. Errors are the platform's own: `temporal_unavailable` becomes 503. */
export interface IncidentPorts {
  /** Resolves when Temporal has accepted all of it; null when only ends were told, of an incident that is over. */
  openOrUpdate(group: AlertGroup): Promise<string | null>;
  /** Undefined when the policy knows no such heartbeat. */
  beat(name: string): Promise<{ dueAtMs: number } | undefined>;
  /** Throws `incident_unknown`, or `incident_refused` with the reason. The same `commandId` is the same command. */
  command(incident: IncidentName, command: AskedCommand, commandId: string): Promise<CommandAnswer>;
  list(filter: IncidentFilter): Promise<IncidentList>;
  view(incidentId: string): Promise<IncidentView>;
  /** The draft of a postmortem, in Markdown. */
  report(incidentId: string): Promise<string>;
  /** Throws `link_invalid`: forged, expired. */
  readLink(token: string): ReadLink;
}
