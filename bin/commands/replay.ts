import { type Command, InvalidArgumentError } from 'commander';
import type { ReplayCounts } from '../../activities/replay-contract.ts';
import { DIFF_DIMENSIONS, type DiffDimension } from '../../clickhouse/replay-diff.ts';
import { type Replay, type ReplayOperation, listReplays, loadReplay } from '../../postgres/replays.ts';
import { toCsv } from '../csv.ts';
import { INTERRUPTED_EXIT_CODE, onInterruption } from '../interruption.ts';
import { failWith, printJson, printLine, printProgress, printTable } from '../output.ts';
import { positiveInteger } from '../number-option.ts';
import { changeReplayNow, startOperation } from '../replay/change.ts';
import { type DiffOptions, diffReplay } from '../replay/diff.ts';
import { type WhoAndWhy, atOnce, listOf, modelsOf, replayId, withWhoAndWhy } from '../replay/options.ts';
import { withAllParts, withParts } from '../replay/parts.ts';
import { type StartOptions, startNewReplay } from '../replay/start.ts';
import { printReplay, rangeOf, readReplay, stateOf } from '../replay/view.ts';
import { TROUBLE, describeCounts, watchReplay } from '../replay/watch.ts';

const CONCURRENCY_DEFAULT = 4;
const LIMIT_DEFAULT = 50;
const MOVERS_DEFAULT = 20;

interface JsonOption {
  json?: boolean;
}

interface WatchOptions extends JsonOption {
  detach?: boolean;
}

/** `unmogrowp replay`: windows computed again, compared, published and taken back. */
export function register(program: Command): void {
  const replay = program
    .command('replay')
    .description('computes windows of the past again: with all data or as of a time, with the same or other settings')
    .enablePositionalOptions();
  registerStart(replay);
  registerViews(replay);
  registerChanges(replay);
  registerDiff(replay);
  registerOperation(replay, 'publish', 'makes what a dry run computed the truth, window by window');
  registerOperation(replay, 'rollback', 'returns every window that a replay published to the version before');
}

/** A command about one replay. */
const ofReplay = (replay: Command, name: string): Command =>
  replay.command(name).argument('<id>', 'which replay', replayId);

function registerStart(replay: Command): void {
  withWhoAndWhy(replay)
    .option('--tenant <id>', 'whose windows')
    .option('--from <time>', 'windows that begin then or later: 2026-01-05 or 2026-01-05T10:00:00Z')
    .option('--to <time>', 'windows that begin before')
    .option('--models <list>', 'these models instead of those of the settings, with commas', modelsOf)
    .option('--settings <file>', 'these attribution settings over those in force, as JSON')
    .option('--keep-settings', 'each window keeps the settings that it has, instead of those in force')
    .option('--as-of <time>', 'with the data, and without --models or --settings also the settings, of then')
    .option('--dry-run', 'compute and publish nothing; see diff and publish')
    .option('--concurrency <number>', 'windows under way at once', atOnce, CONCURRENCY_DEFAULT)
    .option('--detach', 'start it and do not wait for its end')
    .option('--json', 'print JSON')
    .addHelpText('after', `\n${EXIT_CODES}`)
    .action(start);
}

const EXIT_CODES =
  'Exit codes: 0 done, 1 some windows failed or were refused, 130 no longer watched: the replay goes on.';

async function start(options: Partial<StartOptions> & StartOptions & WatchOptions, command: Command): Promise<void> {
  const missing = (['tenant', 'from', 'to'] as const).filter((name) => options[name] === undefined);
  if (missing.length > 0) command.error(`error: missing ${missing.map((name) => `--${name}`).join(', ')}`);
  const replay = await withAllParts((parts) => startNewReplay(parts, options));
  printProgress(`Replay ${replay.replay_id} of ${replay.tenant_id}, windows ${rangeOf(replay)}`);
  await detachOrWatch(replay, options);
}

function registerViews(replay: Command): void {
  replay
    .command('list')
    .description('replays, the newest first')
    .option('--tenant <id>', 'only those of one tenant')
    .option('--limit <number>', 'how many at most', positiveInteger(7), LIMIT_DEFAULT)
    .option('--json', 'print JSON')
    .action(list);
  ofReplay(replay, 'show')
    .description('everything about a replay: what it does, what became of its windows, and who wanted what')
    .option('--json', 'print JSON')
    .action(async (id: string, { json }: JsonOption) => {
      const details = await withAllParts((parts) => readReplay(parts, id));
      if (json === true) printJson(details);
      else printReplay(details);
    });
  ofReplay(replay, 'watch')
    .description('progress, rate, remaining time and failures, until it has ended')
    .option('--json', 'print JSON at the end')
    .addHelpText('after', `\n${EXIT_CODES}`)
    .action(async (id: string, options: JsonOption) => {
      await watch(await withParts(({ pool }) => loadReplay(pool, id)), options);
    });
}

async function list(options: JsonOption & { tenant?: string; limit: number }): Promise<void> {
  const { tenant: tenantId, limit } = options;
  const replays = await withParts(({ pool }) => listReplays(pool, { tenantId, limit }));
  if (options.json === true) {
    printJson(replays);
    return;
  }
  printTable(
    ['replay', 'tenant', 'windows', 'state', 'asked for', 'by', 'reason'],
    replays.map((entry) => [
      entry.replay_id,
      entry.tenant_id,
      rangeOf(entry),
      stateOf(entry),
      entry.created_at.toISOString().slice(0, 19),
      entry.requested_by,
      entry.reason,
    ]),
  );
}

function registerChanges(replay: Command): void {
  const changes = [
    ['pause', 'begins no more windows; those under way finish'],
    ['resume', 'goes on, also when its workflow was lost'],
    ['cancel', 'ends it: windows under way are published or as they were, those that were published stay so'],
  ] as const;
  for (const [action, description] of changes) {
    withWhoAndWhy(ofReplay(replay, action).description(description))
      .option('--json', 'print JSON')
      .action((id: string, options: WhoAndWhy & JsonOption) => change(id, { action, ...options }));
  }
  withWhoAndWhy(ofReplay(replay, 'concurrency').description('changes how many windows are under way at once'))
    .argument('<number>', 'windows under way at once', atOnce)
    .option('--json', 'print JSON')
    .action((id: string, concurrency: number, options: WhoAndWhy & JsonOption) =>
      change(id, { action: 'concurrency', concurrency, ...options }),
    );
}

async function change(
  id: string,
  { json, ...wanted }: Parameters<typeof changeReplayNow>[2] & JsonOption,
): Promise<void> {
  const replay = await withAllParts((parts) => changeReplayNow(parts, id, wanted));
  if (json === true) printJson(replay);
  else printLine(`${stateOf(replay)}, ${replay.concurrency} windows at once`);
}

function registerDiff(replay: Command): void {
  ofReplay(replay, 'diff')
    .description('what a replay changes, the largest movers first: before, after and change')
    .option('--by <list>', `by model and: ${DIFF_DIMENSIONS.join(', ')}`, dimensionsOf, ['channel'])
    .option('--model <list>', 'only of these models', modelsOf)
    .option('--channel <list>', 'only of these channels', listOf)
    .option('--campaign <list>', 'only of these campaigns', listOf)
    .option('--day <list>', 'only of these days, like 2026-01-05', listOf)
    .option('--windows', 'the windows that differ, instead')
    .option('--conversions', 'the conversions behind it, instead; narrow them by model, channel, campaign and day')
    .option('--all', 'also what stays the same')
    .option('--limit <number>', 'how many at most', positiveInteger(7), MOVERS_DEFAULT)
    .option('--json', 'print JSON')
    .option('--csv', 'print CSV')
    .action(diff);
}

function dimensionsOf(text: string): DiffDimension[] {
  const names = listOf(text).filter((name) => name !== 'model');
  const known = DIFF_DIMENSIONS.filter((dimension) => names.includes(dimension));
  if (known.length === names.length) return known;
  throw new InvalidArgumentError(`It is a list of ${DIFF_DIMENSIONS.join(', ')}, with commas.`);
}

async function diff(id: string, options: DiffOptions & JsonOption & { csv?: boolean }): Promise<void> {
  const { head, rows, json, numbersFrom } = await withParts((parts) => diffReplay(parts, id, options));
  if (options.json === true) printJson(json);
  else if (options.csv === true) process.stdout.write(toCsv(head, rows));
  else if (rows.length === 0) printLine('It changes nothing.');
  else printTable(head, rows, { numbersFrom });
  if (json.length === options.limit) printProgress(`Only the first ${options.limit}; for more: --limit`);
}

function registerOperation(replay: Command, operation: ReplayOperation, description: string): void {
  const command = ofReplay(replay, operation);
  withWhoAndWhy(command.description(`${description}; refused where something newer was published`))
    .option('--detach', 'start it and do not wait for its end')
    .option('--json', 'print JSON')
    .addHelpText('after', `\n${EXIT_CODES}`)
    .action(async (id: string, options: WhoAndWhy & WatchOptions) => {
      const { by, reason } = options;
      const started = await withAllParts((parts) => startOperation(parts, id, { operation, by, reason }));
      await detachOrWatch(started, options);
    });
}

async function detachOrWatch(replay: Replay, options: WatchOptions): Promise<void> {
  if (options.detach !== true) {
    await watch(replay, options);
    return;
  }
  if (options.json === true) printJson(replay);
  else printLine(replay.replay_id);
}

/** Ctrl-C ends the watching and not the replay. */
async function watch({ replay_id: id }: Replay, { json }: JsonOption): Promise<void> {
  const interruption = onInterruption('Watching the replay');
  try {
    const counts = await withAllParts((parts) => watchReplay(parts, id, interruption.signal));
    if (TROUBLE.some((state) => (counts[state] ?? 0) > 0)) process.exitCode = 1;
    const ended = await withParts(({ pool }) => loadReplay(pool, id));
    if (json === true) printJson({ ...ended, counts });
    else printEnd(ended, counts);
  } catch (error) {
    if (!interruption.signal.aborted) throw error;
    printProgress(`The replay goes on. See: unmogrowp replay watch ${id}`);
    failWith(error, INTERRUPTED_EXIT_CODE);
  } finally {
    interruption.close();
  }
}

function printEnd(replay: Replay, counts: ReplayCounts): void {
  printLine(`${stateOf(replay)}: ${describeCounts(counts)}`);
  const isComputed = (counts.computed ?? 0) > 0;
  if (isComputed) printProgress(`What it changes: unmogrowp replay diff ${replay.replay_id}`);
  if (TROUBLE.some((state) => (counts[state] ?? 0) > 0)) {
    printProgress(`What went wrong: unmogrowp replay show ${replay.replay_id}`);
  }
}
