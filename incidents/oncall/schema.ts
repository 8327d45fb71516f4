import { z } from 'zod';
import { endOfDay, identifier, timeOfDay, timeZone } from '../fields.ts';

/** In ISO order: Monday is 1. */
export const WEEKDAYS = ['monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday', 'sunday'] as const;
export type Weekday = (typeof WEEKDAYS)[number];

const HOURS_MAX = 24 * 7 * 52;

const weekday = z.enum(WEEKDAYS);
const timeOfWeek = z
  .string()
  .regex(
    new RegExp(`^(${WEEKDAYS.join('|')}) ([01]\\d|2[0-3]):[0-5]\\d$`),
    'has to be a weekday and a time such as friday 17:00',
  );
const date = z.iso.date('has to be a date such as 2026-01-05');

/** Two in one turn are on call together. */
const turn = z.union([identifier, z.array(identifier).min(1).max(20)], 'has to be a person or a list of persons');

const rotation = z.union(
  [
    z.enum(['daily', 'weekly']),
    z.strictObject({
      every: z.number().int().min(1).max(HOURS_MAX),
      unit: z.enum(['hours', 'days', 'weeks']),
    }),
  ],
  'has to be daily, weekly, or { every: 12, unit: hours } with hours, days or weeks',
);

const restriction = z.union(
  [
    z.strictObject({
      from: timeOfDay,
      to: endOfDay,
      /** On which days it begins. */
      weekdays: z.array(weekday).min(1).optional(),
    }),
    z.strictObject({ from: timeOfWeek, to: timeOfWeek }),
  ],
  'has to be { from: 09:00, to: 17:00 }, perhaps with weekdays, or { from: friday 17:00, to: monday 09:00 }',
);

/**
 * One rotation. It is on call from the handover time of `starts` until the handover time of `until`, by the clock on the
 * wall in the schedule's time zone: a handover at 09:00 stays there over daylight saving. Restrictions leave it on call
 * only within any of them; one whose `to` is not after its `from` ends on a later day.
 */
const layerSchema = z
  .strictObject({
    id: identifier,
    people: z.array(turn).min(1).max(200),
    rotation: rotation.default('weekly'),
    handover: z
      .strictObject({
        time: timeOfDay.default('09:00'),
        /** Of rotations by weeks; without it that of `starts`. A first turn that begins on another day is shorter. */
        weekday: weekday.optional(),
      })
      .prefault({}),
    starts: date,
    until: date.optional(),
    restrictions: z.array(restriction).max(20).default([]),
  })
  .refine(({ rotation: wanted, handover }) => handover.weekday === undefined || isByWeeks(wanted), {
    message: 'is for rotations by weeks: this one hands over on every weekday',
    path: ['handover', 'weekday'],
  })
  .refine(({ starts, until }) => until === undefined || until > starts, {
    message: 'is not after starts: the layer would never be on call',
    path: ['until'],
  });

/**
 * Who is on call when: of the layers that have somebody at a time, the last one wins. A schedule without layers has only
 * what overrides and imported calendars say. The parsed form is plain JSON, and parsing it again changes nothing.
 */
export const scheduleSchema = z
  .strictObject({
    id: identifier,
    time_zone: timeZone,
    layers: z.array(layerSchema).max(50).default([]),
  })
  .superRefine(({ layers }, context) => {
    const seen = new Set<string>();
    for (const [index, { id }] of layers.entries()) {
      if (seen.has(id)) {
        context.addIssue({ code: 'custom', message: 'is the id of another layer too', path: ['layers', index, 'id'] });
      }
      seen.add(id);
    }
  });

export type Schedule = z.infer<typeof scheduleSchema>;
export type Layer = Schedule['layers'][number];
export type Rotation = Layer['rotation'];
export type Restriction = Layer['restrictions'][number];

/** Everybody whom the layers of a schedule name, each once. */
export const peopleOf = (schedule: Schedule): string[] => [
  ...new Set(schedule.layers.flatMap(({ people }) => people.flat())),
];

function isByWeeks(wanted: z.infer<typeof rotation>): boolean {
  return wanted === 'weekly' || (typeof wanted === 'object' && wanted.unit === 'weeks');
}
