import type { EventCopy } from '../clickhouse/event-facts.ts';
import type { Settings } from '../events/settings.ts';
import { formatDuration } from '../stack/progress.ts';
import type { WindowFacts } from './event-facts.ts';

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
  const ofWindow = explainWindow(facts.window) ?? explainHorizon(facts);
  return ofWindow ?? 'the published run has not seen it yet: the next reconcile reopens its window';
}

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
    const lookback =
      event.eventType === 'click' ? settings.lookback_click_seconds : settings.lookback_impression_seconds;
    return (
      `outside the lookback: the next conversion (${nextCounted.name}) followed ` +
      `${daysText(nextCounted.occurredAtMs - event.occurredAtMs)} later, and a${event.eventType === 'click' ? '' : 'n'} ` +
      `${event.eventType} earns credit for ${daysText(lookback * 1_000)}`
    );
  }
  const ofWindow = explainWindow(window) ?? explainHorizon(facts);
  if (ofWindow !== undefined) return `the window of the conversion (${nextCounted.name}): ${ofWindow}`;
  const hidden = event.eventType === 'impression' ? ', or a click at the same moment took its place' : '';
  return `it is in a journey, but no model of the tenant (${settings.models.join(', ')}) gives its place a share${hidden}`;
}

/** Why a window shows nothing; undefined when it is published. */
function explainWindow({ publication, run, phase, waitsFor, startMs }: WindowFacts): string | undefined {
  if (publication !== null) return undefined;
  const name = new Date(startMs).toISOString().slice(0, 16);
  if (run?.state === 'inconsistent') return `its window ${name} is held back: the credits of its run do not add up`;
  if (phase === 'unknown') return `its window ${name} was never published (${waitsFor})`;
  return `its window ${name} is not closed yet: ${phase}, waits for ${waitsFor}`;
}

function explainHorizon({ isBeyondHorizon }: ReasonFacts): string | undefined {
  return isBeyondHorizon
    ? 'it came after the late horizon of the window: only a replay of the window includes it'
    : undefined;
}

const DAY_MS = 86_400_000;

const daysText = (milliseconds: number): string =>
  milliseconds >= 2 * DAY_MS ? `${(milliseconds / DAY_MS).toFixed(1)} d` : hoursText(milliseconds);

const hoursText = (milliseconds: number): string =>
  milliseconds >= 7_200_000 ? `${(milliseconds / 3_600_000).toFixed(1)} h` : formatDuration(milliseconds);
