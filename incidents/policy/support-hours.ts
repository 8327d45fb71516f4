import { addDays, instantOf, localDayAt, weekdayOf } from '../local-time.ts';
import type { LocalDay } from '../local-time.ts';
import type { SupportHours } from './snapshot.ts';

const WEEK_DAYS = 7;

/** Whether people are at work at a moment. The first minute belongs to the hours, the last one no more. */
export function isInside(hours: SupportHours, atMs: number): boolean {
  const today = localDayAt(hours.timeZone, atMs);
  // Those of yesterday may reach beyond midnight.
  return [today, addDays(today, -1)].some((day) => {
    if (!hours.weekdays.includes(weekdayOf(day))) return false;
    return startMs(hours, day) <= atMs && atMs < instantOf(hours.timeZone, day, hours.toMinute);
  });
}

/** When the hours begin the next time after a moment. */
export function nextStartMs(hours: SupportHours, afterMs: number): number {
  const today = localDayAt(hours.timeZone, afterMs);
  for (let days = 0; days <= WEEK_DAYS; days += 1) {
    const day = addDays(today, days);
    const start = startMs(hours, day);
    if (hours.weekdays.includes(weekdayOf(day)) && start > afterMs) return start;
  }
  throw new RangeError('support hours without a weekday: the document was not parsed');
}

const startMs = (hours: SupportHours, day: LocalDay): number => instantOf(hours.timeZone, day, hours.fromMinute);
