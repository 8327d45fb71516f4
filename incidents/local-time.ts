import { IANAZone } from 'luxon';

const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;

/** A day of the calendar, wherever somebody is. `month` counts from 1. */
export interface LocalDay {
  readonly year: number;
  readonly month: number;
  readonly day: number;
}

/**
 * The moment at which the wall clock of a time zone shows so many minutes after midnight of a day (more than a day is
 * fine). A time that the clock shows twice is meant the first time; one that it skips is the moment of the skip.
 */
export function instantOf(timeZone: string, { year, month, day }: LocalDay, minuteOfDay: number): number {
  return instantOfWall(timeZone, Date.UTC(year, month - 1, day, 0, minuteOfDay));
}

/**
 * The same for what a wall clock shows, as if that were UTC. A later time of the wall is never an earlier moment, so
 * shifts in the order of the wall are in order.
 *
 * Luxon is not asked for this: which of two ambiguous moments it gives depends on the season in which it is asked, and
 * an answer that changes in spring is no answer to who was on call in autumn.
 */
export function instantOfWall(timeZone: string, wallMs: number): number {
  const zone = zoneOf(timeZone);
  const before = zone.offset(wallMs - DAY_MS) * MINUTE_MS;
  const after = zone.offset(wallMs + DAY_MS) * MINUTE_MS;
  const first = wallMs - before;
  if (before === after || zone.offset(first) * MINUTE_MS === before) return first;
  const second = wallMs - after;
  return zone.offset(second) * MINUTE_MS === after ? second : skipBetween(zone, second, first);
}

/** The moment at which the offset of the zone changes. */
function skipBetween(zone: IANAZone, fromMs: number, toMs: number): number {
  const old = zone.offset(fromMs);
  let [before, after] = [fromMs, toMs];
  while (after - before > 1) {
    const middle = Math.floor((before + after) / 2);
    if (zone.offset(middle) === old) before = middle;
    else after = middle;
  }
  return after;
}

/** What the wall clock of a time zone shows at a moment, as if it were UTC. */
export const wallAt = (timeZone: string, atMs: number): number => atMs + zoneOf(timeZone).offset(atMs) * MINUTE_MS;

/** The day that the calendar of a time zone shows at a moment. */
export function localDayAt(timeZone: string, atMs: number): LocalDay {
  const wall = new Date(wallAt(timeZone, atMs));
  return { year: wall.getUTCFullYear(), month: wall.getUTCMonth() + 1, day: wall.getUTCDate() };
}

/** The day so many days later; earlier when negative. */
export function addDays({ year, month, day }: LocalDay, days: number): LocalDay {
  const moved = new Date(Date.UTC(year, month - 1, day + days));
  return { year: moved.getUTCFullYear(), month: moved.getUTCMonth() + 1, day: moved.getUTCDate() };
}

/** 1 is Monday, 7 is Sunday. */
export function weekdayOf({ year, month, day }: LocalDay): number {
  return ((new Date(Date.UTC(year, month - 1, day)).getUTCDay() + 6) % 7) + 1;
}

/** Whether this machine knows the time zone. */
export const isTimeZone = (name: string): boolean => IANAZone.isValidZone(name);

const zones = new Map<string, IANAZone>();

function zoneOf(name: string): IANAZone {
  const known = zones.get(name);
  if (known !== undefined) return known;
  const zone = IANAZone.create(name);
  zones.set(name, zone);
  return zone;
}
