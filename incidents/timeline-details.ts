import type {
  ChannelKind,
  ContactReference,
  IncidentCommand,
  NoticeKind,
  Severity,
  TimelineEntry,
  TimelineKind,
  Urgency,
} from './types.ts';

/** Who did it, by which way; of every command of a person. */
interface ByCommand {
  readonly via?: IncidentCommand['via'];
}

/** What is said of every notice, whatever became of it. */
interface OfNotice {
  readonly deliveryKey: string;
  readonly contact: ContactReference;
  readonly channel?: ChannelKind;
  readonly kind: NoticeKind;
  readonly urgency?: Urgency;
  /** When the incident wanted it: until `atMs` of the entry is how long it took. */
  readonly createdAtMs?: number;
  /** How many notices went out in the same message. */
  readonly bundled?: number;
  /** Whether it was sent outside of the support hours of the policy. */
  readonly isOutsideHours?: boolean;
}

/**
 * What the entries of a timeline carry in `details`, by their kind. What is not known is left out; whoever reads them
 * (page, report, metrics) goes by these names.
 */
export interface TimelineDetails extends Record<TimelineKind, object> {
  opened: {
    readonly title: string;
    readonly severity: Severity;
    readonly urgency: Urgency;
    readonly source: 'alertmanager' | 'api' | 'heartbeat';
    readonly policyVersion?: string;
    readonly alerts?: number;
    readonly previousIncidentId?: string;
  };
  /** How many alerts fire and how many have ended, after the change. */
  alerts_changed: { readonly firing: number; readonly resolved: number };
  flapped: { readonly flaps?: number };
  step_begun: { readonly round?: number; readonly loop?: number; readonly step: number };
  step_skipped: { readonly round?: number; readonly loop?: number; readonly step: number; readonly reason: string };
  shift_empty: { readonly schedule: string; readonly step?: number };
  notified: OfNotice;
  notice_failed: OfNotice & { readonly code: string };
  nobody_answered: { readonly loops?: number };
  /** `isFirst`: nobody had acknowledged it before. */
  acknowledged: ByCommand & { readonly isFirst?: boolean };
  acknowledgement_expired: object;
  unacknowledged: ByCommand;
  snoozed: ByCommand & { readonly untilMs: number };
  snooze_ended: object;
  escalated: ByCommand;
  reassigned: ByCommand & { readonly target: string };
  noted: ByCommand & { readonly text: string };
  suppressed: { readonly maintenance?: string; readonly untilMs?: number };
  maintenance_ended: object;
  merged: ByCommand & { readonly intoIncidentId: string };
  merged_from: ByCommand & { readonly incidentId: string };
  replay_linked: ByCommand & { readonly replayId: string };
  replay_published: { readonly replayId: string };
  status_update_due: object;
  /** How long it took, and which parts were not available, with commas. */
  page_gathered: { readonly durationMs?: number; readonly unavailable?: string };
  auto_resolved: { readonly reason?: string };
  resolved: ByCommand & { readonly by?: 'source' | 'person'; readonly text?: string };
}

/** The details of an entry whose kind is known; any of them may be missing in what was written long ago. */
export function detailsOf<Kind extends TimelineKind>(
  entry: TimelineEntry,
  _kind: Kind,
): Partial<TimelineDetails[Kind]> {
  return entry.details as Partial<TimelineDetails[Kind]>;
}
