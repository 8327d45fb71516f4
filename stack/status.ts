import { resolve } from 'node:path';
import { isExternal, externalAddress } from './external.ts';
import { answerOf, reasonOf } from './health.ts';
import { PARTS } from './parts/all.ts';
import type { PartDefinition } from './parts/part.ts';
import type { ChildRecord } from './keeper-protocol.ts';
import { metricsAddress } from './processes.ts';
import { isAlive, residentBytes, uptimeSeconds } from './procfs.ts';
import { defaultDirectory, readChildren, readState, type StackState } from './state.ts';
import {
  OBSERVER_NAMES,
  PART_NAMES,
  PROCESS_NAMES,
  type ProcessName,
  type Source,
  type StackPartName,
  type Variables,
} from './types.ts';

/** How one part or process is at this moment. */
export interface StatusEntry {
  readonly name: string;
  readonly kind: 'part' | 'process';
  /** `off`: not started here and not asked for (`up --parts-only`, or parts that are reached by addresses). */
  readonly health: 'up' | 'down' | 'off';
  readonly address: string;
  /** Why it is not up. */
  readonly problem?: string;
  readonly version?: string;
  readonly source?: Source;
  readonly pid?: number;
  readonly memoryBytes?: number;
  readonly uptimeSeconds?: number;
  readonly logFile?: string;
}

const NOT_RUNNING = 'not running: start it with "unmogrowp up"';

/**
 * Asks every part and process of the stack in this directory, and the parts at addresses of the environment. Observers are
 * told of where there are any.
 */
export async function stackStatus(options: { directory?: string; environment: Variables }): Promise<StatusEntry[]> {
  const directory = resolve(options.directory ?? defaultDirectory(options.environment));
  const state = readState(directory);
  const children = readChildren(directory);
  const live = state !== undefined && (isAlive(state.launcher) || isAlive(state.keeper)) ? state : undefined;
  const isShown = (name: StackPartName) =>
    live?.parts.some((part) => part.name === name) === true || isExternal(PARTS[name], options.environment);
  return Promise.all([
    ...[...PART_NAMES, ...OBSERVER_NAMES.filter(isShown)].map((name) =>
      partStatus(PARTS[name], { state: live, children, environment: options.environment }),
    ),
    ...PROCESS_NAMES.map((name) =>
      live === undefined && isElsewhere(options.environment)
        ? processElsewhere(name, options.environment)
        : processStatus(name, live, children),
    ),
  ]);
}

async function partStatus(
  part: PartDefinition,
  context: { state: StackState | undefined; children: readonly ChildRecord[]; environment: Variables },
): Promise<StatusEntry> {
  const { state, children, environment } = context;
  const running = state?.parts.find((one) => one.name === part.name);
  const base = { name: part.name, kind: 'part' as const };
  if (running === undefined && !isExternal(part, environment)) {
    return { ...base, health: 'down', address: '', problem: state === undefined ? NOT_RUNNING : 'not started yet' };
  }
  const merged = { ...environment, ...state?.environment };
  const facts = {
    address: running?.address ?? externalAddress(part, environment),
    source: running?.source ?? ('environment' as const),
    ...(running?.pid === undefined ? {} : processFacts(running.pid, children)),
    ...(running?.logFile === undefined ? {} : { logFile: running.logFile }),
  };
  try {
    const version = (await part.check(merged)) ?? running?.version;
    return { ...base, health: 'up', ...facts, ...(version ? { version } : {}) };
  } catch (error) {
    return { ...base, health: 'down', ...facts, problem: reasonOf(error) };
  }
}

async function processStatus(
  name: ProcessName,
  state: StackState | undefined,
  children: readonly ChildRecord[],
): Promise<StatusEntry> {
  const running = state?.processes.find((one) => one.name === name);
  const base = { name, kind: 'process' as const };
  if (running === undefined) {
    return state === undefined
      ? { ...base, health: 'down', address: '', problem: NOT_RUNNING }
      : { ...base, health: 'off', address: '' };
  }
  const { address, logFile, version } = running;
  const facts = { address, logFile, version, ...processFacts(running.pid, children) };
  try {
    await answerOf(`${running.metricsUrl}/healthz`);
    return { ...base, health: 'up', ...facts };
  } catch (error) {
    return { ...base, health: 'down', ...facts, problem: reasonOf(error) };
  }
}

const isElsewhere = (environment: Variables): boolean =>
  PART_NAMES.some((name) => isExternal(PARTS[name], environment));

/** A process that another program looks after, if it runs on this machine: asked at the port that the environment gives it. */
async function processElsewhere(name: ProcessName, environment: Variables): Promise<StatusEntry> {
  const address = metricsAddress(name, environment);
  const base = { name, kind: 'process' as const };
  try {
    await answerOf(`${address}/healthz`);
    return { ...base, health: 'up', address };
  } catch {
    return { ...base, health: 'off', address: '', problem: `none on this machine at ${address}` };
  }
}

/** Nothing for a pid that is not ours any more. */
function processFacts(
  pid: number,
  children: readonly ChildRecord[],
): Pick<StatusEntry, 'pid' | 'memoryBytes' | 'uptimeSeconds'> {
  if (!children.some((child) => child.pid === pid && isAlive(child))) return {};
  const memoryBytes = residentBytes(pid);
  const uptime = uptimeSeconds(pid);
  return {
    pid,
    ...(memoryBytes === undefined ? {} : { memoryBytes }),
    ...(uptime === undefined ? {} : { uptimeSeconds: Math.round(uptime) }),
  };
}
