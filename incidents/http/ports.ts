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

/** All that is known of one incident. */
export interface IncidentView {
  readonly incident: StoredIncident;
  readonly timeline: readonly StoredEntry[];
  readonly alerts: readonly StoredAlert[];
  readonly unavailable: readonly Unavailable[];
}

/** A link that is genuine and has not expired, and what it does. */
export interface ReadLink {
  readonly linkId: string;
  readonly incidentId: string;
  readonly command: AskedCommand;
}

/** Everything that the application touches. Errors are the platform's own: `temporal_unavailable` becomes 503. */
export interface IncidentPorts {
  /** Resolves when Temporal has accepted all of it; null when only ends were told, of an incident that is over. */
  openOrUpdate(group: AlertGroup): Promise<string | null>;
  /** Undefined when the policy knows no such heartbeat. */
  beat(name: string): Promise<{ dueAtMs: number } | undefined>;
  /** Throws `incident_unknown`, or `incident_refused` with the reason. The same `commandId` is the same command. */
  command(incidentId: string, command: AskedCommand, commandId: string): Promise<CommandAnswer>;
  list(filter: IncidentFilter): Promise<IncidentList>;
  view(incidentId: string): Promise<IncidentView>;
  /** The draft of a postmortem, in Markdown. */
  report(incidentId: string): Promise<string>;
  /** Throws `link_invalid`: forged, expired. */
  readLink(token: string): ReadLink;
}
