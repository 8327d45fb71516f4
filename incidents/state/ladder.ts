import { conditionHolds } from '../policy/urgency.ts';
import type { PolicyStep } from '../policy/snapshot.ts';
import type { IncidentStatus } from '../types.ts';
import { type Change, type Turn, changed, record, set } from './effects.ts';
import { notify } from './notices.ts';
import type { IncidentState, Ladder } from './state.ts';

/** After this the ladder begins without knowing of maintenance: a page never waits for a database. */
export const ASK_MS_MAX = 20_000;

/** A rung of the ladder in one of its rounds. */
export interface Position {
  readonly round: number;
  readonly loop: number;
  readonly step: number;
}

/** The maintenance window that holds now, if any; null when nobody could say. */
export type FoundMaintenance = { readonly maintenanceId: string | null; readonly untilMs: number | null } | null;

/** Gives the incident another status, and with it forgets what held for the one before. */
export function become(turn: Turn, status: IncidentStatus, parts: Partial<IncidentState> = {}): void {
  const { ladder } = turn.state;
  set(turn, {
    status,
    statusSinceMs: turn.nowMs,
    acknowledgement: null,
    silentUntilMs: null,
    reassignedTo: null,
    ladder: { ...ladder, phase: 'over', dueMs: null },
    ...parts,
  });
}

/** Triggers the incident: the ladder is climbed from its foot, unless maintenance is under way. */
export function beginRound(turn: Turn): void {
  const round = turn.state.ladder.round + 1;
  become(turn, 'triggered', { ladder: newLadder(round, { phase: 'asking', dueMs: turn.nowMs + ASK_MS_MAX }) });
  turn.effects.push({ kind: 'ask_maintenance', round });
}

/** A ladder on which nobody has been told yet. */
export function newLadder(round: number, parts: Pick<Ladder, 'phase' | 'dueMs'>): Ladder {
  return { round, loop: 1, step: 0, isMaintenanceKnown: true, ...parts };
}

/** Begins the first step, or is silent until the maintenance ends. An answer that comes too late changes nothing. */
export function takeMaintenance(state: IncidentState, round: number, found: FoundMaintenance, nowMs: number): Change {
  return changed(state, nowMs, (turn) => {
    const { ladder } = state;
    if (state.status !== 'triggered' || ladder.phase !== 'asking' || ladder.round !== round) return;
    if (found?.untilMs !== null && found?.untilMs !== undefined && found.untilMs > nowMs) {
      const { maintenanceId, untilMs } = found;
      become(turn, 'suppressed', { silentUntilMs: untilMs });
      record(turn, 'suppressed', { untilMs, ...(maintenanceId === null ? {} : { maintenance: maintenanceId }) });
      return;
    }
    climbUnasked(turn, found !== null);
  });
}

/** Begins the ladder whether or not somebody knows of maintenance. */
export function climbUnasked(turn: Turn, isMaintenanceKnown: boolean): void {
  set(turn, { ladder: { ...turn.state.ladder, phase: 'climbing', dueMs: turn.nowMs, isMaintenanceKnown } });
  if (turn.state.firing > 0) climb(turn);
}

/** Begins the next step whose condition holds; at the end of the ladder nobody has answered. */
export function climb(turn: Turn): void {
  for (;;) {
    const next = nextPosition(turn.state);
    if (next === null) return endLadder(turn);
    const step = stepAt(turn.state, next.step);
    const { loop, step: number } = next;
    set(turn, { ladder: { ...turn.state.ladder, loop, step: number, phase: 'climbing', dueMs: null } });
    const { openedAtMs, firing } = turn.state;
    if (conditionHolds(step.when, { nowMs: turn.nowMs, openedAtMs, firing })) return beginStep(turn, step, next);
    record(turn, 'step_skipped', { ...next, reason: 'its condition does not hold' });
  }
}

/** Goes on at once from a step that has reached nobody. */
export function moveOn(turn: Turn, { round, loop, step }: Position): void {
  const { ladder, status, firing } = turn.state;
  if (status !== 'triggered' || ladder.phase !== 'climbing') return;
  if (ladder.round !== round || ladder.loop !== loop || ladder.step !== step) return;
  if (firing > 0) climb(turn);
  else set(turn, { ladder: { ...ladder, dueMs: turn.nowMs } });
}

/** The rung after this one; null at the end. What is of low urgency sees every step at most once. */
export function nextPosition({ ladder, opening: { policy }, urgency }: IncidentState): Position | null {
  const { round, loop, step } = ladder;
  if (step < policy.steps.length) return { round, loop, step: step + 1 };
  if (urgency === 'low' || loop > policy.repeat) return null;
  return { round, loop: loop + 1, step: 1 };
}

/** When the step after this one begins; null for low urgency, which waits for whoever has time. */
export function dueAfter({ opening: { policy }, urgency }: IncidentState, step: number, nowMs: number): number | null {
  if (urgency === 'low') return null;
  return nowMs + (policy.steps[step - 1]?.waitMs ?? 0);
}

function beginStep(turn: Turn, step: PolicyStep, { round, loop, step: number }: Position): void {
  record(turn, 'step_begun', { round, loop, step: number });
  set(turn, { ladder: { ...turn.state.ladder, dueMs: dueAfter(turn.state, number, turn.nowMs) } });
  notify(turn, {
    noticeId: `${round}/${loop}/${number}`,
    kind: 'page',
    targets: step.notify,
    step: { loop, step: number },
  });
}

function endLadder(turn: Turn): void {
  const { ladder, urgency, opening } = turn.state;
  set(turn, { ladder: { ...ladder, phase: 'over', dueMs: null } });
  if (urgency === 'low') return;
  const { lastResort, repeat } = opening.policy;
  record(turn, 'nobody_answered', { loops: repeat + 1 });
  if (lastResort === null) return;
  notify(turn, {
    noticeId: `nobody_answered/${ladder.round}`,
    kind: 'nobody_answered',
    targets: [{ kind: 'channel', channel: lastResort }],
  });
}

function stepAt({ opening }: IncidentState, number: number): PolicyStep {
  const step = opening.policy.steps[number - 1];
  if (step === undefined) throw new RangeError(`the policy has no step ${number}`);
  return step;
}
