import { type Command, InvalidArgumentError } from 'commander';
import { type Env, parseEnv } from '../../env.ts';
import { toUnmogrowpError } from '../../errors.ts';
import { environmentOfRunningStack } from '../../stack/running.ts';
import { defaultDirectory } from '../../stack/state.ts';
import { PIPELINE_PROCESSES } from '../../stack/types.ts';
import { type DemoResult, runDemo } from '../demo/run-demo.ts';
import { demoJson, printChecks, printDemo } from '../demo/report.ts';
import { INTERRUPTED_EXIT_CODE, onInterruption } from '../interruption.ts';
import { printJson, printLine, printProgress } from '../output.ts';
import { type Platform, startPlatform } from '../platform.ts';

interface Options {
  directory?: string;
  events: number;
  seed: number;
  freePorts?: boolean;
  keep?: boolean;
  json?: boolean;
}

/** `unmogrowp demo`: the whole platform at work on this machine, checked by itself. */
export function register(program: Command): void {
  program
    .command('demo')
    .description('start everything here, send a day of events, close its windows, and check that all counts reconcile')
    .option('--events <number>', 'how many different events the day has, about', positiveInteger, 20_000)
    .option('--seed <number>', 'another seed is another day', wholeNumber, 1)
    .option('--keep', 'keep it running with its addresses until Ctrl-C')
    .option('--directory <path>', 'the data folder (default: UNMOGROWP_DIRECTORY, or .unmogrowp of the checkout)')
    .option('--free-ports', 'any free ports instead of the well-known ones')
    .option('--json', 'print the result as JSON')
    .addHelpText('after', '\nExit codes: 0 all counts reconcile, 1 they differ or something failed, 130 interrupted.')
    .action(demo);
}

/** A demo does not wait a minute for its windows. An environment that says otherwise wins. */
const DEMO_ENVIRONMENT = { WORKER_RECONCILE_INTERVAL_MS: '2000', WORKER_ARRIVAL_POLL_MS: '100' };

async function demo(options: Options): Promise<void> {
  const interruption = onInterruption('The demo');
  const { signal } = interruption;
  // An event loop with nothing but signals to wait for would end.
  const alive = setInterval(() => undefined, 60_000);
  let platform: Platform | undefined;
  try {
    platform = await startOrFind(options, signal);
    signal.throwIfAborted();
    const env = parseEnv({ ...process.env, ...(platform?.environment ?? runningEnvironment(options)) });
    const result = await runDemo({
      env,
      url: `http://${env.INGEST_HOST}:${env.INGEST_PORT}`,
      seed: options.seed,
      events: options.events,
      nowMs: Date.now(),
      signal,
    });
    show(result, options);
    if (options.keep === true && platform !== undefined) await keep(platform, env, signal);
    else if (options.keep === true) printProgress('It keeps running where it was started.');
  } catch (error) {
    if (!signal.aborted && toUnmogrowpError(error).code !== 'interrupted') throw error;
    printProgress('Interrupted.');
    process.exitCode = INTERRUPTED_EXIT_CODE;
  } finally {
    if (platform !== undefined) printProgress('Stopping.');
    await platform?.stop();
    clearInterval(alive);
    interruption.close();
  }
}

/** Starts everything, or gives nothing when `unmogrowp up` runs it already in this folder. */
async function startOrFind(options: Options, signal: AbortSignal): Promise<Platform | undefined> {
  if (runningEnvironment(options)['INGEST_PORT'] !== undefined) {
    printProgress('The platform runs already: using it.');
    return undefined;
  }
  return startPlatform({
    environment: { ...DEMO_ENVIRONMENT, ...process.env },
    processes: PIPELINE_PROCESSES,
    signal,
    ...(options.directory === undefined ? {} : { directory: options.directory }),
    ...(options.freePorts === undefined ? {} : { freePorts: options.freePorts }),
  });
}

function runningEnvironment({ directory }: Options): Record<string, string> {
  return environmentOfRunningStack(directory ?? defaultDirectory(process.env), process.env);
}

function show(result: DemoResult, options: Options): void {
  if (options.json === true) printJson(demoJson(result));
  else {
    printDemo(result);
    printChecks(result);
  }
  if (!result.checks.every(({ isEqual }) => isEqual)) process.exitCode = 1;
}

async function keep(platform: Platform, env: Env, signal: AbortSignal): Promise<void> {
  printLine();
  const lines: [string, string][] = [
    ['send events', `http://${env.INGEST_HOST}:${env.INGEST_PORT}/v1/events`],
    ...platform.processes.map(({ name, metricsUrl }): [string, string] => [`${name} metrics`, metricsUrl]),
    ...platform.stack.parts.map(({ name, address }): [string, string] => [name, address]),
  ];
  for (const [name, address] of lines) printLine(`${name.padEnd(15)} ${address}`);
  printProgress('Running until Ctrl-C. In another terminal: unmogrowp status, windows list, event, trace');
  if (signal.aborted) return;
  await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
}

function positiveInteger(text: string): number {
  if (!/^[1-9]\d{0,6}$/.test(text)) throw new InvalidArgumentError('It is not a whole number from 1 to 9999999.');
  return Number(text);
}

function wholeNumber(text: string): number {
  if (!/^\d{1,15}$/.test(text)) throw new InvalidArgumentError('It is not a whole number.');
  return Number(text);
}
