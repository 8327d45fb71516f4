import { generateArrivals } from '../../events/generator.ts';
import type { GeneratedEvent } from '../../events/generator-journey.ts';
import { FIELD_LATENESS } from '../../events/generator-lateness.ts';
import { createRandom } from '../../events/generator-random.ts';

export const DAY_MS = 86_400_000;
const DAYS = 3;
/** All of them old enough that every window can close, and none so old that a window freezes. */
const FIRST_DAY_AGO = 6;

/** `usual`, or with clients whose clocks are wrong by days. */
export type EventsName = 'usual' | 'wrong_clocks';

/** The events that every tenant of a run gets, in the order in which they come. */
export interface EventSet {
  readonly events: readonly GeneratedEvent[];
  readonly conversions: number;
}

const WRONG_CLOCK_SHARE = 0.1;
const WRONG_BY_DAYS_MAX = 3;

/**
 * Some days of journeys, mixed as they arrive from phones that are often offline. The same seed gives the same events
 * with the same ids: what became of them for one tenant can be compared with what became of them for another.
 */
export function makeEvents(
  name: EventsName,
  { seed, eventsPerDay, nowMs }: { seed: number; eventsPerDay: number; nowMs: number },
): EventSet {
  const firstDayMs = (Math.floor(nowMs / DAY_MS) - FIRST_DAY_AGO) * DAY_MS;
  const arrivals = Array.from({ length: DAYS }, (_, day) =>
    generateArrivals({
      seed: seed * DAYS + day,
      dayStartMs: firstDayMs + day * DAY_MS,
      events: eventsPerDay,
      lateness: FIELD_LATENESS,
    }),
  ).flat();
  const inOrder = arrivals.toSorted((left, right) => left.arrivesAtMs - right.arrivesAtMs).map(({ event }) => event);
  const events = name === 'usual' ? inOrder : withWrongClocks(inOrder, seed);
  return { events, conversions: events.filter(({ type }) => type === 'install' || type === 'conversion').length };
}

function withWrongClocks(events: readonly GeneratedEvent[], seed: number): GeneratedEvent[] {
  const random = createRandom(seed);
  return events.map((event) => {
    if (!random.chance(WRONG_CLOCK_SHARE)) return event;
    const days = random.whole(-WRONG_BY_DAYS_MAX, WRONG_BY_DAYS_MAX);
    return { ...event, occurred_at: event.occurred_at + days * DAY_MS };
  });
}
