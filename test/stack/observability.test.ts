import { execFile } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { beforeAll, expect, test } from 'vitest';
import { PARTS } from '../../stack/parts/all.ts';
import { isFree } from '../../stack/ports.ts';
import { identify } from '../../stack/procfs.ts';
import { obtainTool } from '../../stack/tools.ts';
import { PART_NAMES, PROCESS_NAMES } from '../../stack/types.ts';
import { askLoki, askPrometheus } from '../proofs/ask.ts';
import { startWebhook } from '../proofs/webhook.ts';
import { BUILD_MS_MAX, buildObservers } from '../support/observers.ts';
import { bareEnvironment, ownStack, stackDirectory, until } from './support.ts';
import { statusOf, up } from './up.ts';

const OBSERVERS = ['prometheus', 'alertmanager', 'loki'] as const;
/** PostgreSQL and Kafka have no metrics of their own. */
const JOBS = ['clickhouse', 'temporal', 'jaeger', ...OBSERVERS, ...PROCESS_NAMES];
const run = promisify(execFile);

beforeAll(buildObservers, BUILD_MS_MAX);

test('up --observability scrapes every part and process, finds their log lines, and stops without a trace', async () => {
  const directory = stackDirectory();
  const { child, exited, running } = await up(directory, '--observability');
  const { parts, processes, environment } = running;
  expect(parts.map(({ name }) => name)).toEqual([...PART_NAMES, ...OBSERVERS]);
  const healths = (await statusOf(directory)).map(({ name, health }) => `${name} ${health}`);
  expect(healths).toEqual([...PART_NAMES, ...OBSERVERS, ...PROCESS_NAMES].map((name) => `${name} up`));

  const prometheus = askPrometheus(environment['PROMETHEUS_URL'] ?? '');
  await until(async () => {
    const scraped = await prometheus.query('up == 1');
    return scraped.length === JOBS.length;
  });
  const jobs = (await prometheus.query('up == 1')).map(({ metric }) => metric['job'] ?? '');
  expect(jobs.toSorted()).toEqual(JOBS.toSorted());
  expect(await prometheus.query('unmogrowp_build_info{job="ingest"}')).toHaveLength(1);

  const loki = askLoki(environment['LOKI_URL'] ?? '');
  const range = { fromMs: Date.now() - 600_000 };
  await until(async () => (await loki.lines('{service="worker"}', range)).length > 0);

  child.kill('SIGINT');
  expect(await exited).toEqual([0, null]);
  expect([...parts, ...processes].filter(({ pid }) => identify(pid) !== undefined)).toEqual([]);
}, 240_000);

test('a restart takes what watches from the cache and finds its data', async () => {
  const directory = stackDirectory();
  const first = await ownStack({ directory, parts: [], observers: OBSERVERS });
  const atMs = Date.now();
  const line = { stream: { service: 'ingest', level: 'error', environment: 'test' }, atMs, line: 'remember me' };
  await askLoki(first.environment['LOKI_URL'] ?? '').push([{ ...line, metadata: { trace_id: 'ab12' } }]);
  const scraped = async (url: string | undefined) => askPrometheus(url ?? '').query('count_over_time(up[1h])');
  await until(async () => (await scraped(first.environment['PROMETHEUS_URL'])).length === OBSERVERS.length);
  await first.stop();
  expect(await Promise.all(first.parts.flatMap(({ ports }) => Object.values(ports)).map(isFree))).not.toContain(false);

  const building: string[] = [];
  const second = await ownStack({
    directory,
    parts: [],
    observers: OBSERVERS,
    onProgress: ({ part, state }) => {
      if (state === 'building') building.push(part);
    },
  });

  expect(building).toEqual([]);
  expect(second.environment).toEqual(first.environment);
  expect(second.parts.map(({ version }) => version)).toEqual(first.parts.map(({ version }) => version));
  const loki = askLoki(second.environment['LOKI_URL'] ?? '');
  const found = await loki.lines('{service="ingest"} | trace_id="ab12"', { fromMs: atMs - 60_000 });
  expect(found.map((one) => one.line)).toEqual(['remember me']);
  expect(await loki.labels({ fromMs: atMs - 60_000 })).toEqual(['environment', 'level', 'service']);
  const samples = await scraped(second.environment['PROMETHEUS_URL']);
  expect(samples.map(({ metric }) => metric['job'] ?? '').toSorted()).toEqual([...OBSERVERS].toSorted());
}, 180_000);

test('rules of a folder fire in Prometheus and Loki, and Alertmanager tells the webhook', async () => {
  const directory = stackDirectory();
  const webhook = await startWebhook();
  try {
    const stack = await ownStack({
      directory,
      parts: [],
      observers: OBSERVERS,
      environment: { ...bareEnvironment, ALERT_WEBHOOK_URL: webhook.url },
      tuning: { alertsDirectory: inRepository('test/stack/alerts'), scrapeIntervalMs: 500 },
    });
    const loki = askLoki(stack.environment['LOKI_URL'] ?? '');
    const stream = { service: 'ingest', level: 'error', environment: 'test' };
    await loki.push([{ stream, atMs: Date.now(), line: 'something broke' }]);

    for (const alertname of ['AlwaysFiring', 'LineBroke']) {
      const delivered = await webhook.until(({ labels }) => labels['alertname'] === alertname, { timeoutMs: 60_000 });
      expect(delivered, alertname).toMatchObject({ receiver: 'pager', status: 'firing' });
    }
  } finally {
    await webhook.stop();
  }
}, 120_000);

test('the tools that are built beside the servers accept what the servers are run with', async () => {
  const directory = stackDirectory();
  await ownStack({ directory, parts: [], observers: OBSERVERS });
  const data = (...names: string[]) => join(directory, 'data', ...names);

  const promtool = await obtainTool('promtool', bareEnvironment);
  const amtool = await obtainTool('amtool', bareEnvironment);
  const lokitool = await obtainTool('lokitool', bareEnvironment);

  const checked = await run(promtool, ['check', 'config', data('prometheus', 'prometheus.yaml')]);
  expect(checked.stdout).toContain('SUCCESS');
  expect((await run(amtool, ['check-config', data('alertmanager', 'alertmanager.yaml')])).stdout).toContain('SUCCESS');
  await run(lokitool, ['rules', 'check', inRepository('test/stack/alerts/loki.yaml')]);
});

test('the programs accept what containers are run with', async () => {
  const promtool = await obtainTool('promtool', bareEnvironment);
  const amtool = await obtainTool('amtool', bareEnvironment);
  const lokitool = await obtainTool('lokitool', bareEnvironment);
  const compose = (file: string) => inRepository(`stack/compose/${file}`);
  const alerts = (file: string) => inRepository(`alerts/generated/${file}`);

  // Its rules lie elsewhere in the container, so they are looked at by themselves.
  await run(promtool, ['check', 'config', '--syntax-only', compose('prometheus.yaml')]);
  await run(promtool, ['check', 'rules', alerts('prometheus.yaml')]);
  await run(amtool, ['check-config', alerts('alertmanager.yaml')]);
  await run(join(dirname(lokitool), 'loki'), ['-verify-config', `-config.file=${compose('loki.yaml')}`]);
  await run(lokitool, ['rules', 'check', alerts('loki.yaml')]);
});

test('Jaeger, which holds an OpenTelemetry collector, accepts the configuration of the one in a container', async () => {
  const { path = '' } = await PARTS.jaeger.plan(bareEnvironment);
  const config = join(stackDirectory(), 'otel-collector.yaml');
  // The exporter got another name after the release that Jaeger holds.
  const text = readFileSync(inRepository('stack/compose/otel-collector.yaml'), 'utf8');
  writeFileSync(config, text.replaceAll('otlp_grpc/', 'otlp/'));

  await run(path, ['validate', '--config', config]);
});

const inRepository = (path: string): string => fileURLToPath(new URL(`../../${path}`, import.meta.url));
