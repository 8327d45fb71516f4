import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse } from 'yaml';
import { series } from '../../../otel/promql.ts';
import { PROMETHEUS } from '../../../otel/registry/external/prometheus.ts';
import type { ScrapeTarget } from '../../../stack/types.ts';
import { until } from '../until.ts';
import { type IncidentsProcess, createIncidents, placeOfIncidents } from '../incidents-process.ts';
import type { Pipeline } from '../pipeline.ts';

const SCRAPED_MS_MAX = 60_000;

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

const known = new WeakMap<Pipeline, Promise<IncidentsProcess>>();

/**
 * The process of incidents beside a pipeline, started when it is first asked for and scraped by its Prometheus; Alertmanager goes
 * on telling the proof.
 */
export function incidentsOf(pipeline: Pipeline, signal: AbortSignal): Promise<IncidentsProcess> {
  const incidents = known.get(pipeline) ?? begin(pipeline, signal);
  known.set(pipeline, incidents);
  return incidents;
}

async function begin(pipeline: Pipeline, signal: AbortSignal): Promise<IncidentsProcess> {
  const place = await placeOfIncidents(mkdtempSync(join(tmpdir(), 'unmogrowp-incidents-')));
  const named = { PROOF_DEAF_URL: await startDeafServer(), PROOF_DEAF_SECRET: 'c2VjcmV0IG9mIGEgcHJvb2Y=' };
  const incidents = createIncidents({ place, variables: { ...pipeline.variables, ...named }, policy: POLICY });
  await incidents.start();
  await addTarget(pipeline, { targets: [place.metrics], labels: { job: 'incidents' } });
  const up = `${series(PROMETHEUS.up, { job: 'incidents' })} == 1`;
  await until(
    () => 'the process of incidents is scraped',
    async () => ((await pipeline.prometheus.query(up)).length > 0 ? true : undefined),
    { timeoutMs: SCRAPED_MS_MAX, signal },
  );
  return incidents;
}

const BEGUN_AT = new Date().toISOString();

/** Opens an incident by an alert that is not one of ours, or ends it. */
export async function tellIncidents(
  incidents: IncidentsProcess,
  key: string,
  status: 'firing' | 'resolved',
): Promise<void> {
  const alert = { key, status, starts_at: BEGUN_AT, title: `a proof: ${key}`, severity: 'critical' };
  const response = await incidents.ask('/v1/alerts', alert);
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
