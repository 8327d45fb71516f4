import { spawn } from 'node:child_process';
import { expect, onTestFinished, test } from 'vitest';
import { stopLeftovers } from '../../stack/leftovers.ts';
import { identify, isAlive } from '../../stack/procfs.ts';
import { stackPaths, writeJson } from '../../stack/state.ts';
import { launchElsewhere, ownStack, stackDirectory, until } from './support.ts';

const PARTS = ['clickhouse', 'postgres'] as const;

test('kill -9 of the launcher stops the parts and does not block the next start', async () => {
  const directory = stackDirectory();
  const launched = await launchElsewhere(directory, PARTS);
  expect(launched.parts.map(({ name }) => name).sort()).toEqual([...PARTS]);

  await launched.kill();

  const stack = await ownStack({ directory, parts: PARTS });
  expect(launched.parts.filter(isAlive)).toEqual([]);
  expect(stack.parts.map(({ name }) => name)).toEqual([...PARTS]);
});

test('parts do not outlive a killed launcher, even if nobody starts again', async () => {
  const launched = await launchElsewhere(stackDirectory(), PARTS);

  await launched.kill();

  await until(() => !isAlive(launched.keeper) && !launched.parts.some(isAlive));
});

test('kill -9 of the launcher and of the keeper does not block the next start', async () => {
  const directory = stackDirectory();
  const launched = await launchElsewhere(directory, PARTS);

  process.kill(launched.keeper.pid, 'SIGKILL');
  await launched.kill();
  await until(() => !isAlive(launched.keeper));
  expect(launched.parts.every(isAlive)).toBe(true);

  await ownStack({ directory, parts: PARTS });
  expect(launched.parts.filter(isAlive)).toEqual([]);
});

test('a process that merely has the pid of a former part is left alone', async () => {
  const directory = stackDirectory();
  const bystander = spawn('sleep', ['600']);
  onTestFinished(() => void bystander.kill('SIGKILL'));
  const identity = identify(bystander.pid ?? 0);
  if (identity === undefined) throw new Error('the bystander did not start');
  const record = { name: 'kafka', level: 0, stopSignal: 'SIGTERM', stopTimeoutMs: 1_000 };
  writeJson(stackPaths(directory).children, [{ ...record, pid: identity.pid, startTicks: '1' }]);

  const stopped: string[] = [];
  await stopLeftovers(directory, (name) => stopped.push(name));

  expect(stopped).toEqual([]);
  expect(isAlive(identity)).toBe(true);
});

test('a second launcher on the same directory is refused while the first one lives', async () => {
  const directory = stackDirectory();
  const launched = await launchElsewhere(directory, ['postgres']);

  await expect(ownStack({ directory, parts: ['postgres'] })).rejects.toMatchObject({ code: 'stack_busy' });

  expect(launched.parts.every(isAlive)).toBe(true);
});
