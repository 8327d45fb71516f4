import type ICAL from 'ical.js';

/**
 * Whom an event names: all that its summary lists, if the policy knows each of them (`ada` or `ada, grace`); otherwise its
 * attendees, by name or by the part of their address before the @. Undefined when that is nobody, or not known completely.
 */
export function peopleOfEvent(event: ICAL.Component, known: ReadonlySet<string>): string[] | undefined {
  const summary = event.getFirstPropertyValue('summary');
  const named = typeof summary === 'string' ? allKnown(summary.split(/[,;]/).map(idOf), known) : undefined;
  return named ?? attendeesOf(event, known);
}

function attendeesOf(event: ICAL.Component, known: ReadonlySet<string>): string[] | undefined {
  const attendees = event
    .getAllProperties('attendee')
    .filter((attendee) => textOf(attendee.getFirstParameter('partstat')).toUpperCase() !== 'DECLINED');
  return allKnown(
    attendees.map((attendee) => {
      const name = idOf(textOf(attendee.getFirstParameter('cn')));
      return known.has(name) ? name : idOf(localPartOf(textOf(attendee.getFirstValue())));
    }),
    known,
  );
}

function allKnown(people: readonly string[], known: ReadonlySet<string>): string[] | undefined {
  return people.length > 0 && people.every((person) => known.has(person)) ? [...new Set(people)] : undefined;
}

const idOf = (text: string): string => text.trim().toLowerCase();

const localPartOf = (address: string): string => address.replace(/^mailto:/i, '').split('@')[0] ?? '';

const textOf = (value: unknown): string => (typeof value === 'string' ? value : '');
