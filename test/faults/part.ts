import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { type ProcessIdentity, identify, isAlive, waitUntilGone } from '../../stack/procfs.ts';
import { PARTS } from '../../stack/parts/all.ts';
import { type Stack, startStack } from '../../stack/stack.ts';
import {
  OBSERVER_NAMES,
  PART_NAMES,
  type PartName,
  type Ports,
  type StackOptions,
  type StackPartName,
  type StackTuning,
} from '../../stack/types.ts';
import { ADDRESS_VARIABLES } from '../support/addresses.ts';

const GONE_MS_MAX = 10_000;

/** One real part of the harness's own, which can be killed, frozen and started again at the same address. */
export interface Part<Name extends StackPartName = PartName> {
  readonly name: Name;
  readonly title: string;
  readonly version: string;
  readonly variables: Readonly<Record<string, string>>;
  readonly ports: Ports;
  /** `kill -9` of all its processes, as a machine does that loses power. */
  kill(): Promise<void>;
  /** Starts it again on its data; nothing when it runs. */
  start(): Promise<void>;
  freeze(): void;
  thaw(): void;
  /** Throws when it does not answer. */
  check(): Promise<void>;
  /** How often it was killed. */
  kills(): number;
  /** Whether it has ended without having been asked to. */
  hasEnded(): boolean;
  stop(): Promise<void>;
}

export interface PartOptions {
  readonly directory: string;
  readonly tuning?: StackTuning;
  /** Over the environment of this process, in which addresses of parts do not count. */
  readonly environment?: Readonly<Record<string, string>>;
  readonly targets?: StackOptions['targets'];
  readonly signal?: AbortSignal;
}

/** Starts one part in a folder of its own below `directory`. */
export async function startPart<Name extends StackPartName>(
  name: Name,
  { directory, tuning = {}, environment = {}, targets = [], signal }: PartOptions,
): Promise<Part<Name>> {
  let hasEnded = false;
  let isKilled = false;
  let kills = 0;
  const begin = (): Promise<Stack> =>
    startStack({
      directory: join(directory, name),
      environment: { ...withoutAddresses(process.env), ...environment },
      parts: PART_NAMES.filter((each) => each === name),
      observers: OBSERVER_NAMES.filter((each) => each === name),
      targets,
      freePorts: true,
      tuning,
      onUnexpectedExit: () => {
        hasEnded = !isKilled;
      },
      ...(signal === undefined ? {} : { signal }),
    });
  let stack = await begin();
  let root = identify(stack.parts[0]?.pid ?? 0);
  let isRunning = true;
  const signalAll = (what: NodeJS.Signals): ProcessIdentity[] => {
    // A process that is gone may have left its number to a stranger.
    if (root === undefined || !isAlive(root)) return [];
    const all = treeOf(root.pid).flatMap((each) => identify(each) ?? []);
    for (const each of all) if (isAlive(each)) process.kill(each.pid, what);
    return all;
  };
  return {
    name,
    title: PARTS[name].title,
    version: stack.parts[0]?.version ?? '',
    variables: stack.environment,
    ports: stack.parts[0]?.ports ?? {},
    async kill() {
      isKilled = true;
      kills += 1;
      const killed = signalAll('SIGKILL');
      await Promise.all(killed.map((each) => waitUntilGone(each, GONE_MS_MAX)));
      await stack.stop();
      isRunning = false;
    },
    async start() {
      if (isRunning && !hasEnded) return;
      await stack.stop();
      [hasEnded, isKilled] = [false, false];
      stack = await begin();
      root = identify(stack.parts[0]?.pid ?? 0);
      isRunning = true;
    },
    freeze: () => void signalAll('SIGSTOP'),
    thaw: () => void signalAll('SIGCONT'),
    check: async () => void (await PARTS[name].check(stack.environment)),
    kills: () => kills,
    hasEnded: () => hasEnded,
    stop: () => {
      signalAll('SIGCONT');
      return stack.stop();
    },
  };
}

function withoutAddresses(environment: NodeJS.ProcessEnv): Record<string, string | undefined> {
  const ofObservers = OBSERVER_NAMES.flatMap((name) => PARTS[name].variables);
  const addresses: readonly string[] = [...ADDRESS_VARIABLES, ...ofObservers];
  return Object.fromEntries(Object.entries(environment).filter(([name]) => !addresses.includes(name)));
}

/** A process and all that it has started, parents first. */
function treeOf(pid: number): number[] {
  const children = new Map<number, number[]>();
  for (const name of readdirSync('/proc').filter((entry) => /^\d+$/.test(entry))) {
    const parent = parentOf(Number(name));
    if (parent !== undefined) children.set(parent, [...(children.get(parent) ?? []), Number(name)]);
  }
  const tree = [pid];
  for (const each of tree) tree.push(...(children.get(each) ?? []));
  return tree;
}

function parentOf(pid: number): number | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]);
  } catch {
    return undefined;
  }
}
