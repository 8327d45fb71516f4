import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parse } from 'yaml';
import { series } from '../../../otel/promql.ts';
import { PROMETHEUS } from '../../../otel/registry/external/prometheus.ts';
import { openPortBook } from '../../../stack/ports.ts';
import type { ScrapeTarget } from '../../../stack/types.ts';
import type { Pipeline } from '../pipeline.ts';

const PROGRAM = fileURLToPath(new URL('../../../bin/incidents.ts', import.meta.url));
const TOKEN = 'the token of a proof';
const READY_MS_MAX = 60_000;
const POLL_MS = 200;

/** A ladder of two rungs: a schedule in which nobody ever is on call, and a channel that refuses everything. */
const POLICY = `
channels: [{ id: deaf, kind: webhook, url_variable: PROOF_DEAF_URL, secret_variable: PROOF_DEAF_SECRET }]
schedules: [{ id: empty, time_zone: Etc/UTC }]
policies:
  - id: everything
    urgency: high
    steps:
      - { notify: [{ schedule: empty }], wait: 1s }
      - { notify: [{ channel: deaf }], wait: 1s }
    repeat: 0
    hold: 1s
`;

/** The process of incidents beside a pipeline, scraped by its Prometheus; Alertmanager goes on telling the proof. */
export interface IncidentsProcess {
  /** `kill -9`. */
  kill(): Promise<void>;
  start(): Promise<void>;
  /** Opens an incident by an alert that is not one of ours, or ends it. */
  tell(key: string, status: 'firing' | 'resolved'): Promise<void>;
}

const known = new WeakMap<Pipeline, Promise<IncidentsProcess>>();

/** The one of a pipeline, started when it is first asked for; it ends with the proof. */
export function incidentsOf(pipeline: Pipeline): Promise<IncidentsProcess> {
  const process = known.get(pipeline) ?? begin(pipeline);
  known.set(pipeline, process);
  return process;
}

async function begin(pipeline: Pipeline): Promise<IncidentsProcess> {
  const directory = mkdtempSync(join(tmpdir(), 'unmogrowp-incidents-'));
  const policyFile = join(directory, 'policy.yaml');
  writeFileSync(policyFile, POLICY);
  const book = openPortBook({ file: join(directory, 'ports.json'), preferDefaults: false });
  const ports = await book.choose('incidents', { INCIDENT_PORT: 0, INCIDENT_METRICS_PORT: 0 });
  const environment = {
    ...process.env,
    ...pipeline.variables,
    ...Object.fromEntries(Object.entries(ports).map(([name, port]) => [name, String(port)])),
    INCIDENT_TOKEN: TOKEN,
    INCIDENT_POLICY_FILE: policyFile,
    PROOF_DEAF_URL: await startDeafServer(),
    PROOF_DEAF_SECRET: 'c2VjcmV0IG9mIGEgcHJvb2Y=',
  };
  const target = `127.0.0.1:${ports['INCIDENT_METRICS_PORT']}`;
  await addTarget(pipeline, { targets: [target], labels: { job: 'incidents' } });
  let child: ChildProcess | undefined;
  process.once('exit', () => child?.kill('SIGKILL'));

  async function start(): Promise<void> {
    child = spawn(process.execPath, [PROGRAM], { env: environment, stdio: 'ignore' });
    await untilScraped(pipeline);
  }
  await start();
  return {
    start,
    async kill() {
      const ended = new Promise((resolve) => child?.once('exit', resolve));
      child?.kill('SIGKILL');
      await ended;
    },
    tell: (key, status) => tell(`http://127.0.0.1:${ports['INCIDENT_PORT']}`, key, status),
  };
}

const BEGUN_AT = new Date().toISOString();

async function tell(url: string, key: string, status: 'firing' | 'resolved'): Promise<void> {
  const response = await fetch(`${url}/v1/alerts`, {
    method: 'POST',
    headers: { authorization: `Bearer ${TOKEN}`, 'content-type': 'application/json' },
    body: JSON.stringify({ key, status, starts_at: BEGUN_AT, title: `a proof: ${key}`, severity: 'critical' }),
  });
  if (!response.ok) throw new Error(`the alert was not taken: ${response.status} ${await response.text()}`);
}

/** Takes messages and refuses them, so that nobody tries again. */
async function startDeafServer(): Promise<string> {
  const server = createServer((request, response) => {
    request.resume();
    response.writeHead(410).end();
  });
  server.unref();
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
}

/** Prometheus reads its targets from a file again and again; its own configuration says from which. */
async function addTarget({ prometheus }: Pipeline, target: ScrapeTarget): Promise<void> {
  const response = await fetch(`${prometheus.url}/api/v1/status/config`);
  const { data } = (await response.json()) as { data: { yaml: string } };
  const config = parse(data.yaml) as { scrape_configs: { file_sd_configs?: { files: string[] }[] }[] };
  const file = config.scrape_configs.flatMap(({ file_sd_configs: found = [] }) => found)[0]?.files[0];
  if (file === undefined) throw new Error('Prometheus reads its targets from no file');
  const targets = JSON.parse(readFileSync(file, 'utf8')) as ScrapeTarget[];
  writeFileSync(file, JSON.stringify([...targets, target]));
}

async function untilScraped({ prometheus }: Pipeline): Promise<void> {
  const giveUpAt = performance.now() + READY_MS_MAX;
  const up = `${series(PROMETHEUS.up, { job: 'incidents' })} == 1`;
  while ((await prometheus.query(up)).length === 0) {
    if (performance.now() > giveUpAt) throw new Error('the process of incidents is not scraped');
    await wait(POLL_MS);
  }
}
