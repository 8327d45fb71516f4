import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, mkdirSync, openSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { openPortBook } from '../../stack/ports.ts';

const PROGRAM = fileURLToPath(new URL('../../bin/incidents.ts', import.meta.url));
const TOKEN = 'the-token-of-a-proof';
const READY_MS_MAX = 60_000;
const POLL_MS = 100;

/** Where the process of incidents will be, before it runs: Alertmanager has to know it. */
export interface IncidentsPlace {
  readonly directory: string;
  readonly url: string;
  readonly token: string;
  /** Host and port of its metrics. */
  readonly metrics: string;
  readonly variables: Readonly<Record<string, string>>;
}

/** Chooses its ports; what it writes goes into the folder. */
export async function placeOfIncidents(directory: string): Promise<IncidentsPlace> {
  mkdirSync(directory, { recursive: true });
  const book = openPortBook({ file: join(directory, 'ports.json'), preferDefaults: false });
  const ports = await book.choose('incidents', { INCIDENT_PORT: 0, INCIDENT_METRICS_PORT: 0 });
  const url = `http://127.0.0.1:${ports['INCIDENT_PORT']}`;
  return {
    directory,
    url,
    token: TOKEN,
    metrics: `127.0.0.1:${ports['INCIDENT_METRICS_PORT']}`,
    variables: {
      ...Object.fromEntries(Object.entries(ports).map(([name, port]) => [name, String(port)])),
      INCIDENT_TOKEN: TOKEN,
      INCIDENT_URL: url,
      INCIDENT_PUBLIC_URL: url,
      INCIDENT_LINK_SECRET: 'the key that signs the links of a proof',
    },
  };
}

/** The process of incidents beside a pipeline. */
export interface IncidentsProcess {
  readonly place: IncidentsPlace;
  /** Every address and setting, for a command line that is to reach it. */
  readonly variables: Readonly<Record<string, string>>;
  /** `kill -9`. */
  kill(): Promise<void>;
  /** Resolves when it takes alerts. */
  start(): Promise<void>;
  /** Asks its HTTP interface with the token; `path` begins with a slash. */
  ask(path: string, body?: unknown): Promise<Response>;
}

export interface IncidentsOptions {
  readonly place: IncidentsPlace;
  /** Those of the pipeline, and what the policy names. */
  readonly variables: Readonly<Record<string, string>>;
  /** The policy as YAML. */
  readonly policy: string;
}

/** Makes the process, which is started by `start`; it ends with the proof, however that ends. */
export function createIncidents({ place, variables: given, policy }: IncidentsOptions): IncidentsProcess {
  const policyFile = join(place.directory, 'policy.yaml');
  writeFileSync(policyFile, policy);
  const variables = { ...given, ...place.variables, INCIDENT_POLICY_FILE: policyFile };
  let child: ChildProcess | undefined;
  process.once('exit', () => child?.kill('SIGKILL'));
  const ask: IncidentsProcess['ask'] = (path, body) =>
    fetch(`${place.url}${path}`, {
      method: body === undefined ? 'GET' : 'POST',
      headers: { authorization: `Bearer ${place.token}`, 'content-type': 'application/json', connection: 'close' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
  const isHealthy = (): Promise<boolean> =>
    ask('/healthz').then(
      (response) => response.ok,
      () => false,
    );
  return {
    place,
    variables,
    ask,
    async start() {
      const log = openSync(join(place.directory, 'incidents.log'), 'a');
      child = spawn(process.execPath, [PROGRAM], {
        env: { ...process.env, ...variables },
        stdio: ['ignore', log, log],
      });
      closeSync(log);
      const giveUpAt = performance.now() + READY_MS_MAX;
      while (!(await isHealthy())) {
        if (performance.now() > giveUpAt || child.exitCode !== null)
          throw new Error(`the process of incidents is not ready, see ${place.directory}/incidents.log`);
        await wait(POLL_MS);
      }
    },
    async kill() {
      if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
      const ended = new Promise((resolve) => child?.once('exit', resolve));
      child.kill('SIGKILL');
      await ended;
    },
  };
}
