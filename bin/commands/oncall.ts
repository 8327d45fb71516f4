import { type Command, Option } from 'commander';
import { positiveInteger } from '../number-option.ts';
import { type ImportOptions, exportSchedule, importFile } from '../oncall/calendar.ts';
import {
  type AddOptions,
  type ListOptions,
  addOverrideNow,
  printOverrides,
  withdrawOverrideNow,
} from '../oncall/overrides.ts';
import { type RangeOptions, type ShiftsOptions, type WhoOptions, printShifts, printWho } from '../oncall/shifts.ts';
import { byOption, withWhoAndWhy } from '../replay/options.ts';
import { uuidArgument } from '../uuid-argument.ts';

const SHIFTS_WEEKS = 2;
const EXPORT_WEEKS = 12;
const IMPORT_WEEKS = 26;
const weeks = positiveInteger(3);
const uuid = uuidArgument('See: unmogrowp oncall override list');

/** `unmogrowp oncall`: who is called, by the schedules of the incident policy and what stands over them. */
export function register(program: Command): void {
  const oncall = program
    .command('oncall')
    .description('who is on call, by the schedules of the incident policy, overrides and imported calendars');
  registerViews(oncall);
  registerOverrides(oncall);
  registerCalendars(oncall);
}

const TIMES = 'Times: 2026-01-05, or 2026-01-05T09:00 by the clock of the schedule, or 2026-01-05T09:00Z.';

function registerViews(oncall: Command): void {
  oncall
    .command('who')
    .description('who is on call, until when, and why; without PostgreSQL by the policy alone')
    .option('--schedule <id>', 'only of this schedule')
    .option('--at <time>', 'then, instead of now')
    .option('--json', 'print JSON')
    .addHelpText('after', `\n${TIMES}\nExample: unmogrowp oncall who --schedule primary --at 2026-12-24T20:00`)
    .action((options: WhoOptions) => printWho(options));
  oncall
    .command('shifts')
    .description('the shifts of a range, and when nobody is on call; without PostgreSQL by the policy alone')
    .option('--schedule <id>', 'only of this schedule')
    .option('--from <time>', 'from then on, instead of from now on')
    .option('--to <time>', 'until then, instead of --weeks')
    .option('--weeks <number>', 'how many weeks', weeks, SHIFTS_WEEKS)
    .option('--json', 'print JSON')
    .addHelpText('after', `\n${TIMES}`)
    .action((options: ShiftsOptions) => printShifts(options));
}

function registerOverrides(oncall: Command): void {
  const override = oncall.command('override').description('somebody else than the schedule says, for a time');
  withWhoAndWhy(
    override
      .command('add')
      .description('puts somebody on call; over another override, the one that is added later counts')
      .requiredOption('--schedule <id>', 'in which schedule')
      .requiredOption('--person <id...>', 'who; several are on call together')
      .option('--from <time>', 'from then on, instead of from now on')
      .requiredOption('--to <time>', 'until then'),
  )
    .option('--id <uuid>', 'of the override: the same one sent twice is one', uuid)
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      `\n${TIMES}\nExample: unmogrowp oncall override add --schedule primary --person ada --from 2026-12-24 --to 2026-12-27 --reason swap`,
    )
    .action((options: AddOptions) => addOverrideNow(options));
  override
    .command('list')
    .description('overrides and imported shifts that hold now or later')
    .option('--schedule <id>', 'only of this schedule')
    .option('--from <time>', 'those that hold then or later')
    .option('--to <time>', 'those that hold before')
    .option('--withdrawn', 'also those that were withdrawn')
    .option('--json', 'print JSON')
    .action((options: ListOptions) => printOverrides(options));
  override
    .command('withdraw')
    .argument('<id>', 'which override', uuid)
    .description('takes an override back; it stays on record')
    .addOption(byOption())
    .option('--json', 'print JSON')
    .action((id: string, options: { by: string; json?: boolean }) => withdrawOverrideNow(id, options));
}

function registerCalendars(oncall: Command): void {
  oncall
    .command('export')
    .argument('<schedule>', 'which schedule')
    .description('prints a schedule as an iCalendar file, one event for each shift')
    .option('--from <time>', 'from then on, instead of from now on')
    .option('--weeks <number>', 'how many weeks', weeks, EXPORT_WEEKS)
    .addHelpText('after', '\nExample: unmogrowp oncall export primary --weeks 8 > primary.ics')
    .action((id: string, options: RangeOptions) => exportSchedule(id, options));
  withWhoAndWhy(
    oncall
      .command('import')
      .argument('<file>', 'an iCalendar file, or - for standard input')
      .description('reads a calendar into a schedule: as a whole, or nothing of it')
      .requiredOption('--schedule <id>', 'into which schedule')
      .addOption(
        new Option(
          '--as <kind>',
          'overrides are added; shifts are the truth of the range: earlier imported ones that the file does not have are withdrawn',
        )
          .choices(['overrides', 'shifts'])
          .default('overrides'),
      )
      .option('--from <time>', 'events that end after it, instead of after now')
      .option('--weeks <number>', 'events that begin within so many weeks', weeks, IMPORT_WEEKS),
  )
    .option('--dry-run', 'only print what the calendar says')
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      [
        '',
        'Each event names ids of persons: in its summary (ada, or ada, grace), or by its attendees (name, or address before the @).',
        'Example: unmogrowp oncall import rota.ics --schedule primary --as shifts --dry-run',
      ].join('\n'),
    )
    .action((file: string, options: ImportOptions) => importFile(file, options));
}
