import { type Override, type Reason, shiftsBetween, whoIsOnCall } from '../../incidents/oncall/who.ts';
import type { Schedule } from '../../incidents/oncall/schema.ts';
import { printJson, printTable } from '../output.ts';
import { loadPolicy, overridesIfKnown, schedulesOf } from './parts.ts';
import { isoText, momentText, readMoment, refuseEmpty } from './time.ts';

const WEEK_MS = 7 * 86_400_000;
/** How far `whoIsOnCall` looks ahead. */
const YEAR_MS = 366 * 86_400_000;

export interface WhoOptions {
  schedule?: string;
  at?: string;
  json?: boolean;
}

/** Who is on call at a moment, in one schedule or in all of them. */
export async function printWho({ schedule: id, at, json }: WhoOptions): Promise<void> {
  const schedules = schedulesOf(loadPolicy(), id);
  const nowMs = Date.now();
  const asked = schedules.map((schedule) => ({
    schedule,
    atMs: at === undefined ? nowMs : readMoment(at, schedule.time_zone),
  }));
  const moments = asked.map(({ atMs }) => atMs);
  const range = { fromMs: Math.min(...moments), toMs: Math.max(...moments) + YEAR_MS };
  const { overrides, areKnown } = await overridesIfKnown(range);
  const answers = asked.map(({ schedule, atMs }) => ({ schedule, atMs, ...whoIsOnCall(schedule, overrides, atMs) }));
  if (json === true) {
    printJson(
      answers.map(({ schedule, atMs, people, untilMs, by }) => ({
        schedule: schedule.id,
        at: isoText(atMs),
        people,
        until: untilMs === null ? null : isoText(untilMs),
        by,
        overrides_known: areKnown,
      })),
    );
    return;
  }
  printTable(
    ['schedule', 'on call', 'until', 'by'],
    answers.map(({ schedule, people, untilMs, by }) => [
      schedule.id,
      people.join(', ') || 'nobody',
      untilMs === null ? 'no change within a year' : momentText(untilMs, schedule.time_zone),
      reasonText(by),
    ]),
  );
}

function reasonText(by: Reason): string {
  switch (by.kind) {
    case 'override':
      return `override ${by.overrideId}`;
    case 'shift':
      return 'imported calendar';
    case 'layer':
      return `layer ${by.layer}`;
    case 'nobody':
      return '';
  }
}

export interface RangeOptions {
  from?: string;
  weeks: number;
}

/** So many weeks from a moment on, by the clock of a schedule; without a moment from now. */
export function rangeOf({ from, weeks }: RangeOptions, timeZone: string): { fromMs: number; toMs: number } {
  const fromMs = from === undefined ? Date.now() : readMoment(from, timeZone);
  return { fromMs, toMs: fromMs + weeks * WEEK_MS };
}

export interface ShiftsOptions extends RangeOptions {
  schedule?: string;
  to?: string;
  json?: boolean;
}

/** The shifts of a range, and the times in which nobody is on call. */
export async function printShifts(options: ShiftsOptions): Promise<void> {
  const asked = schedulesOf(loadPolicy(), options.schedule).map((schedule) => {
    const range = rangeOf(options, schedule.time_zone);
    const toMs = options.to === undefined ? range.toMs : readMoment(options.to, schedule.time_zone);
    return { schedule, fromMs: range.fromMs, toMs };
  });
  asked.forEach(refuseEmpty);
  const { overrides } = await overridesIfKnown({
    fromMs: Math.min(...asked.map(({ fromMs }) => fromMs)),
    toMs: Math.max(...asked.map(({ toMs }) => toMs)),
  });
  const lines = asked.flatMap((each) => linesOf(each, overrides));
  if (options.json === true) {
    printJson(
      lines.map(({ schedule, people, fromMs, toMs }) => ({
        schedule: schedule.id,
        people,
        from: isoText(fromMs),
        to: isoText(toMs),
      })),
    );
    return;
  }
  printTable(
    ['schedule', 'on call', 'from', 'to', 'hours'],
    lines.map(({ schedule, people, fromMs, toMs }) => [
      schedule.id,
      people.join(', ') || 'nobody',
      momentText(fromMs, schedule.time_zone),
      momentText(toMs, schedule.time_zone),
      Math.round((toMs - fromMs) / 36_000) / 100,
    ]),
  );
}

function linesOf(
  { schedule, fromMs, toMs }: { schedule: Schedule; fromMs: number; toMs: number },
  overrides: readonly Override[],
): { schedule: Schedule; people: readonly string[]; fromMs: number; toMs: number }[] {
  const { shifts, gaps } = shiftsBetween(schedule, overrides, fromMs, toMs);
  return [...shifts, ...gaps.map((gap) => ({ ...gap, people: [] }))]
    .toSorted((left, right) => left.fromMs - right.fromMs)
    .map((line) => ({ schedule, ...line }));
}
