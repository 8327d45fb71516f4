import ICAL from 'ical.js';
import { brokenLine, contentLines, eventLines } from './calendar-lines.ts';
import { peopleOfEvent } from './calendar-people.ts';
import { impossibleTimes, momentOf, unknownTimeZones, withTimeZones } from './calendar-time.ts';
import type { Shift, Span } from './who.ts';

const CHARACTERS_MAX = 10_000_000;
const SHIFTS_MAX = 10_000;
/** An event that began fifty years ago and repeats every day. */
const OCCURRENCES_MAX = 20_000;

/** A shift as a calendar says it. */
export interface CalendarShift extends Shift {
  readonly uid: string;
}

/** Why a calendar cannot be used. No person is named. */
export interface CalendarProblem {
  /** Of the file, counted from 1; null when no single line is at fault. */
  readonly line: number | null;
  readonly uid: string | null;
  readonly reason: string;
}

export type CalendarReading =
  | { readonly ok: true; readonly shifts: readonly CalendarShift[] }
  | { readonly ok: false; readonly problems: readonly CalendarProblem[] };

/** What a calendar is read for: everything that happens at some time of the range. */
export interface CalendarQuestion extends Span {
  /** The clock by which times without a zone are meant. */
  readonly timeZone: string;
  /** Ids of all persons of the policy. */
  readonly people: ReadonlySet<string>;
}

/**
 * The shifts of an iCalendar file, in their order: each event names one or several persons in its summary or as attendees,
 * and may repeat. The file is used as a whole or not at all.
 */
export function readCalendar(text: string, question: CalendarQuestion): CalendarReading {
  if (text.length > CHARACTERS_MAX) return refused(`is longer than ${CHARACTERS_MAX} characters`);
  const lines = contentLines(text.replace(/^\uFEFF/, ''));
  const parsed = parse(lines.map((line) => line.text).join('\r\n'));
  if ('fault' in parsed) return refused(parsed.fault, brokenLine(lines) ?? null);
  const starts = eventLines(lines);
  const events = parsed.calendars
    .flatMap((calendar) => withTimeZones(calendar).getAllSubcomponents('vevent'))
    .map((component, index) => ({ component, uid: uidOf(component), line: starts[index] ?? null }));
  const outcomes = mastersAndChanges(events).map((event) => shiftsOf(event, question));
  const problems = outcomes.flatMap((outcome) => ('reason' in outcome ? [outcome] : []));
  if (problems.length > 0) return { ok: false, problems };
  const found = outcomes
    .flatMap((outcome) => ('shifts' in outcome ? outcome.shifts : []))
    .toSorted((left, right) => left.fromMs - right.fromMs);
  if (found.length > SHIFTS_MAX) return refused(`has more than ${SHIFTS_MAX} shifts in the range`);
  const overlaps = overlapsIn(found);
  if (overlaps.length > 0) return { ok: false, problems: overlaps };
  return { ok: true, shifts: found.map(({ people, fromMs, toMs, uid }) => ({ people, fromMs, toMs, uid })) };
}

const refused = (reason: string, line: number | null = null): CalendarReading => ({
  ok: false,
  problems: [{ line, uid: null, reason }],
});

function parse(text: string): { calendars: ICAL.Component[] } | { fault: string } {
  try {
    const parsed = ICAL.parse(text) as unknown[];
    const roots = typeof parsed[0] === 'string' ? [parsed] : (parsed as unknown[][]);
    const calendars = roots.map((root) => new ICAL.Component(root));
    const isCalendar = calendars.length > 0 && calendars.every(({ name }) => name === 'vcalendar');
    if (!isCalendar) return { fault: 'holds no VCALENDAR' };
    const zones = calendars.flatMap((calendar) => calendar.getAllSubcomponents('vtimezone'));
    return zones.every((zone) => zone.hasProperty('tzid')) ? { calendars } : { fault: 'has a VTIMEZONE without TZID' };
  } catch (thrown) {
    return { fault: `cannot be read: ${messageOf(thrown)}` };
  }
}

interface FoundEvent {
  readonly component: ICAL.Component;
  readonly uid: string | null;
  readonly line: number | null;
}

/** An event, and those that change single ones of its repetitions. */
interface WholeEvent extends FoundEvent {
  readonly changes: readonly FoundEvent[];
  /** Whether another event before it has its UID. */
  readonly isRepeated: boolean;
}

/** A change of an event that is not in the file, or does not repeat, stands for itself. */
function mastersAndChanges(events: readonly FoundEvent[]): WholeEvent[] {
  const isChange = ({ component }: FoundEvent) => component.hasProperty('recurrence-id');
  const masters = events.filter((event) => !isChange(event));
  const repeating = new Map(masters.filter(isRepeating).map((event) => [event.uid, event]));
  const alone = events.filter((event) => isChange(event) && !repeating.has(event.uid));
  return [
    ...masters.map((event, index) => ({
      ...event,
      changes: repeating.get(event.uid) === event ? events.filter((one) => isChange(one) && one.uid === event.uid) : [],
      isRepeated: masters.findIndex(({ uid }) => uid === event.uid) < index,
    })),
    ...alone.map((event) => ({ ...event, changes: [], isRepeated: false })),
  ];
}

const isRepeating = ({ component }: FoundEvent): boolean =>
  component.hasProperty('rrule') || component.hasProperty('rdate');

type LocatedShift = CalendarShift & { readonly line: number | null };

function shiftsOf(event: WholeEvent, question: CalendarQuestion): { shifts: LocatedShift[] } | CalendarProblem {
  const { line, uid } = event;
  if (uid === null) return { line, uid, reason: 'has no UID' };
  try {
    const reason = faultOf(event);
    if (reason !== undefined) return { line, uid, reason };
    return { shifts: occurrencesOf(event, question).map((shift) => ({ ...shift, uid, line })) };
  } catch (thrown) {
    // What the library finds only when a value is used, or why it cannot be told who is on call when.
    return { line, uid, reason: messageOf(thrown) };
  }
}

function faultOf(event: WholeEvent): string | undefined {
  if (event.isRepeated) return 'has the UID of an event before it';
  if (!event.component.hasProperty('dtstart')) return 'has no DTSTART';
  const components = [event, ...event.changes].map(({ component }) => component);
  const [zone] = components.flatMap(unknownTimeZones);
  if (zone !== undefined) return `names the time zone ${zone}, which neither the file nor the IANA database has`;
  const [time] = components.flatMap(impossibleTimes);
  if (time !== undefined) return `has a time that does not exist: ${time}`;
  const isByPeriods = event.component.getAllProperties('rdate').some(({ type }) => type === 'period');
  return isByPeriods ? 'repeats by periods: write them as events of their own' : undefined;
}

/** Throws why it cannot be told when the event happens, or who. */
function occurrencesOf(event: WholeEvent, question: CalendarQuestion): Shift[] {
  const { fromMs, toMs } = question;
  const changes = event.changes.map(({ component }) => component);
  const parsed = new ICAL.Event(event.component, { exceptions: changes, strictExceptions: true });
  const happens = isRepeating(event)
    ? repetitionsOf(parsed, question)
    : [{ item: parsed, startDate: parsed.startDate, endDate: parsed.endDate }];
  return happens
    .filter(({ item }) => !isCancelled(item.component))
    .map(({ item, startDate, endDate }) => ({
      component: item.component,
      fromMs: momentOf(startDate, question.timeZone),
      toMs: momentOf(endDate, question.timeZone),
    }))
    .map((found) => ({ ...found, people: peopleOfEvent(found.component, question.people) }))
    .filter((found) => found.fromMs < toMs && Math.max(found.toMs, found.fromMs + 1) > fromMs)
    .map((found) => {
      if (found.toMs <= found.fromMs) throw new Error('does not end after it begins');
      if (found.people === undefined) throw new Error('names nobody of the policy in SUMMARY or ATTENDEE');
      return { people: found.people, fromMs: found.fromMs, toMs: found.toMs };
    });
}

interface Occurrence {
  readonly item: ICAL.Event;
  readonly startDate: ICAL.Time;
  readonly endDate: ICAL.Time;
}

/** Up to the end of the range; further when a later one was moved, for it may have been moved into the range. */
function repetitionsOf(event: ICAL.Event, { toMs, timeZone }: CalendarQuestion): Occurrence[] {
  const moved = Object.values(event.exceptions).map(({ recurrenceId }) => momentOf(recurrenceId, timeZone) + 1);
  const lastMs = Math.max(toMs, ...moved);
  const iterator = event.iterator();
  const found: Occurrence[] = [];
  for (let count = 0; count < OCCURRENCES_MAX; count += 1) {
    const next = iterator.next() as ICAL.Time | null | undefined;
    if (next === null || next === undefined || momentOf(next, timeZone) >= lastMs) return found;
    const { item, startDate, endDate } = event.getOccurrenceDetails(next);
    found.push({ item, startDate, endDate: item === event ? endOf(event, startDate) : endDate });
  }
  throw new Error(`repeats more than ${OCCURRENCES_MAX} times before the end of the range`);
}

/**
 * Every repetition ends at the same time of the wall clock. The library adds the exact length of the first one, which over
 * a change of daylight saving is another time.
 */
function endOf(event: ICAL.Event, start: ICAL.Time): ICAL.Time {
  const end = start.clone();
  const isSameZone = event.endDate.zone === event.startDate.zone;
  end.addDuration(isSameZone ? event.endDate.subtractDate(event.startDate) : event.duration);
  return end;
}

const isCancelled = (event: ICAL.Component): boolean => event.getFirstPropertyValue('status') === 'CANCELLED';

function uidOf(event: ICAL.Component): string | null {
  const uid = event.getFirstPropertyValue('uid');
  return typeof uid === 'string' && uid !== '' ? uid : null;
}

/** In a rota one shift ends when the next begins. */
function overlapsIn(shifts: readonly LocatedShift[]): CalendarProblem[] {
  return shifts.flatMap(({ fromMs, line, uid }, index) => {
    const before = shifts[index - 1];
    if (before === undefined || before.toMs <= fromMs) return [];
    const since = new Date(fromMs).toISOString();
    return [
      {
        line,
        uid,
        reason: `overlaps the event of line ${before.line} at ${since}: one event names all who share a shift`,
      },
    ];
  });
}

/** What the library quotes is left out: it may be the name of a person. */
const messageOf = (thrown: unknown): string =>
  (thrown instanceof Error ? thrown.message : String(thrown)).replace(/\s*["'(].*$/s, '');
