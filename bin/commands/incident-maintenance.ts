import { type Command, InvalidArgumentError } from 'commander';
import { v7 as uuidv7 } from 'uuid';
import { UnmogrowpError } from '../../errors.ts';
import { durationMs } from '../../incidents/policy/duration.ts';
import { parseMatcher } from '../../incidents/policy/matchers.ts';
import {
  type StoredMaintenanceWindow,
  createMaintenanceWindow,
  endMaintenanceWindow,
  listMaintenanceWindows,
} from '../../postgres/maintenance-windows.ts';
import { withPool } from '../oncall/parts.ts';
import { isoText, readMoment, refuseEmpty } from '../oncall/time.ts';
import { printJson, printLine, printProgress, printTable } from '../output.ts';
import { byOption, withWhoAndWhy } from '../replay/options.ts';
import { uuidArgument } from '../uuid-argument.ts';
import { windowText } from '../window-time.ts';

const YEAR_MS = 366 * 86_400_000;

interface JsonOption {
  json?: boolean;
}

interface AddOptions extends JsonOption {
  matcher: string[];
  from?: string;
  to?: string;
  for?: number;
  reason: string;
  by: string;
}

/** `unmogrowp incident maintenance`: times in which alerts are expected and nobody is told. */
export function registerMaintenance(incident: Command): void {
  const maintenance = incident
    .command('maintenance')
    .description('times in which alerts are expected: nobody is told before the end, and then of what still fires');
  withWhoAndWhy(
    maintenance
      .command('add')
      .description('adds a maintenance window for incidents whose labels meet all matchers')
      .requiredOption('--matcher <matcher...>', 'such as tenant=acme or alertname=~"Kafka.*"', addMatcher)
      .option('--from <time>', 'from then on, instead of from now on; UTC')
      .option('--to <time>', 'until then')
      .option('--for <length>', 'so long, such as 90m or 2h, instead of --to', readLength),
  )
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      '\nExample: unmogrowp incident maintenance add --matcher tenant=acme severity!=critical --for 2h --reason "new disks"',
    )
    .action(add);
  maintenance
    .command('list')
    .description('maintenance windows that hold now or later')
    .option('--from <time>', 'those that hold then or later; UTC')
    .option('--json', 'print JSON')
    .action(list);
  maintenance
    .command('end')
    .argument('<id>', 'which maintenance window', uuidArgument('See: unmogrowp incident maintenance list'))
    .description('ends a maintenance window now: what still fires is told')
    .addOption(byOption())
    .option('--json', 'print JSON')
    .action(async (id: string, { by, json }: JsonOption & { by: string }) => {
      const ended = await withPool((pool) => endMaintenanceWindow(pool, id, by));
      if (json === true) printJson(toJson(ended));
      else printLine(`ends at ${windowText(ended.toMs)}`);
    });
}

async function add(options: AddOptions): Promise<void> {
  const fromMs = options.from === undefined ? Date.now() : readMoment(options.from, 'UTC');
  const range = { fromMs, toMs: endOf(options, fromMs) };
  refuseEmpty(range);
  const window = await withPool((pool) =>
    createMaintenanceWindow(pool, {
      ...range,
      maintenanceId: uuidv7(),
      matchers: options.matcher,
      reason: options.reason,
      createdBy: options.by,
    }),
  );
  if (options.json === true) printJson(toJson(window));
  else printLine(window.maintenanceId);
  printProgress(`${window.matchers.join(', ')} from ${windowText(window.fromMs)} to ${windowText(window.toMs)}`);
}

function endOf({ to, for: lengthMs }: AddOptions, fromMs: number): number {
  if (to !== undefined && lengthMs === undefined) return readMoment(to, 'UTC');
  if (to === undefined && lengthMs !== undefined) return fromMs + lengthMs;
  throw new UnmogrowpError('oncall_invalid', 'Say when it ends: either --to or --for.');
}

async function list({ from, json }: JsonOption & { from?: string }): Promise<void> {
  const fromMs = from === undefined ? Date.now() : readMoment(from, 'UTC');
  const windows = await withPool((pool) => listMaintenanceWindows(pool, { fromMs, toMs: fromMs + YEAR_MS }));
  if (json === true) {
    printJson(windows.map(toJson));
    return;
  }
  if (windows.length === 0) {
    printProgress('No maintenance windows.');
    return;
  }
  printTable(
    ['maintenance', 'matchers', 'from', 'to', 'by', 'reason'],
    windows.map(({ maintenanceId: id, matchers, fromMs: beginMs, toMs, createdBy, reason }) => [
      id,
      matchers.join(', '),
      windowText(beginMs),
      windowText(toMs),
      createdBy,
      reason,
    ]),
  );
}

const toJson = (window: StoredMaintenanceWindow): Record<string, unknown> => ({
  maintenance_id: window.maintenanceId,
  matchers: window.matchers,
  from: isoText(window.fromMs),
  to: isoText(window.toMs),
  planned_to: isoText(window.plannedToMs),
  reason: window.reason,
  created_by: window.createdBy,
  created_at: isoText(window.createdAtMs),
  ended_by: window.endedBy,
});

function addMatcher(text: string, before: string[] = []): string[] {
  const matcher = parseMatcher(text);
  if ('problem' in matcher) throw new InvalidArgumentError(`It ${matcher.problem}.`);
  return [...before, text];
}

function readLength(text: string): number {
  const lengthMs = durationMs(text);
  if (lengthMs === undefined || lengthMs === 0) throw new InvalidArgumentError('It is a length such as 90m or 2h.');
  return lengthMs;
}
