import type { ChildSpec } from '../keeper-protocol.ts';
import type { Reporter } from '../progress.ts';
import type { Tool } from '../toolchain.ts';
import type { Ports, Source, StackPartName, StackTuning, Variables } from '../types.ts';

/** Where a part will come from, found out without doing any work. */
export interface PartPlan {
  readonly source: Exclude<Source, 'environment'>;
  readonly version: string;
  /** The program or folder that is there already; absent when it must be built. */
  readonly path?: string;
  /** What must be on this machine to build or run the part this way. */
  readonly tools: readonly Tool[];
  /** Why the part cannot be had here at all (an npm package that does not exist for this platform). */
  readonly impossible?: string;
}

export interface ObtainContext {
  readonly plan: PartPlan;
  readonly environment: Variables;
  readonly logFile: string;
  readonly report: Reporter;
  readonly signal: AbortSignal;
}

/** A part that is on this machine and can be started. */
export interface ObtainedPart {
  readonly source: Exclude<Source, 'environment'>;
  readonly version: string;
  readonly path: string;
}

export interface PrepareContext {
  readonly obtained: ObtainedPart;
  readonly dataDirectory: string;
  readonly logDirectory: string;
  readonly ports: Ports;
  readonly environment: Variables;
  /** The variables of the environment and of the parts that this one comes after. */
  readonly addresses: Variables;
  /** Where the stack writes down what Prometheus scrapes. */
  readonly targetsFile: string;
  readonly tuning: StackTuning;
  readonly report: Reporter;
  readonly signal: AbortSignal;
}

/** How to run a prepared part; the stack adds name, level, folder and log. */
export type Launch = Pick<ChildSpec, 'command' | 'arguments' | 'environment' | 'stopSignal' | 'stopTimeoutMs' | 'user'>;

/** One real part: how it is found, obtained, started and asked how it is. */
export interface PartDefinition {
  readonly name: StackPartName;
  readonly title: string;
  /** The variables that replace it by something that runs already; all of them are needed. */
  readonly variables: readonly string[];
  /** The well-known port of each of its listeners. */
  readonly defaultPorts: Ports;
  /** The listener that serves its metrics at `/metrics`, if one does. */
  readonly metricsListener?: string;
  /** The parts whose addresses it must know when it starts, as far as they are started with it. */
  readonly after?: readonly StackPartName[];
  plan(environment: Variables): Promise<PartPlan>;
  obtain(context: ObtainContext): Promise<ObtainedPart>;
  prepare(context: PrepareContext): Promise<Launch>;
  /** The variables by which clients find the part on these ports. */
  variablesFor(ports: Ports): Record<string, string>;
  /** Asks the part at the address in these variables; the version if it tells one, an error when it does not answer. */
  check(environment: Variables): Promise<string | undefined>;
}

/** What every program needs of the environment and nothing more: variables of our own must not reach the parts. */
export function plainEnvironment(environment: Variables): Record<string, string> {
  const names = ['PATH', 'HOME', 'LANG', 'LC_ALL', 'TZ', 'TMPDIR', 'JAVA_HOME'];
  return Object.fromEntries(names.flatMap((name) => (environment[name] ? [[name, environment[name]]] : [])));
}

/** One variable that the caller has made sure of. */
export function needed(environment: Variables, name: string): string {
  const value = environment[name];
  if (value === undefined || value === '') throw new Error(`${name} is not set`);
  return value;
}

/** Command line flags with their values, in the order given. */
export function flags(values: Readonly<Record<string, string | number>>): string[] {
  return Object.entries(values).flatMap(([name, value]) => [name, String(value)]);
}
