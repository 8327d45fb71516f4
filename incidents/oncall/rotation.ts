import { instantOfWall, wallAt } from '../local-time.ts';
import { type Layer, type Rotation, WEEKDAYS, type Weekday } from './schema.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
export const DAY_MS = 24 * HOUR_MS;
const UNIT_MS = { hours: HOUR_MS, days: DAY_MS, weeks: 7 * DAY_MS } as const;

/** Whose turn it is, and until when that stays so; `Infinity` for ever. */
export interface Turn {
  readonly people: readonly string[];
  readonly untilMs: number;
}

const NOBODY: readonly string[] = [];

/**
 * Whose turn it is in a rotation, restrictions aside. Turns follow each other on the wall clock, so those over a change
 * of daylight saving are shorter or longer by it, and no moment belongs to two or to none.
 */
export function turnAt(layer: Layer, timeZone: string, atMs: number): Turn {
  const wallStartMs = wallOf(layer.starts, layer.handover.time);
  const startMs = instantOfWall(timeZone, wallStartMs);
  if (atMs < startMs) return { people: NOBODY, untilMs: startMs };
  const endMs = endOf(layer, timeZone);
  if (atMs >= endMs) return { people: NOBODY, untilMs: Infinity };
  const { people } = layer;
  // Nobody hands over to themselves.
  if (people.length === 1) return { people: peopleOfTurn(people[0]), untilMs: endMs };
  const anchorMs = wallStartMs - daysSinceHandover(layer) * DAY_MS;
  const periodMs = periodOf(layer.rotation);
  const beginOf = (turn: number): number => instantOfWall(timeZone, anchorMs + turn * periodMs);
  let turn = Math.floor((wallAt(timeZone, atMs) - anchorMs) / periodMs);
  // The wall repeats and skips times; the moments decide.
  while (beginOf(turn) > atMs) turn -= 1;
  while (beginOf(turn + 1) <= atMs) turn += 1;
  return { people: peopleOfTurn(people[turn % people.length]), untilMs: Math.min(beginOf(turn + 1), endMs) };
}

/** The first moment at which somebody of the layer can be on call. */
export const startOf = (layer: Layer, timeZone: string): number =>
  instantOfWall(timeZone, wallOf(layer.starts, layer.handover.time));

function endOf({ until, handover }: Layer, timeZone: string): number {
  return until === undefined ? Infinity : instantOfWall(timeZone, wallOf(until, handover.time));
}

function peopleOfTurn(turn: string | readonly string[] | undefined): readonly string[] {
  if (turn === undefined) return NOBODY;
  return typeof turn === 'string' ? [turn] : turn;
}

/** How many days before `starts` the handover of its week lies. */
function daysSinceHandover({ starts, handover }: Layer): number {
  if (handover.weekday === undefined) return 0;
  return (weekdayOfDay(wallOf(starts, '00:00') / DAY_MS) - weekdayNumber(handover.weekday) + 7) % 7;
}

function periodOf(rotation: Rotation): number {
  if (rotation === 'daily') return UNIT_MS.days;
  if (rotation === 'weekly') return UNIT_MS.weeks;
  return rotation.every * UNIT_MS[rotation.unit];
}

/** 1 is Monday, as `WEEKDAYS` has them. */
export const weekdayNumber = (weekday: Weekday): number => WEEKDAYS.indexOf(weekday) + 1;

/** The weekday of a day that is counted from 1 January 1970, a Thursday. */
export const weekdayOfDay = (day: number): number => ((((day + 3) % 7) + 7) % 7) + 1;

/** What a wall clock shows at a time of a day, as if it were UTC. */
const wallOf = (date: string, time: string): number => Date.parse(`${date}T${time}:00Z`);
