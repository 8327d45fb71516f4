/**
 * `npm run prove:alerts` and `npm run prove:runbooks`: a real fault for every alert, on parts and processes of its own, with
 * rules that are those in earnest in a time that passes faster. See USAGE.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { INTERRUPTED_EXIT_CODE, onInterruption } from '../../../bin/interruption.ts';
import { printProgress, printTable } from '../../../bin/output.ts';
import { formatDuration } from '../../../stack/progress.ts';
import { whyNoDisks } from '../../faults/disk.ts';
import { type Pipeline, openPipeline } from '../pipeline.ts';
import { SCENARIOS, SHORT } from './list.ts';
import { startLoadOf } from './load.ts';
import { writeRuleFiles } from './rule-files.ts';
import { writeOutcomes } from './write.ts';
import type { Scenario } from './scenario.ts';
import { type AlertOutcome, tryScenario } from './try-scenario.ts';
import { watchAlerts } from './watch.ts';

const USAGE = `npm run prove:alerts [-- options], npm run prove:runbooks [-- options]
  --only NAME   this fault, or the one of this alert (several times for several); the rows of others stay as they are
  --short       some faults of each kind, as CI does
  --pages       follow the pages of the alerts too: prove:runbooks
  --seed N      another seed gives other events
  --keep        leave the folder with all logs when something went wrong
  --list        show the faults and end

Exit codes: 0 all is proven, 1 something is not, 2 wrong options, 130 interrupted.
`;

/** An hour takes a minute. */
const TIME_SCALE = 60;
const REQUESTS_PER_SECOND = 20;
const ENDLESS = new Set(['Watchdog']);
/** Jobs and spools that fit a time that passes faster. */
const SETTINGS = {
  WORKER_LEDGER_INTERVAL_MS: '5000',
  INGEST_SPOOL_BYTES_MAX: '2000000',
  LOG_LEVEL: 'warn',
  TRACE_SAMPLE_RATIO: '0.5',
} as const;

const { values } = parseArgs({
  options: {
    only: { type: 'string', multiple: true, default: [] },
    seed: { type: 'string', default: '5' },
    short: { type: 'boolean', default: false },
    pages: { type: 'boolean', default: false },
    keep: { type: 'boolean', default: false },
    list: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});

/**
 * The rules, in the time of a scenario. What silences what is proven by a table of its own: here every alert has to reach
 * somebody.
 */
const writeRules = (directory: string, timeScale: number): void =>
  writeRuleFiles(directory, { timeScale, withInhibition: false });

function wanted(): readonly Scenario[] {
  if (values.only.length === 0) return values.short ? SCENARIOS.filter(({ name }) => SHORT.has(name)) : SCENARIOS;
  return values.only.flatMap((name) => {
    const found = SCENARIOS.filter(
      (each) => each.name === name || [...each.alerts, ...(each.alertsAfter ?? [])].includes(name),
    );
    if (found.length === 0) throw new Error(`there is no fault for ${name}, see --list`);
    return found;
  });
}

async function main(): Promise<number> {
  if (values.help) {
    process.stdout.write(USAGE);
    return 0;
  }
  if (values.list) {
    const rows = SCENARIOS.map(({ name, title, alerts, alertsAfter = [] }) => [
      name,
      title,
      [...alerts, ...alertsAfter].join(', '),
    ]);
    printTable(['fault', 'what goes wrong', 'alerts'], rows);
    return 0;
  }
  const directory = mkdtempSync(join(tmpdir(), 'unmogrowp-alerts-'));
  const interruption = onInterruption('The proof');
  const { signal } = interruption;
  let isGood = false;
  try {
    const outcomes = await proveAll(wanted(), directory, signal);
    isGood = outcomes.every(({ problems }) => problems.length === 0);
  } catch (error) {
    if (!signal.aborted) throw error;
    return INTERRUPTED_EXIT_CODE;
  } finally {
    interruption.close();
    if (isGood || !values.keep) rmSync(directory, { recursive: true, force: true });
    else printProgress(`logs are left in ${directory}`);
  }
  return isGood ? 0 : 1;
}

async function proveAll(all: readonly Scenario[], directory: string, signal: AbortSignal): Promise<AlertOutcome[]> {
  const needDisk = all.some(({ needsDisk }) => needsDisk === true);
  const why = needDisk ? await whyNoDisks(directory) : undefined;
  const scenarios = why === undefined ? all : all.filter(({ needsDisk }) => needsDisk !== true);
  if (why !== undefined) printProgress(`SKIPPED what needs a disk: ${why}`);
  const alertsDirectory = join(directory, 'alerts');
  writeRules(alertsDirectory, TIME_SCALE);
  const seed = Number(values.seed);
  printProgress(`seed ${seed}; parts, processes and logs in ${directory}`);
  const pipeline = await openPipeline({
    directory,
    signal,
    seed,
    alertsDirectory,
    settings: SETTINGS,
    disks: needDisk && why === undefined ? ['clickhouse'] : [],
  });
  const watch = watchAlerts(pipeline);
  const load = await startLoadOf(pipeline, { requestsPerSecond: REQUESTS_PER_SECOND, seed });
  const outcomes: AlertOutcome[] = [];
  const startedAt = performance.now();
  let timeScale = TIME_SCALE;
  try {
    for (const scenario of scenarios) {
      if ((scenario.timeScale ?? TIME_SCALE) !== timeScale) {
        timeScale = scenario.timeScale ?? TIME_SCALE;
        await changeTime(pipeline, alertsDirectory, timeScale);
      }
      const scene = { pipeline, load, seed, signal };
      const found = await tryScenario(scenario, scene, { watch, timeScale, withPages: values.pages, endless: ENDLESS });
      outcomes.push(...found);
      // At once: what was found must not be lost when the rest is interrupted.
      writeOutcomes(found, { withPages: values.pages, timeScale: TIME_SCALE });
      for (const outcome of found) tell(outcome, performance.now() - startedAt);
    }
  } finally {
    await load.stop();
    await watch.stop();
    printProgress('stopping');
    await pipeline.stop();
  }
  return outcomes;
}

/** Lets time pass otherwise from now on. */
async function changeTime({ observers }: Pipeline, directory: string, timeScale: number): Promise<void> {
  writeRules(directory, timeScale);
  await observers.prometheus.kill();
  await observers.prometheus.start();
}

function tell(outcome: AlertOutcome, sinceMs: number): void {
  const { name, scenario, pendingMs, firingMs, deliveredMs, receiver, resolvedMs, commands, problems } = outcome;
  const at = (ms?: number): string => (ms === undefined ? '-' : `${(ms / 1_000).toFixed(1)} s`);
  const good = commands.filter(({ problem }) => problem === undefined).length;
  printProgress(
    `${formatDuration(sinceMs).padStart(9)}  ${problems.length === 0 ? 'ok  ' : 'FAIL'} ${name} (${scenario.name}): pending ${at(pendingMs)}, ` +
      `firing ${at(firingMs)}, ${receiver ?? 'nobody'} told ${at(deliveredMs)}, ended ${at(resolvedMs)} after the mitigation` +
      (commands.length === 0 ? '' : `, ${good} of ${commands.length} commands as the page says`),
  );
  for (const problem of problems) printProgress(`           ${problem}`);
}

process.exit(
  await main().catch((error: unknown) => {
    if ((error as { code?: string }).code?.startsWith('ERR_PARSE_ARGS') === true) {
      process.stderr.write(`${(error as Error).message}\n${USAGE}`);
      return 2;
    }
    process.stderr.write(`${error instanceof Error ? error.stack : String(error)}\n`);
    return 1;
  }),
);
