import { openingAt } from './restriction.ts';
import { DAY_MS, startOf, type Turn, turnAt } from './rotation.ts';
import type { Layer, Schedule } from './schema.ts';

/** After a year nobody asks who comes then. */
const HORIZON_MS = 366 * DAY_MS;

/**
 * Somebody who is on call instead of whom the layers name. An override wins over a shift of an imported calendar, however
 * new that is; of two of a kind the later made one wins.
 */
export interface Override {
  readonly overrideId: string;
  readonly scheduleId: string;
  readonly kind: 'override' | 'shift';
  readonly people: readonly string[];
  readonly fromMs: number;
  readonly toMs: number;
  readonly createdAtMs: number;
}

/** Why somebody is on call. */
export type Reason =
  | { readonly kind: 'override' | 'shift'; readonly overrideId: string }
  | { readonly kind: 'layer'; readonly layer: string }
  | { readonly kind: 'nobody' };

export interface OnCall {
  /** Ids of persons; empty when the shift is. */
  readonly people: readonly string[];
  /** When others are on call; null when that is not within a year. */
  readonly untilMs: number | null;
  readonly by: Reason;
}

export interface Span {
  readonly fromMs: number;
  readonly toMs: number;
}

export interface Shift extends Span {
  readonly people: readonly string[];
}

/** Who is on call at a moment, and until when. `overrides` may hold those of other schedules; withdrawn ones do not belong here. */
export function whoIsOnCall(schedule: Schedule, overrides: readonly Override[], atMs: number): OnCall {
  const horizonMs = atMs + HORIZON_MS;
  const relevant = overridesWithin(schedule, overrides, { fromMs: atMs, toMs: horizonMs });
  const { people, by, untilMs } = momentAt(schedule, relevant, atMs);
  let endMs = untilMs;
  while (endMs < horizonMs) {
    const next = momentAt(schedule, relevant, endMs);
    if (!isSame(next.people, people)) return { people, untilMs: endMs, by };
    endMs = next.untilMs;
  }
  return { people, untilMs: null, by };
}

/** The shifts within a range, cut at its ends, and the times in which nobody is on call. Together they cover it once. */
export function shiftsBetween(
  schedule: Schedule,
  overrides: readonly Override[],
  fromMs: number,
  toMs: number,
): { shifts: Shift[]; gaps: Span[] } {
  const relevant = overridesWithin(schedule, overrides, { fromMs, toMs });
  const spans: Shift[] = [];
  for (let atMs = fromMs; atMs < toMs;) {
    const { people, untilMs } = momentAt(schedule, relevant, atMs);
    const endMs = Math.min(untilMs, toMs);
    const last = spans.at(-1);
    if (last !== undefined && isSame(last.people, people)) spans[spans.length - 1] = { ...last, toMs: endMs };
    else spans.push({ people, fromMs: atMs, toMs: endMs });
    atMs = endMs;
  }
  return {
    shifts: spans.filter(({ people }) => people.length > 0),
    gaps: spans
      .filter(({ people }) => people.length === 0)
      .map(({ fromMs: from, toMs: to }) => ({ fromMs: from, toMs: to })),
  };
}

/** The same shifts, not cut: from where the first begins to where the last ends, up to a year after the range. */
export function wholeShiftsBetween(
  schedule: Schedule,
  overrides: readonly Override[],
  fromMs: number,
  toMs: number,
): Shift[] {
  const { untilMs } = whoIsOnCall(schedule, overrides, toMs - 1);
  return shiftsBetween(schedule, overrides, beginOfShift(schedule, overrides, fromMs), untilMs ?? toMs).shifts.filter(
    (shift) => shift.toMs > fromMs && shift.fromMs < toMs,
  );
}

/** When the shift of a moment began. Looks further and further back, for most began lately. */
function beginOfShift(schedule: Schedule, overrides: readonly Override[], atMs: number): number {
  const own = overrides.filter(({ scheduleId }) => scheduleId === schedule.id);
  const starts = [
    ...schedule.layers.map((layer) => startOf(layer, schedule.time_zone)),
    ...own.map(({ fromMs }) => fromMs),
  ];
  const earliestMs = Math.min(atMs, ...starts);
  for (let backMs = DAY_MS; ; backMs *= 4) {
    const fromMs = Math.max(earliestMs, atMs - backMs);
    const { shifts } = shiftsBetween(schedule, overrides, fromMs, atMs + 1);
    const last = shifts.at(-1);
    if (last === undefined || last.toMs <= atMs) return atMs;
    if (last.fromMs > fromMs || fromMs === earliestMs) return last.fromMs;
  }
}

/** Whether the same people are on call, in whatever order they are named. */
const isSame = (left: readonly string[], right: readonly string[]): boolean =>
  left.length === right.length && left.every((person) => right.includes(person));

const overridesWithin = (schedule: Schedule, overrides: readonly Override[], { fromMs, toMs }: Span): Override[] =>
  overrides
    .filter((override) => override.scheduleId === schedule.id && override.fromMs < override.toMs)
    .filter((override) => override.toMs > fromMs && override.fromMs < toMs)
    .toSorted(byRank);

/** The one that wins comes first. */
function byRank(left: Override, right: Override): number {
  if (left.kind !== right.kind) return left.kind === 'override' ? -1 : 1;
  if (left.createdAtMs !== right.createdAtMs) return right.createdAtMs - left.createdAtMs;
  return left.overrideId < right.overrideId ? 1 : -1;
}

interface Moment extends Turn {
  readonly by: Reason;
}

/** Who is on call at a moment and until when that cannot change. Overrides in the order of `byRank`. */
function momentAt(schedule: Schedule, overrides: readonly Override[], atMs: number): Moment {
  const edges = overrides.flatMap(({ fromMs, toMs }) => [fromMs, toMs]).filter((edgeMs) => edgeMs > atMs);
  const edgeMs = Math.min(Infinity, ...edges);
  const override = overrides.find(({ fromMs, toMs }) => fromMs <= atMs && atMs < toMs);
  if (override !== undefined) {
    const { kind, overrideId, people } = override;
    return { people, by: { kind, overrideId }, untilMs: edgeMs };
  }
  let untilMs = edgeMs;
  for (const layer of schedule.layers.toReversed()) {
    const turn = layerAt(layer, schedule.time_zone, atMs);
    untilMs = Math.min(untilMs, turn.untilMs);
    if (turn.people.length > 0) return { people: turn.people, by: { kind: 'layer', layer: layer.id }, untilMs };
  }
  return { people: [], by: { kind: 'nobody' }, untilMs };
}

/** Who of one layer is on call. */
function layerAt(layer: Layer, timeZone: string, atMs: number): Turn {
  const turn = turnAt(layer, timeZone, atMs);
  if (turn.people.length === 0) return turn;
  const { isOpen, untilMs } = openingAt(layer.restrictions, timeZone, atMs);
  return { people: isOpen ? turn.people : [], untilMs: Math.min(turn.untilMs, untilMs) };
}
