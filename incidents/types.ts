/** Words that everything about incidents shares. All of them are plain JSON: they go through workflows and over HTTP. */

export const SEVERITIES = ['critical', 'warning', 'info'] as const;
export type Severity = (typeof SEVERITIES)[number];

export const URGENCIES = ['high', 'low'] as const;
export type Urgency = (typeof URGENCIES)[number];

export const INCIDENT_STATUSES = ['triggered', 'acknowledged', 'snoozed', 'suppressed', 'merged', 'resolved'] as const;
export type IncidentStatus = (typeof INCIDENT_STATUSES)[number];

/** What a source says of one alert; the three fields together are its identity. */
export interface AlertReference {
  /** Alertmanager's fingerprint of the label set, or the key of another source. */
  readonly fingerprint: string;
  readonly status: 'firing' | 'resolved';
  readonly startsAtMs: number;
}

/** Whom a step of a policy tells. */
export type Target =
  | { readonly kind: 'person'; readonly person: string }
  | { readonly kind: 'schedule'; readonly schedule: string }
  | { readonly kind: 'channel'; readonly channel: string };

export const CHANNEL_KINDS = ['webhook', 'slack', 'email', 'pagerduty', 'alertmanager'] as const;
export type ChannelKind = (typeof CHANNEL_KINDS)[number];

/**
 * One way to tell somebody: `person:{person}/{contact}` or `channel:{channel}`. Never an address: that is looked up in the
 * present policy when something is sent.
 */
export type ContactReference = `person:${string}/${string}` | `channel:${string}`;

export const NOTICE_KINDS = [
  /** Somebody has to look. */
  'page',
  /** What was told before has ended. */
  'resolved',
  /** Whoever acknowledged is asked to write how it stands. */
  'status_update_reminder',
  /** Somebody is told of a change: a replay was published, the incident was merged. */
  'information',
  /** The ladder has ended and nobody answered. */
  'nobody_answered',
] as const;
export type NoticeKind = (typeof NOTICE_KINDS)[number];

/** What a contact is to be told. The same delivery key is the same message, however often it is handed over. */
export interface Notice {
  readonly deliveryKey: string;
  readonly kind: NoticeKind;
  readonly incidentId: string;
  readonly workflowId: string;
  readonly tenant: string;
  readonly urgency: Urgency;
  readonly severity: Severity;
  /** One line: what is wrong. */
  readonly title: string;
  /** The body as plain text and Markdown; empty when nothing more is known. */
  readonly text: string;
  readonly createdAtMs: number;
}

/** What became of a notice. */
export interface DeliveryOutcome {
  readonly deliveryKey: string;
  readonly contact: ContactReference;
  readonly outcome: 'sent' | 'failed';
  /** Error code of the failure. */
  readonly code?: string;
  /** By which kind of channel, as far as the policy of then knew the contact. */
  readonly channel?: ChannelKind;
  /** How many notices went out in the same message. */
  readonly bundled: number;
  readonly atMs: number;
}

export const INCIDENT_COMMANDS = [
  'acknowledge',
  'unacknowledge',
  'snooze',
  'reassign',
  'escalate',
  'note',
  'resolve',
  'merge',
  'link_replay',
] as const;
export type IncidentCommandName = (typeof INCIDENT_COMMANDS)[number];

/** Who did it and by which way. `actor` is a person of the policy or what a token stands for. */
interface CommandBase {
  readonly actor: string;
  readonly via: 'cli' | 'http' | 'link';
  /** Of the link by which it came: each works once, so a state that has seen it refuses it. */
  readonly linkId?: string;
}

export type IncidentCommand = CommandBase &
  (
    | { readonly name: 'acknowledge' | 'unacknowledge' | 'escalate' }
    | { readonly name: 'snooze'; readonly untilMs: number }
    | { readonly name: 'reassign'; readonly target: Target }
    | { readonly name: 'note'; readonly text: string }
    | { readonly name: 'resolve'; readonly text?: string }
    | { readonly name: 'merge'; readonly intoIncidentId: string; readonly intoWorkflowId: string }
    | { readonly name: 'link_replay'; readonly replayId: string }
  );

export const TIMELINE_KINDS = [
  'opened',
  'alerts_changed',
  'flapped',
  'step_begun',
  'step_skipped',
  'shift_empty',
  'notified',
  'notice_failed',
  'nobody_answered',
  'acknowledged',
  'acknowledgement_expired',
  'unacknowledged',
  'snoozed',
  'snooze_ended',
  'escalated',
  'reassigned',
  'noted',
  'suppressed',
  'maintenance_ended',
  'merged',
  'merged_from',
  'replay_linked',
  'replay_published',
  'status_update_due',
  'page_gathered',
  'auto_resolved',
  'resolved',
] as const;
export type TimelineKind = (typeof TIMELINE_KINDS)[number];

/** One line of the timeline; written once, never changed. */
export interface TimelineEntry {
  /** The same when it is written again: `{incidentId}/{number}`. */
  readonly entryId: string;
  readonly incidentId: string;
  readonly atMs: number;
  readonly kind: TimelineKind;
  /** Person, schedule or `platform`. */
  readonly actor: string;
  readonly details: Readonly<Record<string, string | number | boolean | null>>;
}
