import { join } from 'node:path';
import { UnmogrowpError } from '../errors.ts';
import { tailOf } from './cache.ts';
import { reasonOf, waitUntilHealthy } from './health.ts';
import type { ObtainedPart, PartDefinition, PartPlan } from './parts/part.ts';
import { isFree, type PortBook } from './ports.ts';
import { reporterFor, type Reporter } from './progress.ts';
import { stackPaths } from './state.ts';
import type { Ports, RunningPart, StackOptions, StackPartName, Variables } from './types.ts';
import type { WatchedChildren } from './watched-children.ts';

const HEALTH_TIMEOUT_MS = 90_000;
const ATTEMPTS_MAX = 3;
const PART_LEVEL = 0;

export interface StartPartInput {
  readonly part: PartDefinition;
  readonly plan: PartPlan | undefined;
  readonly options: StackOptions;
  readonly directory: string;
  readonly ports: PortBook;
  readonly children: WatchedChildren;
  readonly signal: AbortSignal;
  /** Resolves when the parts of these names run, with the addresses that are known by then. */
  readonly addressesAfter: (names: readonly StackPartName[]) => Promise<Variables>;
}

export interface StartedPart {
  readonly running: RunningPart;
  readonly variables: Readonly<Record<string, string>>;
}

/** Obtains one part, prepares its data, starts it and waits until it answers. */
export async function startPart(input: StartPartInput): Promise<StartedPart> {
  const { part, plan, options, signal } = input;
  if (plan === undefined) throw new UnmogrowpError('bug', `no plan for ${part.name}`);
  const { logs } = stackPaths(input.directory);
  const report = reporterFor(part.name, options.onProgress);
  try {
    const logFile = join(logs, `${part.name}-build.log`);
    const obtained = await part.obtain({ plan, environment: options.environment, report, signal, logFile });
    const addresses = await input.addressesAfter(part.after ?? []);
    signal.throwIfAborted();
    return await startOnFreePorts(input, { obtained, addresses, report });
  } catch (error) {
    // Whoever was ended because of another part has not failed itself.
    if (signal.aborted) report('stopped', '');
    else report('failed', reasonOf(error).split('\n')[0] ?? '');
    throw error instanceof UnmogrowpError ? error : startError(part, logs, error);
  }
}

/** What is known before the ports are. */
interface Known {
  readonly obtained: ObtainedPart;
  readonly addresses: Variables;
  readonly report: Reporter;
}

/** A port can be taken by another program between its choice and its use: then once more with other ones. */
async function startOnFreePorts(input: StartPartInput, known: Known): Promise<StartedPart> {
  const { part } = input;
  for (let attempt = 1; ; attempt += 1) {
    const ports = await input.ports.choose(part.name, part.defaultPorts);
    try {
      return await startOn(ports, input, known);
    } catch (error) {
      await input.children.stop([part.name]);
      if (attempt === ATTEMPTS_MAX || input.signal.aborted || !(await anyTaken(ports))) throw error;
      known.report('waiting', 'a port was taken meanwhile, taking another');
      input.ports.forget(part.name);
    }
  }
}

async function startOn(ports: Ports, input: StartPartInput, known: Known): Promise<StartedPart> {
  const { obtained, addresses, report } = known;
  const { part, options, directory, signal } = input;
  const { environment, tuning = {} } = options;
  const paths = stackPaths(directory);
  const [dataDirectory, logDirectory] = [paths.data(part.name), paths.logs];
  const startedAt = performance.now();
  const launch = await part.prepare({
    obtained,
    dataDirectory,
    logDirectory,
    ports,
    environment,
    addresses,
    targetsFile: paths.targets,
    tuning,
    report,
    signal,
  });
  signal.throwIfAborted();
  report('starting', `${part.title} ${obtained.version}`);
  const logFile = join(logDirectory, `${part.name}.log`);
  const { name, title } = part;
  const child = await input.children.start({
    ...launch,
    name,
    level: PART_LEVEL,
    workingDirectory: directory,
    logFile,
  });
  const variables = part.variablesFor(ports);
  const version = await waitUntilHealthy({
    check: () => part.check(variables),
    timeoutMs: HEALTH_TIMEOUT_MS,
    giveUp: () => (signal.aborted ? 'another part could not be started' : child.ended()),
  });
  // Whoever answered may have been a stranger on the port that ours could not have.
  const ended = child.ended();
  if (ended !== undefined) throw new Error(ended);
  const address = Object.values(variables).join(' and ');
  report('ready', `at ${address}`);
  return {
    running: {
      name,
      title,
      version: version ?? obtained.version,
      source: obtained.source,
      address,
      ports,
      pid: child.pid,
      logFile,
      startedInMs: Math.round(performance.now() - startedAt),
    },
    variables,
  };
}

async function anyTaken(ports: Ports): Promise<boolean> {
  const free = await Promise.all(Object.values(ports).map(isFree));
  return free.includes(false);
}

function startError(part: PartDefinition, logs: string, error: unknown): UnmogrowpError {
  const logFile = join(logs, `${part.name}.log`);
  return new UnmogrowpError(
    'part_start_failed',
    `${part.title} could not be started: ${reasonOf(error)}. The end of ${logFile}:\n${tailOf(logFile)}`,
    { cause: error },
  );
}
