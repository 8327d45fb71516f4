import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { DCLinter } from 'dclint';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';
import { parseEnv } from '../../env.ts';
import { VERSIONS } from '../../stack/versions.ts';

const ROOT = new URL('../../', import.meta.url);
const read = (path: string) => readFileSync(new URL(path, ROOT), 'utf8');
const compose: unknown = parse(read('docker-compose.yml'), { merge: true });

interface LintResult {
  readonly messages: readonly { type: string; line: number; message: string }[];
}

const OURS = ['migrate', 'ingest', 'sink', 'worker'];
const service = z.object({
  image: z.string(),
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
const { services } = z
  .object({ services: z.record(z.string(), service), volumes: z.record(z.string(), z.null()) })
  .parse(compose);

test('docker-compose.yml is valid by the schema of the Compose Specification and its linter', () => {
  // Our image has a name so that the four services that share it build it once.
  const linter = new DCLinter({ rules: { 'no-build-and-image': 0 }, quiet: true, debug: false, exclude: [] });
  const results: LintResult[] = linter.lintFiles([fileURLToPath(new URL('docker-compose.yml', ROOT))], false);
  expect(results).toHaveLength(1);
  // Its warnings are about the order of keys only.
  const errors = results.flatMap((result) => result.messages).filter(({ type }) => type === 'error');
  expect(errors.map(({ line, message }) => `${line}: ${message}`)).toEqual([]);
});

test('every image is pinned to one version', () => {
  const images = Object.entries(services).filter(([name]) => !OURS.includes(name));
  for (const [, { image }] of images) expect(image).toMatch(/:\d+\.\d+[\d.]*$/);
});

test('nothing is reachable from other machines', () => {
  const ports = Object.values(services).flatMap((one) => one.ports);
  expect(ports.length).toBeGreaterThan(0);
  for (const port of ports) expect(port).toMatch(/^127\.0\.0\.1:\d+:\d+$/);
});

test('whoever needs a service waits until it is healthy', () => {
  for (const { depends_on: dependencies } of Object.values(services)) {
    for (const [name, { condition }] of Object.entries(dependencies)) {
      const dependency = services[name];
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
  const mounted = Object.values(services)
    .flatMap((one) => one.volumes)
    .filter((volume) => volume.startsWith('./'));
  expect(mounted.length).toBeGreaterThan(0);
  for (const volume of mounted)
    expect(existsSync(fileURLToPath(new URL(volume.split(':')[0] ?? '', ROOT))), volume).toBe(true);
});

test('the containers know the same parts and search attributes as the stack on one machine', () => {
  for (const name of ['clickhouse', 'postgres', 'kafka', 'temporal', 'jaeger', 'ingest', 'sink', 'worker']) {
    expect(Object.keys(services)).toContain(name);
  }
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
    const environment = services[name]?.environment ?? {};
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
});

/** `${NAME:-default}` as Compose reads it when NAME is not set. */
function withDefaults(text: string): string {
  return text.replaceAll(/\$\{\w+:-([^}]*)\}/g, '$1');
}
