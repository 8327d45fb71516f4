import { type Command, InvalidArgumentError, Option } from 'commander';
import { UnmogrowpError } from '../../errors.ts';
import { discardLetters, newestLetterId } from '../../postgres/dead-letter-actions.ts';
import {
  DEAD_LETTER_STATES,
  type DeadLetterState,
  countDeadLetters,
  listDeadLetters,
} from '../../postgres/dead-letters.ts';
import { readDeadLetters } from '../../activities/read-dead-letters.ts';
import { type FilterOptions, filterOf, idOf, refuseAll, withFilter } from '../dlq/options.ts';
import { type DeadLetterParts, readIfKafkaAnswers, withDeadLetters } from '../dlq/parts.ts';
import { type ReplayOutcome, type ReplayProgress, replayDeadLetters } from '../dlq/replay.ts';
import { detailsJson, letterJson, printCounts, printDetails, printLetters, readDetails } from '../dlq/view.ts';
import { INTERRUPTED_EXIT_CODE, onInterruption } from '../interruption.ts';
import { countText, printJson, printLine, printProgress } from '../output.ts';
import { positiveInteger } from '../number-option.ts';
import { startProgressBar } from '../progress-bar.ts';
import { byOption } from '../replay/options.ts';

const LIMIT_DEFAULT = 50;
const FAILURES_MAX_DEFAULT = 10;
const WAIT_SECONDS_DEFAULT = 60;

interface JsonOption {
  json?: boolean;
}

/** `unmogrowp dlq`: what could not be stored, why, and what is done about it. */
export function register(program: Command): void {
  const dlq = program.command('dlq').description('dead letters: events that could not be stored, and why');
  registerList(dlq);
  registerShow(dlq);
  registerReplay(dlq);
  registerDiscard(dlq);
}

function registerList(dlq: Command): void {
  withFilter(dlq.command('list').description('dead letters: counts by reason, then the letters, the newest first'))
    .addOption(
      new Option('--state <state>', 'only letters that stand there')
        .choices([...DEAD_LETTER_STATES, 'all'])
        .default('waiting'),
    )
    .option('--limit <number>', 'how many letters at most', positiveInteger(7), LIMIT_DEFAULT)
    .option('--json', 'print JSON')
    .action(list);
}

async function list(
  options: FilterOptions & JsonOption & { state: DeadLetterState | 'all'; limit: number },
): Promise<void> {
  const filter = filterOf(options);
  const states = options.state === 'all' ? null : [options.state];
  const { log, counts, letters } = await withDeadLetters(async (parts) => ({
    log: await readIfKafkaAnswers(parts),
    counts: await countDeadLetters(parts.pool, filter),
    letters: await listDeadLetters(parts.pool, filter, { states, limit: options.limit }),
  }));
  if (options.json === true) {
    printJson({ counts, letters: letters.map((letter) => letterJson(letter, log)) });
    return;
  }
  if (counts.length === 0) printLine('No such dead letters.');
  else printCounts(counts);
  if (letters.length > 0) {
    printLine();
    printLetters(letters, log);
  }
  if (letters.length === options.limit) printProgress(`Only the newest ${options.limit}; for more: --limit`);
}

function registerShow(dlq: Command): void {
  dlq
    .command('show')
    .description(
      'everything about a dead letter: why, from where, each attempt, and its rows without who they are about',
    )
    .argument('<id>', 'topic/partition/offset of the letter or of its origin', idOf)
    .option('--json', 'print JSON')
    .action(show);
}

const SHOWN_MAX = 20;

async function show(id: string, { json }: JsonOption): Promise<void> {
  const details = await withDeadLetters(async (parts) => {
    const log = await readDeadLetters(parts);
    const letters = await listDeadLetters(parts.pool, { ids: [id] }, { states: null, limit: SHOWN_MAX });
    if (letters.length === 0) {
      throw new UnmogrowpError(
        'dead_letter_unknown',
        `There is no dead letter ${id}. See: unmogrowp dlq list --state all`,
      );
    }
    return readDetails(parts, letters, log);
  });
  if (json === true) printJson(details.map(detailsJson));
  else {
    for (const [index, one] of details.entries()) {
      if (index > 0) printLine();
      printDetails(one);
    }
  }
}

interface ReplayOptions extends FilterOptions, JsonOption {
  failuresMax: number;
  waitSeconds: number;
  wait: boolean;
  dryRun?: boolean;
  by: string;
  note: string;
}

function registerReplay(dlq: Command): void {
  withFilter(
    dlq.command('replay').description('puts dead letters that wait back on the topic of events; twice is once'),
  )
    .option('--all', 'all that wait')
    .option('--dry-run', 'say how many it would be, and do nothing')
    .option('--failures-max <number>', 'stop when so many have failed again', positiveInteger(7), FAILURES_MAX_DEFAULT)
    .option('--wait-seconds <number>', 'how long the sink may take for a batch', secondsOf, WAIT_SECONDS_DEFAULT)
    .option('--no-wait', 'do not look whether they fail again')
    .addOption(byOption())
    .option('--note <text>', 'why, for the audit trail', '')
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      '\nExit codes: 0 all are on Kafka and (without --no-wait) stored, 1 some failed or are gone, or the sink took too long, 130 interrupted.',
    )
    .action(replay);
}

async function replay(options: ReplayOptions, command: Command): Promise<void> {
  refuseAll(options, command);
  await (options.dryRun === true ? printWouldBe(options) : replayNow(options));
}

async function replayNow(options: ReplayOptions): Promise<void> {
  const filter = filterOf(options);
  const interruption = onInterruption('Replaying dead letters');
  try {
    const outcome = await withDeadLetters(async (parts) => {
      const bar = startProgressBar('replay', await countWaiting(parts, options));
      try {
        return await replayDeadLetters(parts, {
          filter,
          by: options.by,
          note: options.note,
          failuresMax: options.failuresMax,
          waitMs: options.wait ? options.waitSeconds * 1_000 : undefined,
          signal: interruption.signal,
          onProgress: (progress) =>
            bar.update(progress.letters + progress.failed + progress.gone, progressText(progress)),
        });
      } finally {
        bar.stop();
      }
    });
    if (outcome.ended === 'interrupted') process.exitCode = INTERRUPTED_EXIT_CODE;
    else if (outcome.ended !== 'done' || outcome.cameBack + outcome.failed + outcome.gone > 0) process.exitCode = 1;
    if (options.json === true) printJson(outcomeJson(outcome));
    else printOutcome(outcome, options);
  } finally {
    interruption.close();
  }
}

/** Letters that wait, of what the options mean; what is new on Kafka is counted too. */
async function countWaiting(parts: DeadLetterParts, options: FilterOptions): Promise<number> {
  await readDeadLetters(parts);
  const counts = await countDeadLetters(parts.pool, filterOf(options), ['waiting']);
  return counts.reduce((sum, { letters }) => sum + letters, 0);
}

const progressText = ({ letters, cameBack, failed, gone }: ReplayProgress): string =>
  [
    countText(letters, 'letter'),
    ...(cameBack > 0 ? [`${cameBack} failed again`] : []),
    ...(failed > 0 ? [`${failed} too large for Kafka`] : []),
    ...(gone > 0 ? [`${gone} gone`] : []),
  ].join('  ');

const outcomeJson = ({ ended, letters, cameBack, failed, gone }: ReplayOutcome): Record<string, unknown> => ({
  ended,
  replayed: letters,
  came_back: cameBack,
  failed,
  gone,
});

const ENDS: Readonly<Record<ReplayOutcome['ended'], string>> = {
  done: 'Done',
  failures: 'Stopped, because too many failed',
  sink_away: 'Stopped: the sink has not judged what is back on Kafka. Does it run? See: unmogrowp status. Until here',
  interrupted: 'Interrupted. Until here',
};

function printOutcome(outcome: ReplayOutcome, { wait }: ReplayOptions): void {
  const { ended, letters, cameBack, failed, gone } = outcome;
  const nothing = letters + failed + gone === 0 && ended === 'done';
  if (nothing) {
    printLine('No such dead letters wait.');
    return;
  }
  const stored =
    wait && ended !== 'sink_away' && ended !== 'interrupted' ? `, ${letters - cameBack} of them are stored` : '';
  printLine(`${ENDS[ended]}: ${countText(letters, 'letter')} put back on Kafka${stored}.`);
  if (cameBack > 0) printLine(`${cameBack} failed again and wait with the next attempt: unmogrowp dlq list`);
  if (failed > 0) printLine(`${failed} are too large for Kafka by now and wait.`);
  if (gone > 0) printLine(`${gone} are gone from Kafka, because their retention has passed: discard them.`);
}

interface DiscardOptions extends FilterOptions, JsonOption {
  by: string;
  note: string;
  dryRun?: boolean;
}

function registerDiscard(dlq: Command): void {
  withFilter(dlq.command('discard').description('gives dead letters up that wait: nobody is reminded of them any more'))
    .option('--all', 'all that wait')
    .option('--dry-run', 'say how many it would be, and do nothing')
    .addOption(byOption())
    .requiredOption('--note <text>', 'why, for the audit trail', noteOf)
    .option('--json', 'print JSON')
    .action(discard);
}

async function discard(options: DiscardOptions, command: Command): Promise<void> {
  refuseAll(options, command);
  if (options.dryRun === true) {
    await printWouldBe(options);
    return;
  }
  const { by, note } = options;
  const { letters } = await withDeadLetters(async (parts) => {
    await readIfKafkaAnswers(parts);
    const until = await newestLetterId(parts.pool);
    return discardLetters(parts.pool, { filter: filterOf(options), by, note, until });
  });
  if (options.json === true) printJson({ discarded: letters });
  else printLine(letters === 0 ? 'No such dead letters wait.' : `${countText(letters, 'letter')} discarded.`);
}

async function printWouldBe(options: FilterOptions & JsonOption): Promise<void> {
  const counts = await withDeadLetters(async (parts) => {
    await readIfKafkaAnswers(parts);
    return countDeadLetters(parts.pool, filterOf(options), ['waiting']);
  });
  if (options.json === true) printJson({ counts });
  else if (counts.length === 0) printLine('No such dead letters wait.');
  else printCounts(counts);
}

function noteOf(text: string): string {
  if (text.trim() === '') throw new InvalidArgumentError('Say why: it is given up for good.');
  return text;
}

function secondsOf(text: string): number {
  if (!/^[1-9]\d{0,4}$/.test(text)) throw new InvalidArgumentError('It is not a whole number of seconds above 0.');
  return Number(text);
}
