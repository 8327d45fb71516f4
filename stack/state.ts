import { randomBytes } from 'node:crypto';
import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { ChildRecord } from './keeper-protocol.ts';
import type { ProcessIdentity } from './procfs.ts';
import type { Ports, RunningPart, RunningProcess, Variables } from './types.ts';

/** `.unmogrowp` of the checkout, wherever the command is called from. */
const DEFAULT_DIRECTORY = fileURLToPath(new URL('../.unmogrowp', import.meta.url));

/** The folder of the stack that is meant when a command names none: the same for all commands of a terminal. */
export function defaultDirectory(environment: Variables): string {
  return resolve(environment['UNMOGROWP_DIRECTORY'] || DEFAULT_DIRECTORY);
}

/** What the incidents process of a stack and those who talk to it share. */
export interface IncidentSecrets {
  readonly token: string;
  readonly linkSecret: string;
}

/** The secrets of the incidents process of a stack; made when it has none. */
export function incidentSecrets(directory: string): IncidentSecrets {
  const { incidents: file } = stackPaths(directory);
  const known = readJson<IncidentSecrets>(file);
  if (known !== undefined) return known;
  const made = { token: newSecret(), linkSecret: newSecret() };
  writeJson(file, made);
  return made;
}

const SECRET_BYTES = 24;
const newSecret = (): string => randomBytes(SECRET_BYTES).toString('base64url');

/** What a running stack writes down for `unmogrowp status` and for the next start. */
export interface StackState {
  readonly launcher: ProcessIdentity;
  readonly keeper: ProcessIdentity;
  readonly startedAt: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly parts: readonly RunningPart[];
  readonly processes: readonly RunningProcess[];
  /** By the variables that carry them. */
  readonly processPorts: Ports;
  /** Other variables that commands have to share with the processes. */
  readonly processVariables: Readonly<Record<string, string>>;
}

/** Where the ingest of a stack keeps its spool. */
export function spoolDirectory(directory: string, environment: Variables): string {
  return environment['INGEST_SPOOL_DIRECTORY'] || join(directory, 'spool');
}

/** Where things lie inside the directory of a stack. */
export function stackPaths(directory: string) {
  return {
    lock: join(directory, 'stack.lock'),
    state: join(directory, 'stack.json'),
    children: join(directory, 'children.json'),
    ports: join(directory, 'ports.json'),
    targets: join(directory, 'targets.json'),
    incidents: join(directory, 'incidents.json'),
    logs: join(directory, 'logs'),
    data: (part: string) => join(directory, 'data', part),
  };
}

/** Replaces a JSON file in one step, so that nobody reads half of it. */
export function writeJson(file: string, value: unknown): void {
  // Only the owner may read it: an address can hold a password.
  writeFileSync(`${file}.next`, `${JSON.stringify(value, undefined, 2)}\n`, { mode: 0o600 });
  renameSync(`${file}.next`, file);
}

/** The state of the last stack in this directory, running or not; undefined when there was none. */
export function readState(directory: string): StackState | undefined {
  const state = readJson<StackState>(stackPaths(directory).state);
  // One that an older version runs lacks what was not written down then.
  return state === undefined ? undefined : { ...state, processVariables: state.processVariables ?? {} };
}

/** The children that the keeper of this directory last knew to run. */
export function readChildren(directory: string): readonly ChildRecord[] {
  return readJson<ChildRecord[]>(stackPaths(directory).children) ?? [];
}

function readJson<T>(file: string): T | undefined {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as T;
  } catch {
    return undefined;
  }
}
