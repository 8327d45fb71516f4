import type { IncidentRecord } from '../incidents/stored.ts';
import type { IncidentOpening, IncidentState, Ladder } from '../incidents/state/state.ts';
import type { AlertReference, IncidentCommand, IncidentStatus, TimelineEntry } from '../incidents/types.ts';

/**
 * The one argument of the workflow `incident`, id `incident/{tenant}/{hash}`. What it is about comes with the update `alerts`, which
 * is sent together with the start.
 */
export interface IncidentInput {
  version: 1;
  carried?: IncidentCarried;
  /** Only for tests: continue as new when the history has become this long, instead of when the server suggests it. */
  continueAsNewAfterEvents?: number;
}

/** What of an incident goes over into the next run of its workflow. */
export interface IncidentCarried {
  state: IncidentState;
  unrecorded: Unrecorded;
}

/** Lines of the timeline that PostgreSQL does not have yet, with where their incidents stood. */
export interface Unrecorded {
  entries: readonly TimelineEntry[];
  incidents: Readonly<Record<string, IncidentRecord>>;
}

/**
 * Argument of the update `alerts`: what a source says of some alerts of the group. It may come again and in any order. `opening` is what
 * an incident begins with if none of the group is open; then something has to fire.
 */
export interface AlertsMessage {
  version: 1;
  alerts: readonly AlertReference[];
  opening: IncidentOpening;
}

export interface AlertsAnswer {
  /** Null when nothing fires and no incident was open. */
  incidentId: string | null;
  status: IncidentStatus;
  /** Whether this message opened it. */
  isNew: boolean;
}

/** Argument of the update `command`. It is refused when another incident of the group is open by now. */
export interface CommandRequest {
  version: 1;
  incidentId: string;
  command: IncidentCommand;
}

export interface CommandAnswer {
  incidentId: string;
  status: IncidentStatus;
}

/** Argument of the signal `replayPublished`. */
export interface ReplayPublished {
  version: 1;
  replayId: string;
}

/** Argument of the signal `mergedFrom`: another incident has become part of this one. */
export interface MergedFrom {
  version: 1;
  /** The one that it became part of: ignored by any other. */
  intoIncidentId: string;
  incidentId: string;
  actor: string;
}

/** The answer of the query `describe`. */
export interface IncidentDescription {
  version: 1;
  incident: IncidentRecord;
  firing: number;
  resolved: number;
  flaps: number;
  ladder: Ladder;
  /** In words, for people. */
  waitsFor: string;
  nextDueMs: number | null;
  acknowledgedBy: string | null;
  silentUntilMs: number | null;
  mergedIntoIncidentId: string | null;
  replays: readonly { readonly replayId: string; readonly isPublished: boolean }[];
  /** Notices that have no answer yet. */
  noticesOpen: number;
  entriesUnrecorded: number;
  opening: IncidentOpening;
}

/** The one argument of the workflow `heartbeat`, id `heartbeat/{tenant}/{name}`. */
export interface HeartbeatInput {
  version: 1;
  tenant: string;
  name: string;
  carried?: HeartbeatState;
  continueAsNewAfterEvents?: number;
}

/** Argument of the signal `beat`, which is sent together with the start: nothing is waited for before it. */
export interface Beat {
  version: 1;
  /** How often it comes, and how much later it may be. */
  everyMs: number;
  graceMs: number;
}

/** What a heartbeat remembers. */
export interface HeartbeatState {
  everyMs: number;
  graceMs: number;
  lastBeatAtMs: number;
  /** From when on it is due again: the last beat, or later when nobody could have heard one. */
  countsFromMs: number;
  /** When it was due that did not come; null while it beats. */
  missedAtMs: number | null;
}

/** The answer of the query `describe` of a heartbeat. */
export interface HeartbeatDescription extends HeartbeatState {
  version: 1;
  tenant: string;
  name: string;
  dueMs: number;
}
