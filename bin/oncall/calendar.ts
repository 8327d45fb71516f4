import { readFile } from 'node:fs/promises';
import { text as textOf } from 'node:stream/consumers';
import { v7 as uuidv7 } from 'uuid';
import { UnmogrowpError } from '../../errors.ts';
import { calendarOf } from '../../incidents/oncall/calendar-export.ts';
import { type CalendarProblem, type CalendarShift, readCalendar } from '../../incidents/oncall/calendar-import.ts';
import { wholeShiftsBetween } from '../../incidents/oncall/who.ts';
import { importCalendar, overridesBetween } from '../../postgres/oncall-overrides.ts';
import { countText, printJson, printLine, printTable } from '../output.ts';
import { loadPolicy, scheduleOf, withPool } from './parts.ts';
import { type RangeOptions, rangeOf } from './shifts.ts';
import { isoText, momentText } from './time.ts';

const YEAR_MS = 366 * 86_400_000;

/** Prints a schedule as a calendar. PostgreSQL has to answer: a calendar without its overrides would be believed. */
export async function exportSchedule(id: string, options: RangeOptions): Promise<void> {
  const schedule = scheduleOf(loadPolicy(), id);
  const { fromMs, toMs } = rangeOf(options, schedule.time_zone);
  const overrides = await withPool((pool) =>
    overridesBetween(pool, { scheduleIds: [schedule.id], fromMs: fromMs - YEAR_MS, toMs: toMs + YEAR_MS }),
  );
  const shifts = wholeShiftsBetween(schedule, overrides, fromMs, toMs);
  process.stdout.write(calendarOf(schedule, shifts, Date.now()));
}

export interface ImportOptions extends RangeOptions {
  schedule: string;
  as: 'overrides' | 'shifts';
  dryRun?: boolean;
  reason: string;
  by: string;
  json?: boolean;
}

/** Reads a calendar into a schedule, as a whole or not at all. */
export async function importFile(file: string, options: ImportOptions): Promise<void> {
  const policy = loadPolicy();
  const schedule = scheduleOf(policy, options.schedule);
  const range = rangeOf(options, schedule.time_zone);
  const people = new Set(policy.people.map(({ id }) => id));
  const reading = readCalendar(await readText(file), { ...range, timeZone: schedule.time_zone, people });
  if (!reading.ok) throw unusable(file, reading.problems);
  const { shifts } = reading;
  if (options.dryRun === true) {
    printRead(shifts, schedule.time_zone, options);
    return;
  }
  const outcome = await withPool((pool) =>
    importCalendar(pool, {
      ...range,
      scheduleId: schedule.id,
      kind: options.as === 'shifts' ? 'shift' : 'override',
      shifts: shifts.map(({ uid, ...shift }) => ({ ...shift, overrideId: uuidv7(), calendarUid: uid })),
      reason: options.reason,
      importedBy: options.by,
    }),
  );
  if (options.json === true) printJson({ schedule: schedule.id, as: options.as, ...outcome });
  else {
    printLine(`${countText(outcome.added, 'shift')} added, ${outcome.kept} kept, ${outcome.withdrawn} withdrawn`);
  }
}

function printRead(shifts: readonly CalendarShift[], timeZone: string, { json }: ImportOptions): void {
  if (json === true) {
    printJson(
      shifts.map(({ people, fromMs, toMs, uid }) => ({ people, from: isoText(fromMs), to: isoText(toMs), uid })),
    );
    return;
  }
  printTable(
    ['on call', 'from', 'to', 'event'],
    shifts.map(({ people, fromMs, toMs, uid }) => [
      people.join(', '),
      momentText(fromMs, timeZone),
      momentText(toMs, timeZone),
      uid,
    ]),
  );
}

async function readText(file: string): Promise<string> {
  if (file === '-') return textOf(process.stdin);
  return readFile(file, 'utf8').catch((cause: unknown) => {
    throw new UnmogrowpError('oncall_invalid', `${file} cannot be read.`, { cause });
  });
}

const PROBLEMS_SHOWN = 20;

function unusable(file: string, problems: readonly CalendarProblem[]): UnmogrowpError {
  const lines = problems
    .slice(0, PROBLEMS_SHOWN)
    .map(({ line, uid, reason }) =>
      [line === null ? `${file}:` : `${file}:${line}:`, uid === null ? '' : `event ${uid}`, reason]
        .filter((part) => part !== '')
        .join(' '),
    );
  const more = problems.length - lines.length;
  return new UnmogrowpError(
    'oncall_invalid',
    [
      'The calendar cannot be used, and nothing of it was imported.',
      ...lines,
      ...(more > 0 ? [`and ${more} more`] : []),
    ].join('\n'),
    { context: { problems: problems.length } },
  );
}
