import { spawn } from 'node:child_process';
import { text } from 'node:stream/consumers';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { createRandom } from '../../events/generator-random.ts';
import { hasGrafana } from '../../stack/parts/grafana.ts';
import { scrapeTargets } from '../../stack/targets.ts';
import { PART_NAMES, PIPELINE_PROCESSES, type ScrapeTarget, type StackTuning } from '../../stack/types.ts';
import { type Part, startPart } from '../faults/part.ts';
import { type DiskName, type Stage, openStage } from '../faults/stage.ts';
import { type Alertmanager, askAlertmanager, askLoki, askPrometheus, type Loki, type Prometheus } from './ask.ts';
import { startWebhook, type Webhook } from './webhook.ts';

const SCRAPE_INTERVAL_MS_DEFAULT = 1_000;
const SCRAPED_MS_MAX = 60_000;
const POLL_MS = 200;
const PROGRAM = fileURLToPath(new URL('../../bin/unmogrowp.ts', import.meta.url));

export interface PipelineOptions {
  /** Where everything is kept that runs; the caller removes it. */
  readonly directory: string;
  readonly signal: AbortSignal;
  readonly seed: number;
  /** The folder of `prometheus.yaml`, `loki.yaml` and `alertmanager.yaml`. Default: what is committed. */
  readonly alertsDirectory?: string;
  /** Default: 1 s. */
  readonly scrapeIntervalMs?: number;
  /** Over the settings of our processes. */
  readonly settings?: Readonly<Record<string, string>>;
  /** Whom Alertmanager tells instead of a webhook of the proof's own. */
  readonly told?: {
    readonly incidentsUrl: string;
    readonly incidentsToken: string;
    /** A chat for what must not go through incidents. */
    readonly chatUrl: string;
  };
  /** Disks of their own, so that they can be filled (needs root). */
  readonly disks?: readonly DiskName[];
}

/** What a command said. */
export interface CommandResult {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** The whole platform with everything that watches it, all of it the proof's own. */
export interface Pipeline {
  /** Where everything is kept that runs. */
  readonly directory: string;
  /** Parts, lines in front of them, and processes, each of which can be killed, frozen, cut and started again. */
  readonly stage: Stage;
  /** The same for what watches: Grafana only with GRAFANA_HOME. */
  readonly observers: Observers;
  readonly prometheus: Prometheus;
  readonly loki: Loki;
  readonly alertmanager: Alertmanager;
  readonly grafanaUrl: string | undefined;
  /** What Alertmanager has told to whom. */
  readonly webhook: Webhook;
  /** Every address and setting, for a program that is to reach all of it. */
  readonly variables: Readonly<Record<string, string>>;
  /** Runs one command line of ours on it. */
  unmogrowp(...args: string[]): Promise<CommandResult>;
  /** Has something done before all else when it stops: for what runs beside it and holds its parts. */
  beforeStop(end: () => Promise<unknown>): void;
  stop(): Promise<void>;
}

export interface Observers {
  readonly prometheus: Part<'prometheus'>;
  readonly alertmanager: Part<'alertmanager'>;
  readonly loki: Part<'loki'>;
  readonly grafana?: Part<'grafana'>;
}

/** Spans of all requests, and every line of the log, go to where they are looked for. */
const SETTINGS = { TRACE_SAMPLE_RATIO: '1', LOG_LEVEL: 'info', ENVIRONMENT: 'proof' } as const;

/**
 * Starts all parts, our processes, and everything that watches them, on free ports; resolves when every target has been
 * scraped. What was begun is ended when it fails.
 */
export async function openPipeline(options: PipelineOptions): Promise<Pipeline> {
  const ends: (() => Promise<unknown>)[] = [];
  const stop = async (): Promise<void> => {
    for (const end of ends.splice(0).toReversed()) await end();
  };
  try {
    const pipeline = await openAll(options, ends, stop);
    await untilScraped(pipeline.prometheus, options.signal);
    return pipeline;
  } catch (error) {
    await stop();
    throw error;
  }
}

async function openAll(
  options: PipelineOptions,
  ends: (() => Promise<unknown>)[],
  stop: () => Promise<void>,
): Promise<Pipeline> {
  const { directory, signal, seed } = options;
  const tuning: StackTuning = {
    scrapeIntervalMs: options.scrapeIntervalMs ?? SCRAPE_INTERVAL_MS_DEFAULT,
    ...(options.alertsDirectory === undefined ? {} : { alertsDirectory: options.alertsDirectory }),
  };
  const webhook = await startWebhook();
  ends.push(() => webhook.stop());
  const owned = { directory, tuning, signal };
  const kept = async <P extends { stop(): Promise<void> }>(starting: Promise<P>): Promise<P> => {
    const part = await starting;
    ends.push(() => part.stop());
    return part;
  };
  const alertmanager = await kept(
    startPart('alertmanager', { ...owned, environment: whomAlertmanagerTells(options, webhook) }),
  );
  const loki = await kept(startPart('loki', { ...owned, environment: alertmanager.variables }));
  const stage = await kept(
    openStage({
      directory,
      disks: options.disks ?? [],
      random: createRandom(seed),
      // Log lines go to Loki from the first on.
      settings: { ...SETTINGS, ...loki.variables, ...options.settings },
      signal,
    }),
  );
  const targets = targetsOf(stage, [alertmanager, loki]);
  const prometheus = await kept(startPart('prometheus', { ...owned, environment: alertmanager.variables, targets }));
  const variables = {
    ...stage.variables,
    ...alertmanager.variables,
    ...loki.variables,
    ...prometheus.variables,
  };
  const grafana = hasGrafana(process.env)
    ? await kept(startPart('grafana', { ...owned, environment: variables }))
    : undefined;
  return {
    directory,
    stage,
    observers: { prometheus, alertmanager, loki, ...(grafana === undefined ? {} : { grafana }) },
    prometheus: askPrometheus(prometheus.variables['PROMETHEUS_URL'] ?? ''),
    loki: askLoki(loki.variables['LOKI_URL'] ?? ''),
    alertmanager: askAlertmanager(alertmanager.variables['ALERTMANAGER_URL'] ?? ''),
    grafanaUrl: grafana?.variables['GRAFANA_URL'],
    webhook,
    variables,
    unmogrowp: (...args) => runUnmogrowp(args, variables),
    beforeStop: (end) => void ends.push(end),
    stop,
  };
}

function whomAlertmanagerTells({ told }: PipelineOptions, webhook: Webhook): Record<string, string> {
  if (told === undefined) return { ALERT_WEBHOOK_URL: webhook.url };
  return {
    INCIDENT_URL: told.incidentsUrl,
    INCIDENT_TOKEN: told.incidentsToken,
    ALERT_DIRECT_URL: told.chatUrl,
  };
}

function targetsOf(stage: Stage, observers: readonly Part<'alertmanager' | 'loki'>[]): ScrapeTarget[] {
  const parts = [...PART_NAMES.map((name) => stage.parts[name]), ...observers];
  const processes = PIPELINE_PROCESSES.map((name) => ({ name, metricsUrl: `http://${stage.metrics[name]}` }));
  return scrapeTargets({ parts, processes });
}

/** Waits until every target has been scraped well. */
async function untilScraped(prometheus: Prometheus, signal: AbortSignal): Promise<void> {
  const giveUpAt = performance.now() + SCRAPED_MS_MAX;
  for (;;) {
    const targets = await prometheus.targets();
    const bad = targets.filter(({ health }) => health !== 'up');
    if (targets.length > 1 && bad.length === 0) return;
    if (performance.now() > giveUpAt) {
      const told = bad.map(({ labels, lastError }) => `${labels['job']}: ${lastError || 'not scraped yet'}`);
      throw new Error(`not all targets are scraped: ${told.join('; ') || 'there are none'}`);
    }
    await wait(POLL_MS, undefined, { signal });
  }
}

/** Runs one command line of ours with these addresses and settings. */
export async function runUnmogrowp(
  args: readonly string[],
  variables: Readonly<Record<string, string>>,
): Promise<CommandResult> {
  const child = spawn(process.execPath, [PROGRAM, ...args], {
    env: { ...process.env, ...variables },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const ended = new Promise<number>((resolve) => child.on('close', (code) => resolve(code ?? -1)));
  const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr)]);
  return { code: await ended, stdout, stderr };
}
