import { chmodSync, existsSync, mkdirSync, rmSync } from 'node:fs';
import { resolve } from 'node:path';
import { UnmogrowpError } from '../errors.ts';
import { checkExternal, isExternal } from './external.ts';
import { startKeeper } from './keeper-client.ts';
import { reasonOf } from './health.ts';
import { stopLeftovers } from './leftovers.ts';
import { tryLock, type Lock } from './lock.ts';
import { PARTS } from './parts/all.ts';
import type { PartDefinition, PartPlan } from './parts/part.ts';
import { planParts } from './plan.ts';
import { openPortBook, type PortBook } from './ports.ts';
import { identify } from './procfs.ts';
import { reporterFor } from './progress.ts';
import { startPart } from './start-part.ts';
import { defaultDirectory, readState, stackPaths, type StackState, writeJson } from './state.ts';
import { scrapeTargets } from './targets.ts';
import {
  OBSERVER_NAMES,
  PART_NAMES,
  type Ports,
  type RunningPart,
  type RunningProcess,
  type StackOptions,
  type StackPartName,
  type Variables,
} from './types.ts';
import { watchChildren, type WatchedChildren } from './watched-children.ts';

/** A running stack. */
export interface Stack {
  readonly directory: string;
  readonly parts: readonly RunningPart[];
  /** The address of each part, as `parts` has it. */
  readonly addresses: Readonly<Partial<Record<StackPartName, string>>>;
  /** The variables by which our processes find the parts; merge them over the environment of a child. */
  readonly environment: Readonly<Record<string, string>>;
  /** For `startProcesses`: children of the same keeper, stopped before the parts. */
  readonly children: StackChildren;
  /** Stops processes and parts in the reverse order and releases the directory. May be called again. */
  stop(): Promise<void>;
}

/** How processes are reached: the variables of their ports, and others that whoever talks to them has to share. */
interface ReachedBy {
  readonly ports: Ports;
  readonly variables: Readonly<Record<string, string>>;
}

/** What `processes.ts` needs of the stack that it extends. */
interface StackChildren {
  readonly ports: PortBook;
  readonly start: WatchedChildren['start'];
  readonly stop: WatchedChildren['stop'];
  setProcesses(processes: readonly RunningProcess[], reached: ReachedBy): void;
}

/**
 * Starts the real parts: each from the address in the environment, a fitting program on the PATH, the cache, or a build.
 *
 * Nothing is changed before it is known that everything can be had: addresses answer, toolchains are there. The parts
 * start together and are owned by a keeper process that stops them when this process ends, however it ends.
 */
export async function startStack(options: StackOptions): Promise<Stack> {
  const directory = resolve(options.directory ?? defaultDirectory(options.environment));
  refuseBusy(directory);
  const wanted = wantedNames(options).map((name) => PARTS[name]);
  const external = wanted.filter((part) => isExternal(part, options.environment));
  const own = wanted.filter((part) => !external.includes(part));
  const plans = await planParts(own, options.environment);
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

const wantedNames = ({ parts, observers = [] }: StackOptions): StackPartName[] => [
  ...PART_NAMES.filter((name) => parts?.includes(name) ?? true),
  ...OBSERVER_NAMES.filter((name) => observers.includes(name)),
];

async function checkReporting(part: PartDefinition, options: StackOptions): Promise<RunningPart> {
  const report = reporterFor(part.name, options.onProgress);
  report('waiting', 'for the answer of the address in the environment');
  const running = await checkExternal(part, options.environment);
  report('ready', `at ${running.address}`);
  return running;
}

/** Makes the directory ours, or says whose it is. */
function takeDirectory(directory: string): Lock {
  const paths = stackPaths(directory);
  try {
    for (const folder of [directory, paths.logs, paths.data('')]) {
      mkdirSync(folder, { recursive: true });
      // PostgreSQL may run as another user and must be able to walk down to its data.
      chmodSync(folder, 0o755);
    }
  } catch (error) {
    throw new UnmogrowpError(
      'configuration_invalid',
      `The data folder ${directory} cannot be used: ${reasonOf(error)}. Name another: --directory or UNMOGROWP_DIRECTORY`,
      { cause: error },
    );
  }
  const lock = tryLock(paths.lock);
  if (lock !== undefined) return lock;
  throw busyError(directory);
}

/** Tells it before the parts are looked at: what somebody runs already is there in no time. */
function refuseBusy(directory: string): void {
  const { lock: file } = stackPaths(directory);
  if (!existsSync(file)) return;
  const lock = tryLock(file);
  if (lock === undefined) throw busyError(directory);
  lock.release();
}

function busyError(directory: string): UnmogrowpError {
  const pid = readState(directory)?.launcher.pid;
  return new UnmogrowpError(
    'stack_busy',
    `The stack in ${directory} is already run by another process${pid === undefined ? '' : ` (pid ${pid})`}. ` +
      `Use that one (unmogrowp status --directory ${directory} shows its addresses), stop it first, or give another directory.`,
  );
}

interface StartContext {
  readonly options: StackOptions;
  readonly directory: string;
  readonly lock: Lock;
  readonly own: readonly PartDefinition[];
  readonly external: readonly PartDefinition[];
  readonly plans: ReadonlyMap<StackPartName, PartPlan>;
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
  let reached: ReachedBy = { ports: {}, variables: {} };
  const save = () => {
    writeJson(paths.targets, [...scrapeTargets({ parts, processes }), ...(options.targets ?? [])]);
    writeJson(paths.state, {
      ...state,
      parts,
      processes,
      processPorts: reached.ports,
      processVariables: reached.variables,
    } satisfies StackState);
  };
  save();
  const children = watchChildren(keeper, options.onUnexpectedExit);

  try {
    const known = (): Variables => ({ ...options.environment, ...environment });
    const running = await startTogether(own, options.signal, async (part, { signal, after }) => {
      const addressesAfter = (names: readonly StackPartName[]) => after(names).then(known);
      const plan = context.plans.get(part.name);
      const started = await startPart({ part, plan, options, directory, ports, children, signal, addressesAfter });
      Object.assign(environment, started.variables);
      return started.running;
    });
    const all = [...context.checked, ...running];
    parts = wantedNames(options).flatMap((name) => all.find((part) => part.name === name) ?? []);
    save();
  } catch (error) {
    children.stopping = true;
    await keeper.close();
    rmSync(paths.state, { force: true });
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
      start: (spec) => children.start(spec),
      stop: (names) => children.stop(names),
      setProcesses: (list, ofThem) => {
        processes = list;
        reached = ofThem;
        save();
      },
    },
    stop: () => (stopped ??= stopAll()),
  };
}

/** How parts that are started together know of each other. */
interface Together {
  readonly signal: AbortSignal;
  /** Resolves when those of these names that are started here have been. */
  readonly after: (names: readonly StackPartName[]) => Promise<unknown>;
}

/** Starts all parts at once; the first failure ends the builds and starts of the others, and is the one thrown. */
async function startTogether<T>(
  own: readonly PartDefinition[],
  cancelled: AbortSignal | undefined,
  start: (part: PartDefinition, together: Together) => Promise<T>,
): Promise<T[]> {
  const abort = new AbortController();
  const signal = cancelled === undefined ? abort.signal : AbortSignal.any([abort.signal, cancelled]);
  let failure: { error: unknown } | undefined;
  const starts = new Map<StackPartName, Promise<T | undefined>>();
  const after = (names: readonly StackPartName[]) => Promise.all(names.flatMap((name) => starts.get(name) ?? []));
  const startOne = async (part: PartDefinition): Promise<T | undefined> => {
    try {
      return await start(part, { signal, after });
    } catch (error) {
      failure ??= { error };
      abort.abort();
      return undefined;
    }
  };
  for (const part of own) starts.set(part.name, startOne(part));
  const results = await Promise.all(starts.values());
  if (cancelled?.aborted === true) {
    throw new UnmogrowpError('interrupted', 'The start was interrupted; everything has been stopped.');
  }
  if (failure !== undefined) throw failure.error;
  return results.filter((result) => result !== undefined) as T[];
}
