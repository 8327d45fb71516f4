import { instantOfWall, wallAt } from '../local-time.ts';
import { DAY_MS, weekdayNumber, weekdayOfDay } from './rotation.ts';
import type { Restriction, Weekday } from './schema.ts';

const MINUTE_MS = 60_000;
const DAY_MINUTES = 24 * 60;
const WEEK_MINUTES = 7 * DAY_MINUTES;

/** How many days ahead the next opening is looked for: two weeks, for one of them can fall into a skip of the clock. */
const AHEAD_DAYS = 15;

/** Whether somebody may be on call now, and until when that stays so at least. */
export interface Opening {
  readonly isOpen: boolean;
  readonly untilMs: number;
}

/** Within any of the restrictions; always when there are none. */
export function openingAt(restrictions: readonly Restriction[], timeZone: string, atMs: number): Opening {
  if (restrictions.length === 0) return { isOpen: true, untilMs: Infinity };
  const openings = restrictions.map((restriction) => openingOf(restriction, timeZone, atMs));
  return {
    isOpen: openings.some(({ isOpen }) => isOpen),
    untilMs: Math.min(...openings.map(({ untilMs }) => untilMs)),
  };
}

/**
 * Both ends are times of the wall clock: an opening over a change of daylight saving is shorter or longer by it, and one
 * that lies within the hour that is skipped does not exist on that day.
 */
function openingOf(restriction: Restriction, timeZone: string, atMs: number): Opening {
  const { weekdays, fromMinute, lengthMinutes } = repeatedSpan(restriction);
  const today = Math.floor(wallAt(timeZone, atMs) / DAY_MS);
  const firstDay = today - Math.ceil(lengthMinutes / DAY_MINUTES) - 1;
  for (let day = firstDay; day <= today + AHEAD_DAYS; day += 1) {
    if (weekdays !== undefined && !weekdays.includes(weekdayOfDay(day))) continue;
    const wallMs = day * DAY_MS + fromMinute * MINUTE_MS;
    const fromMs = instantOfWall(timeZone, wallMs);
    const toMs = instantOfWall(timeZone, wallMs + lengthMinutes * MINUTE_MS);
    if (toMs <= fromMs || toMs <= atMs) continue;
    return fromMs <= atMs ? { isOpen: true, untilMs: toMs } : { isOpen: false, untilMs: fromMs };
  }
  return { isOpen: false, untilMs: atMs + AHEAD_DAYS * DAY_MS };
}

interface RepeatedSpan {
  /** On which days it begins; every day without. */
  readonly weekdays?: readonly number[];
  readonly fromMinute: number;
  readonly lengthMinutes: number;
}

function repeatedSpan(restriction: Restriction): RepeatedSpan {
  const [from, to] = [timeOf(restriction.from), timeOf(restriction.to)];
  if (from.weekday !== undefined && to.weekday !== undefined) {
    const days = weekdayNumber(to.weekday) - weekdayNumber(from.weekday);
    const length = days * DAY_MINUTES + to.minute - from.minute;
    return {
      weekdays: [weekdayNumber(from.weekday)],
      fromMinute: from.minute,
      lengthMinutes: length > 0 ? length : length + WEEK_MINUTES,
    };
  }
  const length = to.minute - from.minute;
  const weekdays = 'weekdays' in restriction ? restriction.weekdays?.map(weekdayNumber) : undefined;
  return {
    ...(weekdays === undefined ? {} : { weekdays }),
    fromMinute: from.minute,
    lengthMinutes: length > 0 ? length : length + DAY_MINUTES,
  };
}

/** `friday 17:00` or `17:00`. */
function timeOf(text: string): { weekday?: Weekday; minute: number } {
  const [hours = 0, minutes = 0] = text.slice(-5).split(':').map(Number);
  const minute = hours * 60 + minutes;
  return text.includes(' ') ? { weekday: text.slice(0, -6) as Weekday, minute } : { minute };
}
