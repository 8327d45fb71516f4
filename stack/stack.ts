import { chmodSync, mkdirSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { toUnmogrowpError, UnmogrowpError } from '../errors.ts';
import { tailOf } from './cache.ts';
import { checkExternal, isExternal } from './external.ts';
import { reasonOf, waitUntilHealthy } from './health.ts';
import { startKeeper, type Keeper } from './keeper-client.ts';
import type { ChildSpec } from './keeper-protocol.ts';
import { stopLeftovers } from './leftovers.ts';
import { tryLock, type Lock } from './lock.ts';
import { PARTS } from './parts/all.ts';
import type { PartDefinition, PartPlan } from './parts/part.ts';
import { openPortBook, type PortBook } from './ports.ts';
import { identify } from './procfs.ts';
import { reporterFor } from './progress.ts';
import { readState, stackPaths, writeJson } from './state.ts';
import { missingToolsError, problemWith, type MissingTool } from './toolchain.ts';
import { PART_NAMES, type PartName, type RunningPart, type RunningProcess, type StackOptions } from './types.ts';

/** A running stack. */
export interface Stack {
  readonly directory: string;
  readonly parts: readonly RunningPart[];
  /** The address of each part, as `parts` has it. */
  readonly addresses: Readonly<Partial<Record<PartName, string>>>;
  /** The variables by which our processes find the parts; merge them over the environment of a child. */
  readonly environment: Readonly<Record<string, string>>;
  /** For `startProcesses`: children of the same keeper, stopped before the parts. */
  readonly children: StackChildren;
  /** Stops processes and parts in the reverse order and releases the directory. May be called again. */
  stop(): Promise<void>;
}

/** What `processes.ts` needs of the stack that it extends. */
export interface StackChildren {
  readonly ports: PortBook;
  start(spec: ChildSpec): Promise<{ pid: number; ended: () => string | undefined }>;
  stop(names: readonly string[]): Promise<void>;
  setProcesses(processes: readonly RunningProcess[]): void;
}

const HEALTH_TIMEOUT_MS = 90_000;
const PART_LEVEL = 0;

/** `.unmogrowp` of the checkout, wherever the command is called from. */
export const DEFAULT_DIRECTORY = fileURLToPath(new URL('../.unmogrowp', import.meta.url));

/**
 * Starts the real parts: each from the address in the environment, a fitting program on the PATH, the cache, or a build.
 *
 * Nothing is changed before it is known that everything can be had: addresses answer, toolchains are there. The parts
 * start together and are owned by a keeper process that stops them when this process ends, however it ends.
 */
export async function startStack(options: StackOptions): Promise<Stack> {
  const directory = resolve(options.directory ?? DEFAULT_DIRECTORY);
  const wanted = PART_NAMES.filter((name) => options.parts?.includes(name) ?? true).map((name) => PARTS[name]);
  const external = wanted.filter((part) => isExternal(part, options.environment));
  const own = wanted.filter((part) => !external.includes(part));
  const plans = await planAll(own, options);
  const checked = await Promise.all(external.map((part) => checkReporting(part, options)));

  const lock = takeDirectory(directory);
  try {
    await stopLeftovers(directory, (name) =>
      reporterFor(name, options.onProgress)('stopping', 'left over from a start before'),
    );
    return await startOwn({ options, directory, lock, own, plans, checked, external });
  } catch (error) {
    lock.release();
    throw error;
  }
}

async function checkReporting(part: PartDefinition, options: StackOptions): Promise<RunningPart> {
  const report = reporterFor(part.name, options.onProgress);
  report('waiting', 'for the answer of the address in the environment');
  const running = await checkExternal(part, options.environment);
  report('ready', `at ${running.address}`);
  return running;
}

/** Finds out where each part would come from; one error names everything that is missing on this machine. */
async function planAll(own: readonly PartDefinition[], options: StackOptions): Promise<Map<PartName, PartPlan>> {
  assertPlatform(own);
  const plans = new Map<PartName, PartPlan>();
  const missing: MissingTool[] = [];
  const impossible: string[] = [];
  await Promise.all(
    own.map(async (part) => {
      const plan = await part.plan(options.environment);
      plans.set(part.name, plan);
      if (plan.impossible !== undefined) {
        impossible.push(`${part.title}: ${plan.impossible}, or set ${part.variables.join(' and ')}.`);
      }
      for (const tool of plan.tools) {
        const problem = await problemWith(tool, options.environment);
        if (problem !== undefined) missing.push({ tool, problem, neededFor: part.title, variables: part.variables });
      }
    }),
  );
  if (missing.length > 0) throw missingToolsError(missing);
  if (impossible.length > 0) throw new UnmogrowpError('toolchain_missing', impossible.join('\n'));
  return plans;
}

function assertPlatform(own: readonly PartDefinition[]): void {
  if (own.length === 0 || (process.platform === 'linux' && process.arch === 'x64')) return;
  const variables = own.flatMap((part) => part.variables).join(', ');
  throw new UnmogrowpError(
    'toolchain_missing',
    `The parts can be started on Linux x64 only, this is ${process.platform} ${process.arch}. ` +
      `Run them with "docker compose up -d" (docker-compose.yml) or set their addresses: ${variables}.`,
  );
}

/** Makes the directory ours, or says whose it is. */
function takeDirectory(directory: string): Lock {
  const paths = stackPaths(directory);
  for (const folder of [directory, paths.logs, paths.data('')]) {
    mkdirSync(folder, { recursive: true });
    // PostgreSQL may run as another user and must be able to walk down to its data.
    chmodSync(folder, 0o755);
  }
  const lock = tryLock(paths.lock);
  if (lock !== undefined) return lock;
  const pid = readState(directory)?.launcher.pid;
  throw new UnmogrowpError(
    'stack_busy',
    `The stack in ${directory} is already run by another process${pid === undefined ? '' : ` (pid ${pid})`}. ` +
      'Use that one ("unmogrowp status" shows its addresses), stop it first, or give another directory.',
  );
}

interface StartContext {
  readonly options: StackOptions;
  readonly directory: string;
  readonly lock: Lock;
  readonly own: readonly PartDefinition[];
  readonly external: readonly PartDefinition[];
  readonly plans: ReadonlyMap<PartName, PartPlan>;
  readonly checked: readonly RunningPart[];
}

async function startOwn(context: StartContext): Promise<Stack> {
  const { options, directory, own, external } = context;
  const paths = stackPaths(directory);
  writeJson(paths.children, []);
  const ports = openPortBook({ file: paths.ports, preferDefaults: options.freePorts !== true });
  const keeper = await startKeeper({ directory, childrenFile: paths.children });
  const launcher = identify(process.pid);
  if (launcher === undefined) throw new UnmogrowpError('bug', 'this process is not in /proc');
  const environment: Record<string, string> = {};
  for (const part of external) {
    for (const name of part.variables) environment[name] = options.environment[name] ?? '';
  }
  const state = { launcher, keeper: keeper.identity, startedAt: new Date().toISOString(), environment };
  let [parts, processes]: [readonly RunningPart[], readonly RunningProcess[]] = [context.checked, []];
  const save = () => writeJson(paths.state, { ...state, parts, processes });
  save();
  const children = watchChildren(keeper, options);

  try {
    const started = await startTogether(own, (part, signal) => startPart({ context, part, ports, children, signal }));
    for (const { variables } of started) Object.assign(environment, variables);
    const running = [...context.checked, ...started.map((one) => one.running)];
    parts = PART_NAMES.flatMap((name) => running.find((part) => part.name === name) ?? []);
    save();
  } catch (error) {
    children.stopping = true;
    await keeper.close();
    throw error;
  }

  let stopped: Promise<void> | undefined;
  const stopAll = async () => {
    children.stopping = true;
    const owned = [...processes, ...parts.filter((part) => part.pid !== undefined)].map(({ name }) => name);
    const reports = new Map(owned.map((name) => [name as string, reporterFor(name, options.onProgress)]));
    keeper.onExit(({ name }) => reports.get(name)?.('stopped', ''));
    for (const report of reports.values()) report('stopping', '');
    await keeper.stop(owned);
    await keeper.close();
    rmSync(paths.state, { force: true });
    context.lock.release();
  };
  return {
    directory,
    parts,
    addresses: Object.fromEntries(parts.map((part) => [part.name, part.address])),
    environment,
    children: {
      ports,
      start: children.start,
      stop: (names) => children.stop(names),
      setProcesses: (list) => {
        processes = list;
        save();
      },
    },
    stop: () => (stopped ??= stopAll()),
  };
}

/** Starts all parts at once; the first failure ends the builds and starts of the others, and is the one thrown. */
async function startTogether<T>(
  own: readonly PartDefinition[],
  start: (part: PartDefinition, signal: AbortSignal) => Promise<T>,
): Promise<T[]> {
  const abort = new AbortController();
  let failure: { error: unknown } | undefined;
  const results = await Promise.all(
    own.map(async (part) => {
      try {
        return await start(part, abort.signal);
      } catch (error) {
        failure ??= { error };
        abort.abort();
        return undefined;
      }
    }),
  );
  if (failure !== undefined) throw failure.error;
  return results.filter((result) => result !== undefined) as T[];
}

async function startPart(input: {
  context: StartContext;
  part: PartDefinition;
  ports: PortBook;
  children: WatchedChildren;
  signal: AbortSignal;
}): Promise<{ running: RunningPart; variables: Record<string, string> }> {
  const { part, signal } = input;
  const { options, directory, plans } = input.context;
  const paths = stackPaths(directory);
  const report = reporterFor(part.name, options.onProgress);
  const plan = plans.get(part.name);
  if (plan === undefined) throw new UnmogrowpError('bug', `no plan for ${part.name}`);
  const { environment, tuning = {} } = options;
  try {
    const obtained = await part.obtain({
      plan,
      environment,
      report,
      signal,
      logFile: join(paths.logs, `${part.name}-build.log`),
    });
    const startedAt = performance.now();
    const ports = await input.ports.choose(part.name, part.defaultPorts);
    const dataDirectory = paths.data(part.name);
    const launch = await part.prepare({
      obtained,
      dataDirectory,
      logDirectory: paths.logs,
      ports,
      environment,
      tuning,
      report,
      signal,
    });
    signal.throwIfAborted();
    report('starting', `${part.title} ${obtained.version}`);
    const logFile = join(paths.logs, `${part.name}.log`);
    const child = await input.children.start({
      ...launch,
      name: part.name,
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
    const address = Object.values(variables).join(' and ');
    const startedInMs = Math.round(performance.now() - startedAt);
    report('ready', `at ${address}`);
    const { name, title } = part;
    const running = {
      name,
      title,
      version: version ?? obtained.version,
      source: obtained.source,
      address,
      ports,
      pid: child.pid,
      logFile,
      startedInMs,
    };
    return { running, variables };
  } catch (error) {
    const failure = error instanceof UnmogrowpError ? error : startError(part, paths.logs, error);
    report('failed', reasonOf(toUnmogrowpError(failure)).split('\n')[0] ?? '');
    throw failure;
  }
}

function startError(part: PartDefinition, logs: string, error: unknown): UnmogrowpError {
  const logFile = join(logs, `${part.name}.log`);
  return new UnmogrowpError(
    'part_start_failed',
    `${part.title} could not be started: ${reasonOf(error)}. The end of ${logFile}:\n${tailOf(logFile)}`,
    { cause: error },
  );
}

interface WatchedChildren extends Pick<StackChildren, 'start' | 'stop'> {
  stopping: boolean;
}

/** The keeper's children, with a memory of which of them have ended, and the news of those that nobody stopped. */
function watchChildren(keeper: Keeper, options: StackOptions): WatchedChildren {
  const logFiles = new Map<number, string>();
  const ends = new Map<number, string>();
  const expected = new Set<string>();
  const watched: WatchedChildren = {
    stopping: false,
    start: async (spec) => {
      expected.delete(spec.name);
      const { pid } = await keeper.start(spec);
      logFiles.set(pid, spec.logFile);
      return { pid, ended: () => ends.get(pid) };
    },
    stop: async (names) => {
      for (const name of names) expected.add(name);
      await keeper.stop(names);
    },
  };
  keeper.onExit(({ name, pid, code, signal }) => {
    ends.set(pid, `it ended with ${signal === null ? `exit code ${String(code)}` : signal}`);
    if (watched.stopping || expected.has(name)) return;
    options.onUnexpectedExit?.({ name, code, signal, logFile: logFiles.get(pid) ?? '' });
  });
  return watched;
}
