import type { EventCopy } from '../clickhouse/event-facts.ts';
import type { Settings } from '../events/settings.ts';
import { formatDuration } from '../stack/progress.ts';
import type { WindowFacts } from './event-facts.ts';
import { windowText } from './window-time.ts';

/** A conversion of the same user and app, at or after a touchpoint. */
export interface LaterConversion {
  name: string;
  occurredAtMs: number;
  /** Whether the touchpoint lies within its lookback. */
  isInReach: boolean;
  isCounted: (settings: Settings) => boolean;
}

export interface ReasonFacts {
  event: EventCopy;
  /** The window that would credit it: its own for a conversion, the conversion's for a touchpoint. */
  window: WindowFacts;
  settings: Settings;
  /** Of a touchpoint, in the order of time. */
  conversionsAfter: readonly LaterConversion[];
  /** Whether a run of the window has seen it. */
  isSeen: boolean;
  /** It came after the late horizon of the window, and no run has seen it since. */
  isBeyondHorizon: boolean;
}

/** Why a stored event has no credits, in one sentence. */
export function explainNoCredit(facts: ReasonFacts): string {
  const { event, settings } = facts;
  if (event.eventType === 'click' || event.eventType === 'impression') return explainTouchpoint(facts);
  const { conversion_names: names } = settings;
  if (names.length > 0 && !names.includes(event.name)) {
    return `the tenant's settings count other conversions only (${names.join(', ')}), not ${event.name}`;
  }
  return explainWindow(facts.window, 'its window') ?? explainLate(facts) ?? UNSEEN;
}

const UNSEEN = 'no run of the window has seen it yet: late data is looked for once a minute, and reopens the window';

/** Why a conversion is credited to nobody. `touchpoints` are those of its user before it, in the order of time. */
export function explainOrganic(facts: {
  occurredAtMs: number;
  touchpoints: readonly { eventType: EventCopy['eventType']; occurredAtMs: number }[];
  settings: Settings;
  lookedBackMs: number;
}): string {
  const { occurredAtMs, touchpoints, settings, lookedBackMs } = facts;
  const [last] = touchpoints.toReversed();
  if (last === undefined) {
    return `organic: this user of this app had no touchpoint in the ${daysText(lookedBackMs)} before it`;
  }
  const reachMs = (eventType: EventCopy['eventType']): number => lookbackSecondsOf(settings, eventType) * 1_000;
  const inReach = touchpoints.some((one) => occurredAtMs - one.occurredAtMs <= reachMs(one.eventType));
  if (inReach) return 'organic: the touchpoints before it came after its window was computed, or are not counted yet';
  return (
    `organic: outside the lookback. The last touchpoint of this user, ${withArticle(last.eventType)}, came ` +
    `${daysText(occurredAtMs - last.occurredAtMs)} before it and earns credit for ${daysText(reachMs(last.eventType))}`
  );
}

const lookbackSecondsOf = (settings: Settings, eventType: EventCopy['eventType']): number =>
  eventType === 'click' ? settings.lookback_click_seconds : settings.lookback_impression_seconds;

const withArticle = (eventType: EventCopy['eventType']): string => `${eventType === 'click' ? 'a' : 'an'} ${eventType}`;

function explainTouchpoint(facts: ReasonFacts): string {
  const { event, window, settings, conversionsAfter } = facts;
  const [next] = conversionsAfter;
  if (next === undefined) return 'no conversion of this user of this app followed';
  const counted = conversionsAfter.filter(({ isCounted }) => isCounted(settings));
  const [nextCounted] = counted;
  if (nextCounted === undefined) {
    return `only conversions followed that the tenant's settings do not count (${next.name})`;
  }
  if (!counted.some(({ isInReach }) => isInReach)) {
    return (
      `outside the lookback: the next conversion (${nextCounted.name}) followed ` +
      `${daysText(nextCounted.occurredAtMs - event.occurredAtMs)} later, and ${withArticle(event.eventType)} ` +
      `earns credit for ${daysText(lookbackSecondsOf(settings, event.eventType) * 1_000)}`
    );
  }
  const ofWindow = explainWindow(window, `the window of the conversion (${nextCounted.name})`) ?? explainLate(facts);
  if (ofWindow !== undefined) return ofWindow;
  const hidden = event.eventType === 'impression' ? ', or a click at the same moment took its place' : '';
  return `it is in a journey, but no model of the tenant (${settings.models.join(', ')}) gives its place a share${hidden}`;
}

/** Why a window shows nothing; undefined when it is published. `whose` begins the sentence. */
function explainWindow(window: WindowFacts, whose: string): string | undefined {
  const { publication, run, phase, waitsFor, untilMs, startMs } = window;
  if (publication !== null) return undefined;
  const name = `${whose} ${windowText(startMs)}`;
  if (run?.state === 'inconsistent') return `${name} is held back: the credits of its run do not add up`;
  if (phase === 'unknown') return `${name} was never published (${waitsFor})`;
  return `${name} is not closed yet: ${phase}, waits for ${waitsFor}${untilText(untilMs)}`;
}

/** The moment at which a waiting ends at the latest, where it is known. */
export const untilText = (untilMs: number | null): string =>
  untilMs === null ? '' : ` (${new Date(untilMs).toISOString().slice(0, 19)}Z)`;

/** Why a published window lacks an event; undefined when a run has seen it. */
function explainLate({ isBeyondHorizon, isSeen, window }: ReasonFacts): string | undefined {
  if (isBeyondHorizon || (!isSeen && window.phase === 'frozen'))
    return 'it came after the late horizon of the window: only a replay of the window includes it';
  return isSeen ? undefined : UNSEEN;
}

const DAY_MS = 86_400_000;

const daysText = (milliseconds: number): string =>
  milliseconds >= 2 * DAY_MS ? `${(milliseconds / DAY_MS).toFixed(1)} d` : hoursText(milliseconds);

const hoursText = (milliseconds: number): string => {
  if (milliseconds >= 3_600_000) return `${(milliseconds / 3_600_000).toFixed(1)} h`;
  return milliseconds % 60_000 === 0 ? `${milliseconds / 60_000} min` : formatDuration(milliseconds);
};
