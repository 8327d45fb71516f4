import ICAL from 'ical.js';
import type { Schedule } from './schema.ts';
import type { Shift } from './who.ts';

/**
 * Shifts of a schedule as an iCalendar file (RFC 5545), one event for each. A shift that begins at the same time has the
 * same UID in every export, so a calendar that subscribes to it changes its event instead of getting a second one.
 * `nowMs` is when it was made.
 */
export function calendarOf(schedule: Schedule, shifts: readonly Shift[], nowMs: number): string {
  const calendar = new ICAL.Component('vcalendar');
  calendar.addPropertyWithValue('version', '2.0');
  calendar.addPropertyWithValue('prodid', '-//UnMoGrowP//on-call//EN');
  calendar.addPropertyWithValue('x-wr-calname', `On call: ${schedule.id}`);
  for (const { people, fromMs, toMs } of shifts) {
    const event = new ICAL.Component('vevent');
    event.addPropertyWithValue('uid', `${schedule.id}-${fromMs / 1_000}@on-call.unmogrowp`);
    event.addPropertyWithValue('dtstamp', timeOf(nowMs));
    event.addPropertyWithValue('dtstart', timeOf(fromMs));
    event.addPropertyWithValue('dtend', timeOf(toMs));
    event.addPropertyWithValue('summary', people.join(', '));
    calendar.addSubcomponent(event);
  }
  return `${calendar.toString()}\r\n`;
}

const timeOf = (epochMs: number): ICAL.Time => ICAL.Time.fromJSDate(new Date(epochMs), true);
