import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { UnmogrowpError } from '../errors.ts';
import { tailOf } from './cache.ts';
import { answerOf, reasonOf, waitUntilHealthy } from './health.ts';
import { writeReceivers } from './parts/alertmanager-config.ts';
import { LOOPBACK } from './ports.ts';
import { reporterFor } from './progress.ts';
import type { Stack } from './stack.ts';
import { incidentSecrets, spoolDirectory, stackPaths } from './state.ts';
import {
  PROCESS_NAMES,
  type OnProgress,
  type Ports,
  type ProcessName,
  type RunningProcess,
  type Variables,
} from './types.ts';

const READY_TIMEOUT_MS = 60_000;
const STOP_TIMEOUT_MS = 25_000;
/** Above the parts: processes stop first, so that they can still write what they hold. */
const LEVEL_OF_FIRST_PROCESS = 1;

/** The variables that carry the ports of each process, with the port that it has by default. */
const PORT_VARIABLES: Readonly<Record<ProcessName, Readonly<Record<string, number>>>> = {
  ingest: { INGEST_PORT: 8080, INGEST_METRICS_PORT: 9464 },
  sink: { SINK_METRICS_PORT: 9465 },
  worker: { WORKER_METRICS_PORT: 9466, WORKER_TEMPORAL_METRICS_PORT: 9467 },
  incidents: { INCIDENT_PORT: 8090, INCIDENT_METRICS_PORT: 9468 },
};

const METRICS_VARIABLE: Readonly<Record<ProcessName, string>> = {
  ingest: 'INGEST_METRICS_PORT',
  sink: 'SINK_METRICS_PORT',
  worker: 'WORKER_METRICS_PORT',
  incidents: 'INCIDENT_METRICS_PORT',
};

/** Where people and programs reach those that they do not only ask how they are. */
const SERVICE_VARIABLE: Readonly<Partial<Record<ProcessName, string>>> = {
  ingest: 'INGEST_PORT',
  incidents: 'INCIDENT_PORT',
};

/** Where a process answers about itself when nobody but the environment has given it a port. */
export function metricsAddress(name: ProcessName, environment: Variables): string {
  const variable = METRICS_VARIABLE[name];
  return `http://${LOOPBACK}:${environment[variable] || PORT_VARIABLES[name][variable]}`;
}

export interface ProcessesOptions {
  readonly stack: Stack;
  /** The environment of the caller; the addresses of the stack and the chosen ports are put over it. */
  readonly environment: Variables;
  /** Default: all. */
  readonly processes?: readonly ProcessName[];
  /** Variables that commands in other terminals have to share with the processes, where they are set. */
  readonly sharedVariables?: readonly string[];
  readonly onProgress?: OnProgress;
}

/** Our own processes while they run. */
export interface RunningProcesses {
  readonly processes: readonly RunningProcess[];
  /** The variables that they were given, to reach them or to start more of them. */
  readonly environment: Readonly<Record<string, string>>;
  /** Stops only these; `stack.stop()` stops them as well, before the parts. */
  stop(): Promise<void>;
}

/**
 * Starts ingest, sink, worker and incidents as children of the stack, logs in files, and waits until `/healthz` on the metrics port
 * of each answers. Stopping goes the other way round: ingest last.
 */
export async function startProcesses(options: ProcessesOptions): Promise<RunningProcesses> {
  const { stack } = options;
  const names = PROCESS_NAMES.filter((name) => options.processes?.includes(name) ?? true);
  const ports: Record<string, number> = {};
  for (const name of names) {
    const demanded = demandedPorts(name, options.environment);
    Object.assign(ports, await stack.children.ports.choose(name, PORT_VARIABLES[name], demanded));
  }
  const environment: Record<string, string> = {
    ...present(options.environment),
    ...stack.environment,
    ...Object.fromEntries(Object.entries(ports).map(([name, port]) => [name, String(port)])),
    INGEST_SPOOL_DIRECTORY: spoolDirectory(stack.directory, options.environment),
    ...(names.includes('incidents') ? incidentVariables(options, ports['INCIDENT_PORT'] ?? 0) : {}),
  };
  const started: RunningProcess[] = [];
  try {
    const all = await Promise.all(names.map((name) => startProcess({ name, options, environment, ports })));
    started.push(...all);
  } catch (error) {
    await stack.children.stop(names);
    throw error;
  }
  stack.children.setProcesses(started, { ports, variables: sharedOf(options) });
  return {
    processes: started,
    environment,
    stop: async () => {
      await stack.children.stop(names);
      stack.children.setProcesses([], { ports: {}, variables: {} });
    },
  };
}

/** What the incidents process needs beside its ports; and Alertmanager, if there is one, is told where it is. */
function incidentVariables({ stack, environment }: ProcessesOptions, port: number): Record<string, string> {
  const made = incidentSecrets(stack.directory);
  const url = `http://${LOOPBACK}:${port}`;
  const token = environment['INCIDENT_TOKEN'] || made.token;
  if (tellsThem(stack, environment)) {
    writeReceivers(stackPaths(stack.directory).data('alertmanager'), { url, token });
  }
  return {
    INCIDENT_TOKEN: token,
    INCIDENT_LINK_SECRET: environment['INCIDENT_LINK_SECRET'] || made.linkSecret,
    INCIDENT_PUBLIC_URL: environment['INCIDENT_PUBLIC_URL'] || url,
  };
}

/** Whether an Alertmanager runs here that was not told to tell somebody else. */
const tellsThem = ({ parts }: Stack, environment: Variables): boolean =>
  parts.some(({ name }) => name === 'alertmanager') &&
  !environment['ALERT_WEBHOOK_URL'] &&
  !(environment['INCIDENT_URL'] && environment['INCIDENT_TOKEN']);

async function startProcess(input: {
  name: ProcessName;
  options: ProcessesOptions;
  environment: Record<string, string>;
  ports: Ports;
}): Promise<RunningProcess> {
  const { name, options, environment, ports } = input;
  const report = reporterFor(name, options.onProgress);
  const program = fileURLToPath(new URL(`../bin/${name}.ts`, import.meta.url));
  if (!existsSync(program)) throw new UnmogrowpError('part_start_failed', `${program} does not exist`);
  const logFile = join(stackPaths(options.stack.directory).logs, `${name}.log`);
  const metricsUrl = `http://${LOOPBACK}:${ports[METRICS_VARIABLE[name]]}`;
  const startedAt = performance.now();
  report('starting', '');
  const child = await options.stack.children.start({
    name,
    level: LEVEL_OF_FIRST_PROCESS + PROCESS_NAMES.indexOf(name),
    command: process.execPath,
    arguments: [program],
    workingDirectory: fileURLToPath(new URL('..', import.meta.url)),
    environment,
    logFile,
    stopSignal: 'SIGTERM',
    stopTimeoutMs: STOP_TIMEOUT_MS,
  });
  try {
    await waitUntilHealthy({
      check: () => answerOf(`${metricsUrl}/healthz`),
      timeoutMs: READY_TIMEOUT_MS,
      giveUp: child.ended,
    });
  } catch (error) {
    report('failed', reasonOf(error));
    throw new UnmogrowpError(
      'part_start_failed',
      `The process ${name} could not be started: ${reasonOf(error)}. The end of ${logFile}:\n${tailOf(logFile)}`,
      { cause: error },
    );
  }
  const service = SERVICE_VARIABLE[name];
  const address = service === undefined ? metricsUrl : `http://${LOOPBACK}:${ports[service]}`;
  report('ready', `at ${address}`);
  const version = ownVersion();
  return {
    name,
    version,
    address,
    metricsUrl,
    pid: child.pid,
    logFile,
    startedInMs: Math.round(performance.now() - startedAt),
  };
}

/** The ports that the caller has set; 0 means any. */
function demandedPorts(name: ProcessName, environment: Variables): Ports {
  return Object.fromEntries(
    Object.keys(PORT_VARIABLES[name]).flatMap((variable) =>
      environment[variable] ? [[variable, Number(environment[variable])]] : [],
    ),
  );
}

function present(environment: Variables): Record<string, string> {
  return Object.fromEntries(
    Object.entries(environment).filter((entry): entry is [string, string] => entry[1] !== undefined),
  );
}

function ownVersion(): string {
  const manifest = readFileSync(new URL('../package.json', import.meta.url), 'utf8');
  return (JSON.parse(manifest) as { version: string }).version;
}

function sharedOf({ sharedVariables = [], environment }: ProcessesOptions): Record<string, string> {
  return Object.fromEntries(
    sharedVariables.flatMap((name) => (environment[name] ? [[name, environment[name]] as const] : [])),
  );
}
