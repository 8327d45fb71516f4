import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { DCLinter } from 'dclint';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';
import { parseEnv } from '../../env.ts';
import { PARTS } from '../../stack/parts/all.ts';
import { grafanaUserXml } from '../../stack/parts/clickhouse-grafana.ts';
import { lokiConfig } from '../../stack/parts/loki-config.ts';
import { PART_NAMES, PROCESS_NAMES } from '../../stack/types.ts';
import { VERSIONS } from '../../stack/versions.ts';

const ROOT = new URL('../../', import.meta.url);
const read = (path: string) => readFileSync(new URL(path, ROOT), 'utf8');

interface LintResult {
  readonly messages: readonly { type: string; line: number; message: string }[];
}

const FILES = ['docker-compose.yml', 'docker-compose.observability.yml'] as const;
const OURS = ['migrate', ...PROCESS_NAMES];
const service = z.object({
  image: z.string().optional(),
  ports: z.array(z.string()).default([]),
  volumes: z.array(z.string()).default([]),
  healthcheck: z.object({ test: z.array(z.string()) }).optional(),
  stop_grace_period: z
    .string()
    .regex(/^\d+s$/)
    .optional(),
  environment: z.record(z.string(), z.union([z.string(), z.number()])).default({}),
  depends_on: z
    .record(z.string(), z.object({ condition: z.enum(['service_healthy', 'service_completed_successfully']) }))
    .default({}),
});
type Services = Record<string, z.infer<typeof service>>;
const servicesOf = (file: string): Services =>
  z
    .object({ services: z.record(z.string(), service), volumes: z.record(z.string(), z.null()) })
    .parse(parse(read(file), { merge: true })).services;
const services = servicesOf('docker-compose.yml');
const observers = servicesOf('docker-compose.observability.yml');
/** Both files as Compose puts one over the other, as far as these tests look. */
const all: Services = Object.fromEntries(
  Object.keys({ ...services, ...observers }).map((name) => {
    const [base, over] = [services[name], observers[name]];
    if (base === undefined || over === undefined) return [name, base ?? over];
    const volumes = [...base.volumes, ...over.volumes];
    return [name, { ...base, volumes, environment: { ...base.environment, ...over.environment } }];
  }),
) as Services;

test.for(FILES)('%s is valid by the schema of the Compose Specification and its linter', (file) => {
  // Our image has a name so that the services that share it build it once.
  const linter = new DCLinter({ rules: { 'no-build-and-image': 0 }, quiet: true, debug: false, exclude: [] });
  const results: LintResult[] = linter.lintFiles([fileURLToPath(new URL(file, ROOT))], false);
  expect(results).toHaveLength(1);
  // Its warnings are about the order of keys only.
  const errors = results.flatMap((result) => result.messages).filter(({ type }) => type === 'error');
  expect(errors.map(({ line, message }) => `${line}: ${message}`)).toEqual([]);
});

test('every image is pinned to one version', () => {
  const images = Object.entries(all).filter(([name]) => !OURS.includes(name));
  for (const [name, { image }] of images) expect(image, name).toMatch(/:v?\d+\.\d+[\d.]*$/);
});

test('nothing is reachable from other machines', () => {
  const ports = Object.values(all).flatMap((one) => one.ports);
  expect(ports.length).toBeGreaterThan(0);
  for (const port of ports) expect(port).toMatch(/^127\.0\.0\.1:\d+:\d+$/);
});

test('whoever needs a service waits until it is healthy', () => {
  for (const { depends_on: dependencies } of Object.values(all)) {
    for (const [name, { condition }] of Object.entries(dependencies)) {
      const dependency = all[name];
      expect(dependency, name).toBeDefined();
      if (condition === 'service_healthy') expect(dependency?.healthcheck, name).toBeDefined();
    }
  }
});

test('our processes are given the time that they take to stop in order', () => {
  for (const name of OURS.filter((one) => one !== 'migrate')) {
    const graceMs = Number.parseInt(services[name]?.stop_grace_period ?? '10s', 10) * 1_000;
    expect(graceMs, name).toBeGreaterThan(parseEnv({}).INGEST_SHUTDOWN_TIMEOUT_MS + 5_000);
  }
});

test('every file that a service mounts is there', () => {
  const mounted = Object.values(all)
    .flatMap((one) => one.volumes)
    .filter((volume) => volume.startsWith('./'));
  expect(mounted.length).toBeGreaterThan(0);
  for (const volume of mounted)
    expect(existsSync(fileURLToPath(new URL(volume.split(':')[0] ?? '', ROOT))), volume).toBe(true);
});

test('the containers know the same parts and search attributes as the stack on one machine', () => {
  for (const name of [...PART_NAMES, ...PROCESS_NAMES]) expect(Object.keys(services)).toContain(name);
  const addresses = [
    'KAFKA_BROKERS',
    'CLICKHOUSE_URL',
    'POSTGRES_URL',
    'TEMPORAL_ADDRESS',
    'OTEL_EXPORTER_OTLP_ENDPOINT',
  ];
  for (const name of OURS)
    expect(Object.keys(services[name]?.environment ?? {})).toEqual(expect.arrayContaining(addresses));
  const local = [...read('stack/parts/temporal.ts').matchAll(/'(Unmogrowp\w+)=(\w+)'/g)].map(
    ([, name, type]) => `make ${name} ${type}`,
  );
  expect(local).toHaveLength(3);
  for (const line of local) expect(read('stack/compose/temporal-namespace.sh')).toContain(line);
});

test('our containers set variables that our processes read, to values that they accept', () => {
  for (const name of OURS) {
    const environment = all[name]?.environment ?? {};
    const values = Object.entries(environment).map(([variable, value]) => [variable, withDefaults(String(value))]);
    const parsed: Record<string, unknown> = parseEnv(Object.fromEntries(values) as Record<string, string>);
    for (const variable of Object.keys(environment)) expect(Object.keys(parsed)).toContain(variable);
  }
});

test('the wrapper files pin the versions by which builds are cached', () => {
  expect(read('stack/kafka/pom.xml')).toContain(`<version>${VERSIONS.kafka}</version>`);
  expect(read('stack/temporal-test-server/pom.xml')).toContain(`<version>${VERSIONS.temporalTestServer}</version>`);
  const [temporal, sqlite] = VERSIONS.temporal.split('-sqlite-');
  expect(read('stack/temporal/go.mod')).toContain(`github.com/temporalio/cli v${temporal}`);
  expect(read('stack/temporal/go.mod')).toContain(`modernc.org/sqlite v${sqlite}`);
  expect(read('stack/jaeger/go.mod')).toContain(`github.com/jaegertracing/jaeger v${VERSIONS.jaeger}`);
  // Release 3.16.0 is the module v0.316.0.
  const [major, minor, patch] = VERSIONS.prometheus.split('.');
  expect(read('stack/prometheus/go.mod')).toContain(`github.com/prometheus/prometheus v0.${major}${minor}.${patch}`);
  expect(read('stack/alertmanager/go.mod')).toContain(`github.com/prometheus/alertmanager v${VERSIONS.alertmanager}`);
  expect(read('stack/loki/go.mod')).toContain(`github.com/grafana/loki/v3 v${VERSIONS.loki}`);
});

test('what watches is the same in containers as on one machine', () => {
  expect(observers['prometheus']?.image).toBe(`prom/prometheus:v${VERSIONS.prometheus}`);
  expect(observers['alertmanager']?.image).toBe(`prom/alertmanager:v${VERSIONS.alertmanager}`);
  expect(observers['loki']?.image).toBe(`grafana/loki:${VERSIONS.loki}`);
  const xml = grafanaUserXml({
    database: 'unmogrowp',
    password: '<password from_env="GRAFANA_CLICKHOUSE_PASSWORD"/>',
    network: '::/0',
  });
  expect(read('stack/compose/clickhouse-grafana.xml')).toBe(xml);
  const loki = lokiConfig({ dataDirectory: '/loki', ports: {}, addresses: {}, tuning: {} });
  for (const key of ['auth_enabled', 'analytics', 'schema_config', 'limits_config', 'compactor'])
    expect(section(read('stack/compose/loki.yaml'), key), key).toEqual(section(loki, key));
  const jobs = z
    .object({ scrape_configs: z.array(z.object({ job_name: z.string() })) })
    .parse(parse(read('stack/compose/prometheus.yaml')))
    .scrape_configs.map(({ job_name: job }) => job);
  const onOneMachine = Object.values(PARTS).filter(({ metricsListener }) => metricsListener !== undefined);
  expect(jobs.toSorted()).toEqual(
    [...PROCESS_NAMES, ...onOneMachine.map(({ name }) => name), 'otel-collector'].toSorted(),
  );
});

test('Grafana in its container is given every variable that the provisioning asks for', () => {
  const texts = ['datasources/datasources.yaml', 'dashboards/boards.yaml'].map((file) =>
    read(`dashboards/provisioning/${file}`),
  );
  const asked = [...new Set(texts.flatMap((text) => text.match(/(?<!\$)\$[A-Z_]+/g) ?? []))];
  expect(asked.length).toBeGreaterThan(5);
  for (const variable of asked)
    expect(Object.keys(observers['grafana']?.environment ?? {})).toContain(variable.slice(1));
});

test('each receiver of alerts has its address in a file where Alertmanager looks', () => {
  const config = read('alerts/generated/alertmanager.yaml');
  const compose = read('docker-compose.observability.yml');
  const files = config.match(/(?<=url_file: )\S+/g) ?? [];
  expect(files.length).toBeGreaterThan(0);
  for (const file of files) expect(compose).toContain(`target: /alertmanager/${file}\n`);
  // Alertmanager looks for addresses where it was started, and for the token where its configuration is.
  const [token] = config.match(/(?<=credentials_file: )\S+/) ?? [];
  expect(compose).toContain(`target: /etc/alertmanager/${token}\n`);
});

const section = (text: string, key: string): unknown => (parse(text) as Record<string, unknown>)[key];

/** `${NAME:-default}` as Compose reads it when NAME is not set. */
function withDefaults(text: string): string {
  return text.replaceAll(/\$\{\w+:-([^}]*)\}/g, '$1');
}
