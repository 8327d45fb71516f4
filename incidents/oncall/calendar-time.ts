import ICAL from 'ical.js';
import { DateTime } from 'luxon';
import { instantOfWall, isTimeZone } from '../local-time.ts';

/**
 * Lets a calendar understand time zones by the names of the IANA database, which most calendars use, whether or not it
 * describes them; others only if it does. A description that nobody needs is not believed: many cover one year.
 */
export function withTimeZones(calendar: ICAL.Component): ICAL.Component {
  const described = calendar.getTimeZoneByID.bind(calendar);
  const known = new Map<string, ICAL.Timezone | null>();
  calendar.getTimeZoneByID = (name) => {
    if (!known.has(name)) known.set(name, isTimeZone(name) ? zoneOf(name) : describedZone(described, name));
    // The library takes null for a time zone that it does not know, although its types do not say so.
    return known.get(name) as ICAL.Timezone;
  };
  return calendar;
}

/** Names of time zones in an event that the calendar does not understand: the library would take their times for UTC. */
export function unknownTimeZones(event: ICAL.Component): string[] {
  const names = event
    .getAllProperties()
    .map((property) => property.getFirstParameter('tzid') as string | undefined)
    .filter((name) => name !== undefined);
  return names.filter((name) => (event.getTimeZoneByID(name) as ICAL.Timezone | null) === null);
}

/** Times of an event that are none, such as 30 February: the library would take them for a day of March. */
export function impossibleTimes(event: ICAL.Component): string[] {
  return event
    .getAllProperties()
    .filter(({ type }) => type === 'date-time' || type === 'date')
    .flatMap((property) => (property.toJSON() as unknown[]).slice(3).map(String))
    .filter((text) => !DateTime.fromISO(text).isValid);
}

/** The moment of a time; one without a zone, and a day, are meant by the clock of `timeZone`. */
export function momentOf(time: ICAL.Time, timeZone: string): number {
  const isFloating = time.isDate || time.zone === ICAL.Timezone.localTimezone;
  return isFloating ? instantOfWall(timeZone, wallOf(time)) : time.toUnixTime() * 1_000;
}

/** What the clock on the wall shows, as if it were UTC. */
const wallOf = (time: ICAL.Time): number =>
  Date.UTC(time.year, time.month - 1, time.day, time.hour, time.minute, time.second);

function zoneOf(name: string): ICAL.Timezone {
  const zone = new ICAL.Timezone({ tzid: name });
  zone.utcOffset = (time) => (wallOf(time) - instantOfWall(name, wallOf(time))) / 1_000;
  return zone;
}

/** One that describes no offset would pass for UTC. */
function describedZone(
  described: (name: string) => ICAL.Timezone | null | undefined,
  name: string,
): ICAL.Timezone | null {
  const zone = described(name) ?? null;
  const offsets = ['standard', 'daylight'].flatMap((part) => zone?.component.getAllSubcomponents(part) ?? []);
  return offsets.length > 0 ? zone : null;
}
