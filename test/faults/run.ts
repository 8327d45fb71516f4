/**
 * `npm run test:faults`: everything goes wrong that can, on real parts of its own, and nothing may be lost, counted twice,
 * stuck, or late. See USAGE below and docs/reliability.md.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { INTERRUPTED_EXIT_CODE, onInterruption } from '../../bin/interruption.ts';
import { printJson, printProgress, printTable } from '../../bin/output.ts';
import { createRandom } from '../../events/generator-random.ts';
import { formatDuration } from '../../stack/progress.ts';
import { type Campaign, type Outcome, createCampaign } from './campaign.ts';
import { whyNoDisks } from './disk.ts';
import type { Fault } from './fault.ts';
import { FAULTS, randomPairs } from './list.ts';
import { cellsOf, writeDocument } from './report.ts';
import { type DiskName, openStage } from './stage.ts';

const USAGE = `npm run test:faults [-- options]
  --long        every fault for longer, then pairs of faults by chance until an hour is over
  --only NAME   this fault (several times for several; A+B for two at once), in the short form unless --long
  --pairs N     how many pairs by chance follow (default: 1; with --only: 0; with --long: until the hour is over)
  --seed N      another seed gives other events, moments and pairs (default: by chance, printed)
  --write       put what was found into docs/reliability.md (--long does)
  --keep        leave the folder with all logs when something went wrong
  --list        show the faults and end
  --json        print the outcome as JSON
  --help        show this

Exit codes: 0 all is well, 1 something was lost, doubled, stuck or too slow, 2 wrong options, 130 interrupted.
`;

const HOUR_MS = 3_600_000;

interface Options {
  readonly isLong: boolean;
  readonly only: readonly string[];
  readonly pairs: number;
  readonly seed: number;
  readonly isWritten: boolean;
  readonly isKept: boolean;
  readonly isJson: boolean;
}

type Wanted = readonly Fault[];

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      long: { type: 'boolean', default: false },
      only: { type: 'string', multiple: true, default: [] },
      pairs: { type: 'string' },
      seed: { type: 'string' },
      write: { type: 'boolean', default: false },
      keep: { type: 'boolean', default: false },
      list: { type: 'boolean', default: false },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) {
    process.stdout.write(USAGE);
    return 0;
  }
  if (values.list) {
    showList();
    return 0;
  }
  const pairs = values.pairs ?? (values.only.length > 0 ? '0' : values.long ? 'Infinity' : '1');
  return runAll({
    isLong: values.long,
    only: values.only,
    pairs: numberOf('--pairs', pairs),
    seed: numberOf('--seed', values.seed ?? String(Date.now() % 1_000_000)),
    isWritten: values.write || (values.long && values.only.length === 0),
    isKept: values.keep,
    isJson: values.json,
  });
}

/** A mistake in the options, told with how to use them. */
class UsageError extends Error {}

function numberOf(option: string, text: string): number {
  if (/^(\d{1,9}|Infinity)$/.test(text)) return Number(text);
  throw new UsageError(`${option} ${text} is not a whole number`);
}

function showList(): void {
  const rows = FAULTS.map(({ name, title, isShort, disks }) => [
    name,
    isShort === true ? 'yes' : '',
    disks === undefined ? title : `${title} (needs root, for a disk of its own)`,
  ]);
  printTable(['fault', 'short form', 'what goes wrong'], rows);
}

/** The faults that are asked for, each alone or several at once. */
function chosen({ only, isLong }: Options): Wanted[] {
  if (only.length === 0) return FAULTS.filter(({ isShort }) => isLong || isShort === true).map((fault) => [fault]);
  return only.map((names) =>
    names.split('+').map((name) => {
      const fault = FAULTS.find((each) => each.name === name);
      if (fault === undefined) throw new UsageError(`there is no fault ${name}, see --list`);
      return fault;
    }),
  );
}

async function runAll(options: Options): Promise<number> {
  const directory = mkdtempSync(join(tmpdir(), 'unmogrowp-faults-'));
  const interruption = onInterruption('The faults');
  const { signal } = interruption;
  const startedAt = performance.now();
  let isGood = false;
  try {
    const wanted = await withoutImpossible(chosen(options), directory);
    const random = createRandom(options.seed);
    const disks = [...new Set(wanted.flat().flatMap((fault) => fault.disks ?? []))] satisfies DiskName[];
    printProgress(`seed ${options.seed}; parts, processes and logs in ${directory}`);
    const stage = await openStage({ directory, disks, random, signal });
    try {
      const { seed, isLong } = options;
      const campaign = createCampaign({ stage, seed, random, isLong, signal, onProgress: printProgress });
      const outcomes = await runWanted(campaign, { ...options, wanted, startedAt, signal });
      const late = await campaign.judgeAll();
      isGood = outcomes.every(({ problems }) => problems.length === 0) && late.length === 0;
      show(outcomes, late, { ...options, tookMs: performance.now() - startedAt });
    } finally {
      printProgress('stopping');
      await stage.stop();
    }
  } catch (error) {
    if (!signal.aborted) throw error;
    printProgress('interrupted');
    return INTERRUPTED_EXIT_CODE;
  } finally {
    interruption.close();
    if (isGood || !options.isKept) rmSync(directory, { recursive: true, force: true });
    else printProgress(`logs are left in ${directory}`);
  }
  return isGood ? 0 : 1;
}

/** Leaves out, and says so, what this machine cannot do. */
async function withoutImpossible(wanted: readonly Wanted[], directory: string): Promise<Wanted[]> {
  const needy = wanted.filter((faults) => faults.some(({ disks }) => disks !== undefined));
  const why = needy.length === 0 ? undefined : await whyNoDisks(directory);
  if (why === undefined) return [...wanted];
  for (const faults of needy) printProgress(`SKIPPED ${nameOf(faults)}: ${why}`);
  return wanted.filter((faults) => !needy.includes(faults));
}

const nameOf = (faults: Wanted): string => faults.map(({ name }) => name).join('+');

async function runWanted(
  campaign: Campaign,
  options: Options & { wanted: readonly Wanted[]; startedAt: number; signal: AbortSignal },
): Promise<Outcome[]> {
  const { wanted, seed, startedAt } = options;
  const outcomes: Outcome[] = [];
  const tryOut = async (faults: Wanted): Promise<void> => {
    const outcome = await campaign.run(faults);
    outcomes.push(outcome);
    // At once: an hour may be interrupted.
    if (options.isWritten) writeDocument([outcome], seed);
    const [, , acknowledged, lost, double, lasted, stored, credits] = cellsOf(outcome);
    const isGood = outcome.problems.length === 0;
    const since = formatDuration(performance.now() - startedAt).padStart(9);
    printProgress(
      `${since}  ${isGood ? 'ok  ' : 'FAIL'} ${outcome.name}: ${acknowledged} acknowledged, ${lost} lost, ${double} double; ` +
        `lasted ${lasted}, stored after ${stored}, credits after ${credits}`,
    );
    for (const problem of outcome.problems) printProgress(`           ${problem}`);
  };
  const isLast = (faults: Wanted): boolean => faults.some((fault) => fault.isLast === true);
  for (const faults of wanted.filter((each) => !isLast(each))) await tryOut(faults);
  const pairs = randomPairs(
    wanted.length > 1 ? wanted.flat() : FAULTS.filter(({ disks }) => disks === undefined),
    seed,
  );
  const untilMs = startedAt + HOUR_MS;
  for (let pair = 0; pair < options.pairs && performance.now() < untilMs; pair += 1) await tryOut(pairs.next().value);
  for (const faults of wanted.filter(isLast)) await tryOut(faults);
  return outcomes;
}

function show(outcomes: readonly Outcome[], late: readonly string[], options: Options & { tookMs: number }): void {
  if (options.isJson) {
    printJson({
      seed: options.seed,
      took_ms: Math.round(options.tookMs),
      outcomes: outcomes.map(asJson),
      problems_in_the_end: late,
    });
  } else {
    const head = ['fault', 'acknowledged', 'lost', 'double', 'lasted', 'stored', 'credits', ''];
    const rows = outcomes.map((outcome) => {
      const [name = '', , ...cells] = cellsOf(outcome);
      return [name, ...cells, outcome.problems.length === 0 ? 'ok' : 'FAILED'];
    });
    printTable(head, rows, { numbersFrom: 1 });
  }
  for (const problem of late) printProgress(`FAIL ${problem}`);
  printProgress(`seed ${options.seed}, took ${formatDuration(options.tookMs)}`);
}

const asJson = ({ name, title, acknowledged, lost, double, lastedMs, storedMs, creditedMs, problems }: Outcome) => ({
  name,
  title,
  acknowledged,
  lost,
  double,
  lasted_ms: Math.round(lastedMs),
  stored_after_ms: Math.round(storedMs),
  credited_after_ms: Math.round(creditedMs),
  problems,
});

process.exit(
  await main().catch((error: unknown) => {
    if (error instanceof UsageError || (error as { code?: string }).code?.startsWith('ERR_PARSE_ARGS') === true) {
      process.stderr.write(`${(error as Error).message}\n${USAGE}`);
      return 2;
    }
    process.stderr.write(`${error instanceof Error ? error.stack : String(error)}\n`);
    return 1;
  }),
);
