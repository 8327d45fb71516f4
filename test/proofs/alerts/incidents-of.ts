import { readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { DateTime } from 'luxon';
import { parse } from 'yaml';
import { series } from '../../../otel/promql.ts';
import { PROMETHEUS } from '../../../otel/registry/external/prometheus.ts';
import type { ScrapeTarget } from '../../../stack/types.ts';
import { until } from '../until.ts';
import { type IncidentsProcess, createIncidents, placeOfIncidents } from '../incidents-process.ts';
import type { Pipeline } from '../pipeline.ts';

const SCRAPED_MS_MAX = 60_000;

/** The key of an alert that reaches somebody. */
export const HEARD = 'heard';
/** A heartbeat that is missed after a second. */
export const PULSE = 'pulse';

/**
 * A ladder of two rungs: a schedule in which nobody ever is on call, and a channel that refuses everything. Somebody hears of one alert
 * alone, on a day on which nobody has to work.
 */
const policyOn = (weekday: string): string => `
people:
  - id: ada
    name: Ada Example
    time_zone: Etc/UTC
    contacts: [{ id: hook, kind: webhook, url_variable: PROOF_HEARING_URL, secret_variable: PROOF_SECRET }]
    notify: { high: [hook], low: [hook] }
channels: [{ id: deaf, kind: webhook, url_variable: PROOF_DEAF_URL, secret_variable: PROOF_SECRET }]
schedules: [{ id: empty, time_zone: Etc/UTC }]
support_hours: [{ id: office, time_zone: Etc/UTC, weekdays: [${weekday}], from: "09:00", to: "17:00" }]
heartbeats: [{ name: ${PULSE}, every: 1s, grace: 0s }]
policies:
  - id: heard
    matchers: [alertname="${HEARD}"]
    urgency: { support_hours: office, inside: high, outside: high }
    steps: [{ notify: [{ person: ada }], wait: 1h }]
    hold: 1h
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
  const place = await placeOfIncidents(join(pipeline.directory, 'incidents'));
  const named = {
    PROOF_DEAF_URL: await startServer(410),
    PROOF_HEARING_URL: await startServer(204),
    PROOF_SECRET: 'c2VjcmV0IG9mIGEgcHJvb2Y=',
  };
  const inThreeDays = DateTime.utc().plus({ days: 3 }).setLocale('en').weekdayLong.toLowerCase();
  const policy = policyOn(inThreeDays);
  const incidents = createIncidents({ place, variables: { ...pipeline.variables, ...named }, policy });
  pipeline.beforeStop(() => incidents.kill());
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

/** The title of an incident that was told under this key. */
export const titleOfTold = (key: string): string => `a proof: ${key}`;

/** Opens an incident by an alert that is not one of ours, or ends it; gives which incident that is. */
export async function tellIncidents(
  incidents: IncidentsProcess,
  key: string,
  status: 'firing' | 'resolved',
  startsAt = BEGUN_AT,
): Promise<string> {
  const alert = { key, status, starts_at: startsAt, title: titleOfTold(key), severity: 'critical' };
  const response = await incidents.ask('/v1/alerts', alert);
  if (!response.ok) throw new Error(`the alert was not taken: ${response.status} ${await response.text()}`);
  return ((await response.json()) as { incident_id: string }).incident_id;
}

/** Answers every message with this status: 410 refuses it for good. */
async function startServer(status: 204 | 410): Promise<string> {
  const server = createServer((request, response) => {
    request.resume();
    response.writeHead(status).end();
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
