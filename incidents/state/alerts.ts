import { nextRaiseMs, urgencyAt } from '../policy/urgency.ts';
import type { AlertReference } from '../types.ts';
import { type Change, type Turn, changed, record, set } from './effects.ts';
import { beginRound, newLadder } from './ladder.ts';
import type { AlertMemory, IncidentOpening, IncidentState } from './state.ts';

/** A group with more alerts than that is told as one with so many. */
export const ALERTS_MAX = 20_000;
/**
 * An alert that fires although it has ended, since the same moment, is a message that was overtaken; after so long it is an
 * alert that Alertmanager had only lost sight of.
 */
const OVERTAKEN_MS_MAX = 60_000;

type Alerts = IncidentState['alerts'];

/** Whether something fires in these messages that is new to an incident; without one, whether something fires at all. */
export function isNews(state: IncidentState | null, told: readonly AlertReference[], nowMs: number): boolean {
  return told.some((alert) => {
    if (alert.status !== 'firing') return false;
    const before = state?.alerts[alert.fingerprint];
    return before === undefined || begins(before, alert, nowMs);
  });
}

/** Opens an incident about alerts of which at least one fires. */
export function openIncident(opening: IncidentOpening, told: readonly AlertReference[], nowMs: number): Change {
  return changed(newState(opening, nowMs), nowMs, (turn) => {
    remember(turn, told);
    const { urgency, firing } = turn.state;
    const { title, severity, source, policy, previousIncidentId } = opening;
    record(turn, 'opened', {
      title,
      severity,
      urgency,
      source,
      policyVersion: policy.version,
      alerts: firing,
      ...(previousIncidentId === null ? {} : { previousIncidentId }),
    });
    beginRound(turn);
  });
}

/** Takes over what a source says. What is told twice, or late, changes nothing. */
export function takeAlerts(state: IncidentState, told: readonly AlertReference[], nowMs: number): Change {
  return changed(state, nowMs, (turn) => {
    set(turn, { lastMessageAtMs: nowMs });
    const { isChanged, flaps } = remember(turn, told);
    if (flaps > 0) {
      set(turn, { flaps: state.flaps + flaps });
      record(turn, 'flapped', { flaps: turn.state.flaps });
    }
    const { firing, alerts } = turn.state;
    if (isChanged) record(turn, 'alerts_changed', { firing, resolved: Object.keys(alerts).length - firing });
  });
}

/** Alerts that fire, the newest first. */
export function firingAlerts({ alerts }: IncidentState, alertsMax: number): AlertReference[] {
  return Object.entries(alerts)
    .filter(([, [isFiring]]) => isFiring === 1)
    .toSorted(([, [, left]], [, [, right]]) => right - left)
    .slice(0, alertsMax)
    .map(([fingerprint, [, startsAtMs]]) => ({ fingerprint, status: 'firing', startsAtMs }));
}

function newState(opening: IncidentOpening, nowMs: number): IncidentState {
  const { severity, policy } = opening;
  return {
    version: 1,
    opening,
    openedAtMs: nowMs,
    status: 'triggered',
    statusSinceMs: nowMs,
    urgency: urgencyAt(policy.urgency, severity, nowMs),
    raisesAtMs: nextRaiseMs(policy.urgency, severity, nowMs) ?? null,
    lastMessageAtMs: nowMs,
    alerts: {},
    firing: 0,
    quietSinceMs: nowMs,
    flaps: 0,
    ladder: newLadder(0, { phase: 'over', dueMs: null }),
    acknowledgement: null,
    firstAcknowledgedAtMs: null,
    silentUntilMs: null,
    escalatedAtMs: null,
    reassignedTo: null,
    mergedInto: null,
    replays: [],
    paged: [],
    notices: {},
    entries: 0,
    otherNotices: 0,
    usedLinkIds: [],
    endedAtMs: null,
  };
}

/** Changes the memory of alerts; says whether anything changed and how many fired again within the hold. */
function remember(turn: Turn, told: readonly AlertReference[]): { isChanged: boolean; flaps: number } {
  const { state, nowMs } = turn;
  const { holdMs } = state.opening.policy;
  const alerts: Record<string, AlertMemory> = { ...state.alerts };
  let [room, isChanged, flaps] = [ALERTS_MAX - Object.keys(alerts).length, false, 0];
  for (const alert of told) {
    const before = alerts[alert.fingerprint];
    if (before === undefined && room <= 0) room = forgetEnded(alerts);
    if (before === undefined && room <= 0) continue;
    const after = afterwards(before, alert, nowMs);
    if (after === before) continue;
    if (before === undefined) room -= 1;
    alerts[alert.fingerprint] = after;
    isChanged = true;
    const endedAtMs = before?.[3];
    if (after[0] === 1 && after[2] > 1 && endedAtMs !== undefined && nowMs - endedAtMs <= holdMs) flaps += 1;
  }
  if (!isChanged) return { isChanged, flaps };
  const firing = countFiring(alerts);
  const quietSinceMs = firing > 0 ? null : (state.quietSinceMs ?? nowMs);
  set(turn, { alerts, firing, quietSinceMs });
  return { isChanged, flaps };
}

/** What is known of an alert after a message about it; the same value when it says nothing new. */
function afterwards(before: AlertMemory | undefined, alert: AlertReference, nowMs: number): AlertMemory {
  const { status, startsAtMs } = alert;
  if (before === undefined) return status === 'firing' ? [1, startsAtMs, 1] : [0, startsAtMs, 0, nowMs];
  const [isFiring, knownMs, times] = before;
  if (status === 'firing') {
    if (!begins(before, alert, nowMs)) return before;
    return [1, startsAtMs, isFiring === 1 ? times : times + 1];
  }
  if (startsAtMs < knownMs || (startsAtMs === knownMs && isFiring === 0)) return before;
  return [0, startsAtMs, times, nowMs];
}

/** Whether an alert that fires says something new: that it began later, or that it never ended. */
function begins([isFiring, knownMs, , endedAtMs]: AlertMemory, { startsAtMs }: AlertReference, nowMs: number): boolean {
  if (startsAtMs !== knownMs) return startsAtMs > knownMs;
  return isFiring === 0 && nowMs - (endedAtMs ?? nowMs) > OVERTAKEN_MS_MAX;
}

function countFiring(alerts: Alerts): number {
  return Object.values(alerts).reduce((count, [isFiring]) => count + isFiring, 0);
}

/** Makes room by forgetting what has ended; gives how much room there is. */
function forgetEnded(alerts: Record<string, AlertMemory>): number {
  for (const [fingerprint, [isFiring]] of Object.entries(alerts)) {
    if (isFiring === 0) delete alerts[fingerprint];
  }
  return ALERTS_MAX - Object.keys(alerts).length;
}
