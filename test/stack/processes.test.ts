import { expect, test } from 'vitest';
import { startProcesses } from '../../stack/processes.ts';
import { environmentOfRunningStack } from '../../stack/running.ts';
import { stackStatus } from '../../stack/status.ts';
import { bareEnvironment, ownStack, stackDirectory, until } from './support.ts';

const PARTS = ['postgres', 'kafka'] as const;

test('our processes answer on ports of their own and are stopped before the parts', async () => {
  const directory = stackDirectory();
  const stopped: string[] = [];
  const onProgress = ({ part, state }: { part: string; state: string }) => {
    if (state === 'stopped') stopped.push(part);
  };
  const stack = await ownStack({ directory, parts: PARTS, onProgress });

  const { processes, environment } = await startProcesses({
    stack,
    environment: { ...bareEnvironment, KAFKA_PREFIX: 'shop-', ENVIRONMENT: 'shop' },
    processes: ['ingest'],
    sharedVariables: ['KAFKA_PREFIX', 'CLICKHOUSE_DATABASE'],
  });

  expect(processes.map(({ name }) => name)).toEqual(['ingest']);
  expect((await fetch(`${processes[0]?.address}/healthz`)).status).toBe(200);
  expect(environment).toMatchObject(stack.environment);
  expect(processes[0]?.address).toBe(`http://127.0.0.1:${environment['INGEST_PORT']}`);
  expect(environmentOfRunningStack(directory, {})['INGEST_PORT']).toBe(environment['INGEST_PORT']);
  const elsewhere = environmentOfRunningStack(directory, {});
  expect(elsewhere).toMatchObject({ KAFKA_PREFIX: 'shop-' });
  expect(Object.keys(elsewhere)).not.toContain('ENVIRONMENT');
  expect(environmentOfRunningStack(directory, { KAFKA_PREFIX: 'mine-' })['KAFKA_PREFIX']).toBeUndefined();
  await stack.stop();
  expect(stopped[0]).toBe('ingest');
  expect(stopped.slice(1).sort()).toEqual([...PARTS].sort());
});

test('status tells health, version, memory and address of each part and process, and what is down', async () => {
  const directory = stackDirectory();
  const ended: string[] = [];
  const stack = await ownStack({ directory, parts: PARTS, onUnexpectedExit: ({ name }) => ended.push(name) });
  await startProcesses({ stack, environment: bareEnvironment, processes: ['ingest'] });
  const status = async () => {
    const entries = await stackStatus({ directory, environment: bareEnvironment });
    return Object.fromEntries(entries.map((entry) => [entry.name, entry]));
  };

  const before = await status();
  for (const name of [...PARTS, 'ingest']) {
    expect(before[name]).toMatchObject({ health: 'up', pid: expect.any(Number) as number });
    expect(before[name]?.memoryBytes).toBeGreaterThan(10_000_000);
    expect(before[name]?.uptimeSeconds).toBeLessThan(60);
  }
  expect(before['postgres']).toMatchObject({ version: '18.4', source: 'npm', address: stack.addresses.postgres });
  expect(before['kafka']?.version).toBe('4.4.0');
  expect([before['temporal']?.health, before['worker']?.health]).toEqual(['down', 'off']);

  process.kill(before['ingest']?.pid ?? 0, 'SIGKILL');
  await until(() => ended.length > 0);

  expect(ended).toEqual(['ingest']);
  expect((await status())['ingest']).toMatchObject({
    health: 'down',
    problem: expect.stringContaining('ECONNREFUSED') as string,
  });
});
