import { type Change, type Turn, changed, record, set } from './effects.ts';
import { end, endIfQuiet } from './end.ts';
import { beginRound, climb, climbUnasked } from './ladder.ts';
import { notifyBeside } from './notices.ts';
import type { IncidentState } from './state.ts';

/** Something that happens by itself. */
interface Due {
  readonly atMs: number;
  readonly happen: (turn: Turn) => void;
}

/** When something happens next without anybody saying anything; undefined when nothing does. */
export function nextDueMs(state: IncidentState): number | undefined {
  return earliest(state)?.atMs;
}

/** Lets everything happen whose time has come, in its order. However long nobody looked, every step waits from now. */
export function passTime(state: IncidentState, nowMs: number): Change {
  return changed(state, nowMs, (turn) => {
    for (;;) {
      const due = earliest(turn.state);
      if (due === undefined || due.atMs > nowMs) return;
      due.happen(turn);
    }
  });
}

function earliest(state: IncidentState): Due | undefined {
  return duesOf(state).reduce<Due | undefined>(
    (first, due) => (first === undefined || due.atMs < first.atMs ? due : first),
    undefined,
  );
}

/** What ends an incident comes first where two things are due at once: nobody is paged for what is over. */
function duesOf(state: IncidentState): Due[] {
  if (state.endedAtMs !== null) return [];
  return [...endings(state), ...silences(state), ...raises(state), ...reminders(state), ...steps(state)];
}

function endings(state: IncidentState): Due[] {
  const { status, quietSinceMs, lastMessageAtMs, statusSinceMs, opening } = state;
  const { holdMs, autoResolveMs } = opening.policy;
  const dues: Due[] = [];
  // A snooze is kept to its end: what fires again before it would open the next incident, and page.
  if (quietSinceMs !== null && status !== 'snoozed') dues.push({ atMs: quietSinceMs + holdMs, happen: endIfQuiet });
  if (autoResolveMs !== null && status !== 'snoozed' && status !== 'suppressed') {
    dues.push({ atMs: Math.max(lastMessageAtMs, statusSinceMs) + autoResolveMs, happen: autoResolve });
  }
  return dues;
}

function silences({ status, silentUntilMs }: IncidentState): Due[] {
  if (silentUntilMs === null || (status !== 'snoozed' && status !== 'suppressed')) return [];
  return [{ atMs: silentUntilMs, happen: endSilence }];
}

function raises({ raisesAtMs }: IncidentState): Due[] {
  return raisesAtMs === null ? [] : [{ atMs: raisesAtMs, happen: raise }];
}

function reminders({ acknowledgement, firing }: IncidentState): Due[] {
  if (acknowledgement === null) return [];
  const { expiresAtMs, remindsAtMs } = acknowledgement;
  return [
    // What has stopped needs nobody; if it goes on within the hold, so does this.
    ...(expiresAtMs === null || firing === 0 ? [] : [{ atMs: expiresAtMs, happen: expire }]),
    ...(remindsAtMs === null || firing === 0 ? [] : [{ atMs: remindsAtMs, happen: remind }]),
  ];
}

function steps({ status, ladder, firing }: IncidentState): Due[] {
  if (status !== 'triggered' || ladder.dueMs === null) return [];
  if (ladder.phase === 'asking') return [{ atMs: ladder.dueMs, happen: (turn) => climbUnasked(turn, false) }];
  return firing > 0 ? [{ atMs: ladder.dueMs, happen: climb }] : [];
}

function autoResolve(turn: Turn): void {
  record(turn, 'auto_resolved', { reason: 'nothing was heard of it for as long as its policy waits' });
  end(turn, { by: 'source' });
}

/** At the end of a snooze or of maintenance what still fires is as if it had just begun. */
function endSilence(turn: Turn): void {
  record(turn, turn.state.status === 'snoozed' ? 'snooze_ended' : 'maintenance_ended', {});
  if (!endIfQuiet(turn)) beginRound(turn);
}

/** People have come to work: what could wait for them waits no more. */
function raise(turn: Turn): void {
  set(turn, { urgency: 'high', raisesAtMs: null });
  record(turn, 'escalated', {});
  if (turn.state.status === 'triggered') beginRound(turn);
}

function expire(turn: Turn): void {
  record(turn, 'acknowledgement_expired', {});
  beginRound(turn);
}

function remind(turn: Turn): void {
  const { acknowledgement, opening } = turn.state;
  const { statusUpdateMs } = opening.policy;
  if (acknowledgement === null) return;
  const remindsAtMs = statusUpdateMs === null ? null : turn.nowMs + statusUpdateMs;
  set(turn, { acknowledgement: { ...acknowledgement, remindsAtMs } });
  record(turn, 'status_update_due', {});
  notifyBeside(turn, 'status_update', 'status_update_reminder', [{ kind: 'person', person: acknowledgement.by }]);
}
