import { chmodSync, existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { startStack } from '../../stack/stack.ts';
import type { ProgressEvent } from '../../stack/types.ts';
import { bareEnvironment, ownStack, stackDirectory } from './support.ts';

test('a machine without Go, Java and Maven gets one message before any work', async () => {
  const root = stackDirectory();
  const [directory, cache, programs] = [join(root, 'stack'), join(root, 'cache'), join(root, 'bin')];
  mkdirSync(programs);
  const events: ProgressEvent[] = [];
  const environment = { ...bareEnvironment, PATH: programs, UNMOGROWP_CACHE_DIRECTORY: cache };

  const observers = ['prometheus', 'alertmanager', 'loki'] as const;
  const onProgress = (event: ProgressEvent) => events.push(event);
  const failure = await failureOf(startStack({ directory, environment, observers, onProgress }));

  expect(failure.code).toBe('toolchain_missing');
  for (const words of [
    'Go (go)',
    'Java (java)',
    'Maven (mvn)',
    'https://go.dev/dl',
    'openjdk-17',
    'apt-get install maven',
  ]) {
    expect(failure.message).toContain(words);
  }
  for (const variable of [
    'KAFKA_BROKERS',
    'TEMPORAL_ADDRESS',
    'OTEL_EXPORTER_OTLP_ENDPOINT and JAEGER_QUERY_URL',
    'PROMETHEUS_URL',
    'ALERTMANAGER_URL',
    'LOKI_URL',
  ]) {
    expect(failure.message).toContain(variable);
  }
  expect(events).toEqual([]);
  expect([existsSync(directory), existsSync(cache)]).toEqual([false, false]);
});

test('a tool that is too old is told with its version and place', async () => {
  const root = stackDirectory();
  const java = join(root, 'java');
  writeFileSync(java, '#!/bin/sh\necho \'openjdk version "11.0.2"\' >&2\n');
  chmodSync(java, 0o755);
  const environment = { ...bareEnvironment, PATH: `${root}:/bin`, UNMOGROWP_CACHE_DIRECTORY: join(root, 'cache') };

  const failure = await failureOf(startStack({ directory: join(root, 'stack'), environment, parts: ['kafka'] }));

  expect(failure.message).toContain(`Java 11.0.2 at ${java} is older than 17`);
});

test('an address in the environment replaces the part', async () => {
  const theirs = await ownStack({ directory: stackDirectory(), parts: ['postgres'] });
  const environment = { ...bareEnvironment, POSTGRES_URL: theirs.environment['POSTGRES_URL'] };

  const ours = await ownStack({ directory: stackDirectory(), parts: ['postgres'], environment });

  expect(ours.environment['POSTGRES_URL']).toBe(theirs.environment['POSTGRES_URL']);
  expect(ours.parts).toMatchObject([{ name: 'postgres', source: 'environment', version: '18.4' }]);
  expect(ours.parts[0]?.pid).toBeUndefined();
  expect(ours.addresses.postgres).toMatch(/^postgres:\/\/postgres:\*\*\*@/);
});

test.for([
  ['CLICKHOUSE_URL', 'http://127.0.0.1:1', 'ClickHouse'],
  ['POSTGRES_URL', 'postgres://someone:secret@127.0.0.1:1/postgres', 'PostgreSQL'],
  ['KAFKA_BROKERS', '127.0.0.1:1', 'Kafka'],
  ['TEMPORAL_ADDRESS', '127.0.0.1:1', 'Temporal'],
  ['PROMETHEUS_URL', 'http://127.0.0.1:1', 'Prometheus'],
  ['LOKI_URL', 'http://127.0.0.1:1', 'Loki'],
] as const)(
  '%s where nothing answers is refused by name before anything is started',
  async ([variable, address, title]) => {
    const directory = join(stackDirectory(), 'stack');
    const parts = ['clickhouse', 'postgres', 'kafka', 'temporal'] as const;
    const observers = ['prometheus', 'loki'] as const;

    const failure = await failureOf(
      startStack({ directory, environment: { ...bareEnvironment, [variable]: address }, parts, observers }),
    );

    expect(failure.code).toBe('part_start_failed');
    expect(failure.message).toContain(`${title} at `);
    expect(failure.message).toContain(variable);
    expect(failure.message).not.toContain('secret');
    expect(existsSync(directory)).toBe(false);
  },
);

test('half of the addresses of Jaeger is refused', async () => {
  const environment = { ...bareEnvironment, JAEGER_QUERY_URL: 'http://127.0.0.1:16686' };

  const failure = await failureOf(startStack({ directory: stackDirectory(), environment, parts: ['jaeger'] }));

  expect(failure).toMatchObject({ code: 'configuration_invalid' });
  expect(failure.message).toContain('OTEL_EXPORTER_OTLP_ENDPOINT');
});

async function failureOf(start: Promise<{ stop(): Promise<void> }>): Promise<Error & { code: string }> {
  try {
    await (await start).stop();
  } catch (error) {
    return error as Error & { code: string };
  }
  throw new Error('the stack was started');
}
