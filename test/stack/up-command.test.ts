import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { expect, onTestFinished, test } from 'vitest';
import { identify } from '../../stack/procfs.ts';
import { PART_NAMES, PROCESS_NAMES } from '../../stack/types.ts';
import { askClickHouse, bareEnvironment, stackDirectory } from './support.ts';
import { elsewhere, PROGRAM, statusOf, up } from './up.ts';

test('up runs all parts and processes, status sees them, Ctrl-C leaves none of them, and the next up finds its data', async () => {
  const directory = stackDirectory();
  const first = await up(directory);
  const { parts, processes, environment } = first.running;
  expect(parts.map(({ name }) => name)).toEqual([...PART_NAMES]);
  expect(processes.map(({ name }) => name)).toEqual([...PROCESS_NAMES]);
  const status = await statusOf(directory);
  expect(status.map(({ name, health }) => `${name} ${health}`)).toEqual(
    [...PART_NAMES, ...PROCESS_NAMES].map((name) => `${name} up`),
  );
  expect(status.filter(({ version }) => version === undefined)).toEqual([]);
  await askClickHouse(environment['CLICKHOUSE_URL'] ?? '', 'CREATE DATABASE kept');
  await elsewhere(directory, 'tenant', 'create', 'acme');
  await expect(elsewhere(directory, 'up', '--free-ports')).rejects.toMatchObject({
    code: 1,
    stderr: expect.stringMatching(/^error: The stack in .* is already run .*\(stack_busy\)\n$/) as string,
  });

  first.child.kill('SIGINT');
  expect(await first.exited).toEqual([0, null]);
  expect([...parts, ...processes].filter(({ pid }) => identify(pid) !== undefined)).toEqual([]);

  const second = await up(directory);
  expect(second.running.environment).toEqual(environment);
  const databases = await askClickHouse(environment['CLICKHOUSE_URL'] ?? '', 'SHOW DATABASES');
  expect(databases.split('\n')).toEqual(expect.arrayContaining(['kept', 'unmogrowp']));
  expect((await elsewhere(directory, 'tenant', 'list')).stdout).toContain('acme');
  second.child.kill('SIGTERM');
  expect(await second.exited).toEqual([0, null]);
}, 240_000);

test('Ctrl-C during the start stops what was started and ends as an interruption, not as an error', async () => {
  const directory = stackDirectory();
  const child = spawn(process.execPath, [PROGRAM, 'up', '--free-ports', '--directory', directory], {
    env: bareEnvironment,
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  const exited = once(child, 'exit');
  let [progress, isInterrupted] = ['', false];
  for await (const chunk of child.stderr) {
    progress += String(chunk);
    if (!isInterrupted && /clickhouse +starting/.test(progress)) isInterrupted = child.kill('SIGINT');
  }
  expect(await exited).toEqual([130, null]);
  expect(progress).toContain('Interrupted');
  expect(progress).not.toContain('error');
}, 120_000);

test.for([
  ['--clickhouse-memory', 'much'],
  ['--clickhouse-memory', '0'],
  ['--directory', '/dev/null'],
])('up %s %s is refused before anything is started', async ([option = '', value = '']) => {
  const refused = elsewhere(stackDirectory(), 'up', option, value);
  await expect(refused).rejects.toMatchObject({ stderr: expect.stringContaining(value) as string });
  await expect(refused).rejects.not.toMatchObject({ stderr: expect.stringContaining('    at ') as string });
});
