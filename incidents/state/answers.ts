import { isInside } from '../policy/support-hours.ts';
import type { ContactReference, DeliveryOutcome, Target } from '../types.ts';
import { type Change, type Turn, changed, record } from './effects.ts';
import { moveOn } from './ladder.ts';
import { changeNotice, closeNotice, handOver, isWanted, targetText } from './notices.ts';
import type { IncidentState, OpenNotice } from './state.ts';

/** What targets stand for, as it was looked up. */
export interface FoundTargets {
  readonly targets: readonly { readonly target: Target; readonly chains: readonly (readonly ContactReference[])[] }[];
  readonly areOverridesKnown: boolean;
}

/** Hands a notice to the first contact of each chain; null when nobody could say whom the targets stand for. */
export function takeTargets(state: IncidentState, noticeId: string, found: FoundTargets | null, nowMs: number): Change {
  return changed(state, nowMs, (turn) => {
    const notice = state.notices[noticeId];
    if (notice === undefined || notice.chains !== null) return;
    if (!isWanted(state, notice)) return closeNotice(turn, noticeId);
    changeNotice(turn, noticeId, { chains: [], areOverridesKnown: found?.areOverridesKnown ?? false });
    if (found === null) recordNobody(turn, notice, 'its targets could not be looked up');
    for (const { target, chains } of found?.targets ?? []) {
      if (chains.every((chain) => chain.length === 0)) recordEmpty(turn, notice, target);
    }
    handOver(turn, noticeId, found?.targets.flatMap(({ chains }) => chains) ?? []);
    closeIfAnswered(turn, noticeId);
  });
}

/** Takes over what became of a notice; where it failed, the next contact of the chain is told. */
export function takeDelivery(state: IncidentState, outcome: DeliveryOutcome, nowMs: number): Change {
  return changed(state, nowMs, (turn) => {
    const { contact } = outcome;
    const noticeId = noticeIdOf(state, outcome);
    const notice = state.notices[noticeId];
    const answered = notice?.chains?.filter(({ asked }) => asked === contact) ?? [];
    if (notice === undefined || answered.length === 0) return;
    recordOutcome(turn, notice, outcome);
    const isSent = outcome.outcome === 'sent';
    changeNotice(turn, noticeId, {
      chains: (notice.chains ?? []).filter(({ asked }) => asked !== contact),
      reached: isSent ? [...notice.reached, contact] : notice.reached,
    });
    if (!isSent && isWanted(turn.state, notice)) {
      handOver(
        turn,
        noticeId,
        answered.map(({ rest }) => rest),
      );
    }
    closeIfAnswered(turn, noticeId);
  });
}

/** A notice that was not handed over, because nobody wanted it any more when it was ready. */
export function takeWithdrawal(
  state: IncidentState,
  { noticeId, contact }: { noticeId: string; contact: ContactReference },
  nowMs: number,
): Change {
  return changed(state, nowMs, (turn) => {
    const chains = state.notices[noticeId]?.chains?.filter(({ asked }) => asked !== contact) ?? [];
    if (chains.length === 0) closeNotice(turn, noticeId);
    else changeNotice(turn, noticeId, { chains });
  });
}

/** What was gathered for a page, as far as the timeline wants to know. */
export function takePage(
  state: IncidentState,
  page: { durationMs: number; unavailable: string },
  nowMs: number,
): Change {
  return changed(state, nowMs, (turn) => record(turn, 'page_gathered', { ...page }));
}

/** Whether a notice that is about to be handed over still says what is so. */
export function isNoticeWanted(state: IncidentState, noticeId: string): boolean {
  const notice = state.notices[noticeId];
  return notice !== undefined && isWanted(state, notice);
}

/** When all have answered, or nobody is left to ask: a step that has reached nobody is no reason to wait. */
function closeIfAnswered(turn: Turn, noticeId: string): void {
  const notice = turn.state.notices[noticeId];
  if (notice?.chains?.length !== 0) return;
  closeNotice(turn, noticeId);
  if (notice.reached.length === 0 && notice.step !== null) moveOn(turn, { round: notice.round, ...notice.step });
}

function recordEmpty(turn: Turn, notice: OpenNotice, target: Target): void {
  if (target.kind === 'schedule') {
    const step = notice.step === null ? {} : { step: notice.step.step };
    record(turn, 'shift_empty', { schedule: target.schedule, ...step });
  } else {
    recordNobody(turn, notice, `the present policy has no contact for ${targetText(target)}`);
  }
}

function recordNobody(turn: Turn, { step, round }: OpenNotice, reason: string): void {
  if (step !== null) record(turn, 'step_skipped', { round, ...step, reason });
}

function recordOutcome(turn: Turn, notice: OpenNotice, outcome: DeliveryOutcome): void {
  const { deliveryKey, contact, channel, bundled, code } = outcome;
  const isOutside = isOutsideHours(turn.state, outcome.atMs);
  const details = {
    deliveryKey,
    contact,
    ...(channel === undefined ? {} : { channel }),
    kind: notice.kind,
    urgency: turn.state.urgency,
    createdAtMs: notice.createdAtMs,
    bundled,
    ...(isOutside === undefined ? {} : { isOutsideHours: isOutside }),
  };
  if (outcome.outcome === 'sent') record(turn, 'notified', details);
  else record(turn, 'notice_failed', { ...details, code: code ?? 'bug' });
}

/** Undefined where the policy has no support hours. */
function isOutsideHours({ opening: { policy } }: IncidentState, atMs: number): boolean | undefined {
  const rule = policy.urgency;
  return rule.kind === 'support_hours' ? !isInside(rule.hours, atMs) : undefined;
}

/** The part of a delivery key between incident and contact; what is none of this incident gives one that nobody knows. */
function noticeIdOf({ opening }: IncidentState, { deliveryKey, contact }: DeliveryOutcome): string {
  const [before, after] = [`${opening.incidentId}/`, `/${contact}`];
  if (!deliveryKey.startsWith(before) || !deliveryKey.endsWith(after)) return '';
  return deliveryKey.slice(before.length, -after.length);
}
