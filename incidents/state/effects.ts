import type { TimelineDetails } from '../timeline-details.ts';
import type { ContactReference, NoticeKind, Target, TimelineEntry, TimelineKind } from '../types.ts';
import type { IncidentState } from './state.ts';

/** What has to be done in the world because an incident has changed. Whoever does it answers with a function of the state. */
export type Effect =
  /** Is there a maintenance window? Answered by `takeMaintenance`. */
  | { readonly kind: 'ask_maintenance'; readonly round: number }
  /** Whom do these targets stand for now? Answered by `takeTargets`. */
  | { readonly kind: 'notify'; readonly noticeId: string; readonly targets: readonly Target[] }
  /** Hand a notice to a contact. Answered by `takeDelivery`, much later. */
  | {
      readonly kind: 'tell';
      readonly noticeId: string;
      readonly noticeKind: NoticeKind;
      readonly contact: ContactReference;
      readonly deliveryKey: string;
      readonly createdAtMs: number;
      /** What could not be looked up for it, in words; empty when all could. */
      readonly caveats: readonly string[];
    }
  /** Write down a line of the timeline. */
  | { readonly kind: 'record'; readonly entry: TimelineEntry }
  /** Tell another incident that this one has become part of it. A failure is answered by `takeMergeFailure`. */
  | {
      readonly kind: 'merge';
      readonly intoIncidentId: string;
      readonly intoWorkflowId: string;
      readonly actor: string;
    };

/** A changed incident and what follows from it. */
export interface Change {
  readonly state: IncidentState;
  readonly effects: readonly Effect[];
}

/** A change while it is being made. */
export interface Turn {
  state: IncidentState;
  readonly nowMs: number;
  readonly effects: Effect[];
}

/** Who is the actor of what happens by itself. */
export const PLATFORM = 'platform';

/** Makes a change of pieces that each see what the one before has left. */
export function changed(state: IncidentState, nowMs: number, work: (turn: Turn) => void): Change {
  const turn: Turn = { state, nowMs, effects: [] };
  work(turn);
  return { state: turn.state, effects: turn.effects };
}

/** Replaces parts of the state. */
export function set(turn: Turn, parts: Partial<IncidentState>): void {
  turn.state = { ...turn.state, ...parts };
}

/** Writes a line of the timeline, with a number of its own. */
export function record<Kind extends TimelineKind>(
  turn: Turn,
  kind: Kind,
  details: TimelineDetails[Kind],
  actor: string = PLATFORM,
): void {
  const { opening, entries } = turn.state;
  const number = entries + 1;
  set(turn, { entries: number });
  turn.effects.push({
    kind: 'record',
    entry: {
      entryId: `${opening.incidentId}/${number}`,
      incidentId: opening.incidentId,
      atMs: turn.nowMs,
      kind,
      actor,
      details: details as TimelineEntry['details'],
    },
  });
}
