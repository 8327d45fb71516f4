import type { PolicySnapshot } from '../policy/snapshot.ts';
import type { ContactReference, IncidentStatus, NoticeKind, Severity, Target, Urgency } from '../types.ts';

/** With what an incident begins; made by whoever takes the alert. */
export interface IncidentOpening {
  /** UUID of version 7. */
  readonly incidentId: string;
  readonly workflowId: string;
  readonly tenant: string;
  /** One line: what is wrong. */
  readonly title: string;
  readonly severity: Severity;
  readonly source: 'alertmanager' | 'api' | 'heartbeat';
  /** What all alerts of the group have in common: maintenance windows go by it. */
  readonly labels: Readonly<Record<string, string>>;
  readonly policy: PolicySnapshot;
  /** The incident of the same group before this one, when somebody knows it. */
  readonly previousIncidentId: string | null;
}

/**
 * What is known of one alert, as short as it can be, because a group may have 10,000 of them: whether it fires (1 or 0), since when,
 * how often it has begun to fire, and when we learned that it ended.
 */
export type AlertMemory = readonly [isFiring: 0 | 1, startsAtMs: number, timesFired: number, endedAtMs?: number];

/** Where the ladder stands. Steps and loops count from 1; step 0 is before the first. */
export interface Ladder {
  /** One more each time the incident is triggered again. */
  readonly round: number;
  readonly loop: number;
  readonly step: number;
  /** `asking` for a maintenance window before the first step, `climbing` from step to step, or `over`. */
  readonly phase: 'asking' | 'climbing' | 'over';
  /** When the next step begins; while it asks, when it goes on without an answer; null when it is over. */
  readonly dueMs: number | null;
  /** False when nobody could say whether there is a maintenance window. */
  readonly isMaintenanceKnown: boolean;
}

export interface Acknowledgement {
  readonly by: string;
  readonly atMs: number;
  readonly expiresAtMs: number | null;
  readonly remindsAtMs: number | null;
}

/** Contacts of one person or channel, of which the next is told when the one before could not be. */
export interface Chain {
  readonly asked: ContactReference;
  readonly rest: readonly ContactReference[];
}

/** Somebody is to be told, and not everything of it has an answer yet. */
export interface OpenNotice {
  readonly kind: NoticeKind;
  readonly round: number;
  /** Of the ladder; null for everything else. */
  readonly step: { readonly loop: number; readonly step: number } | null;
  readonly createdAtMs: number;
  /** Null until the targets are resolved. */
  readonly chains: readonly Chain[] | null;
  /** Everybody that this notice was handed to: nobody gets it twice. */
  readonly handedTo: readonly ContactReference[];
  /** Those of them who got it. */
  readonly reached: readonly ContactReference[];
  readonly areOverridesKnown: boolean;
}

/** Everything about an incident. Plain JSON: it goes through continue-as-new. */
export interface IncidentState {
  readonly version: 1;
  readonly opening: IncidentOpening;
  readonly openedAtMs: number;
  readonly status: IncidentStatus;
  readonly statusSinceMs: number;
  readonly urgency: Urgency;
  /** When low urgency becomes high because people come to work; null for never. */
  readonly raisesAtMs: number | null;
  /** Of alerts and commands. */
  readonly lastMessageAtMs: number;
  readonly alerts: Readonly<Record<string, AlertMemory>>;
  readonly firing: number;
  /** Since when nothing fires any more; null while something does. */
  readonly quietSinceMs: number | null;
  readonly flaps: number;
  readonly ladder: Ladder;
  readonly acknowledgement: Acknowledgement | null;
  readonly firstAcknowledgedAtMs: number | null;
  /** End of a snooze or of a maintenance window. */
  readonly silentUntilMs: number | null;
  readonly escalatedAtMs: number | null;
  readonly reassignedTo: Target | null;
  readonly mergedInto: { readonly incidentId: string; readonly workflowId: string } | null;
  readonly replays: readonly { readonly replayId: string; readonly isPublished: boolean }[];
  /** Everybody who was paged: they hear of the end. */
  readonly paged: readonly ContactReference[];
  /** By the part of the delivery key between incident and contact. */
  readonly notices: Readonly<Record<string, OpenNotice>>;
  readonly entries: number;
  /** How many notices there were that do not belong to a step. */
  readonly otherNotices: number;
  readonly usedLinkIds: readonly string[];
  /** When it was resolved; what is left then is to write down and to deliver. */
  readonly endedAtMs: number | null;
}
