import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { buildOnce, cachedFolder, runBuildCommand } from './cache.ts';
import { tryLock } from './lock.ts';
import { reporterFor } from './progress.ts';

const { signal } = new AbortController();

test('two who need a part at once build it once', async () => {
  const folder = join(scratch(), 'part', '1.0');
  const states: string[] = [];
  let builds = 0;
  const build = async (building: string) => {
    builds += 1;
    writeFileSync(join(building, 'program'), 'whole');
    await Promise.resolve();
  };
  const report = reporterFor('part', ({ state }) => states.push(state));

  const sources = await Promise.all([
    buildOnce({ folder, report, signal, build }),
    buildOnce({ folder, report, signal, build }),
  ]);

  expect(sources.sort()).toEqual(['build', 'cache']);
  expect(builds).toBe(1);
  expect(states).toEqual(['waiting']);
  expect(readFileSync(join(folder, 'program'), 'utf8')).toBe('whole');
});

test('a build that fails leaves nothing that looks like a part', async () => {
  const folder = join(scratch(), 'part', '1.0');
  const build = (building: string) => {
    writeFileSync(join(building, 'program'), 'half');
    return Promise.reject(new Error('no network'));
  };

  await expect(buildOnce({ folder, report: reporterFor('part', undefined), signal, build })).rejects.toThrow(
    'no network',
  );

  expect(existsSync(folder)).toBe(false);
  expect(readdirSync(join(folder, '..'))).toEqual(['1.0.lock']);
});

test('what a killed builder left behind is removed by the next one', async () => {
  const folder = join(scratch(), 'part', '1.0');
  mkdirSync(`${folder}.building-abandoned`, { recursive: true });

  await buildOnce({ folder, report: reporterFor('part', undefined), signal, build: () => Promise.resolve() });

  expect(readdirSync(join(folder, '..')).sort()).toEqual(['1.0', '1.0.lock']);
});

test('a failed build command shows the end of its log and says where all of it is', async () => {
  const root = scratch();
  const logFile = join(root, 'build.log');
  const failure = runBuildCommand({
    title: 'Jaeger',
    command: process.execPath,
    arguments: ['-e', "console.error('module not found'); process.exit(3)"],
    workingDirectory: root,
    environment: process.env,
    logFile,
    signal,
  });

  await expect(failure).rejects.toMatchObject({ code: 'part_build_failed' });
  await expect(failure).rejects.toThrow(
    `Jaeger could not be built (exit code 3). The end of ${logFile}:\n  module not found`,
  );
});

test('the cache lies outside the checkout and can be moved', () => {
  expect(cachedFolder({ HOME: '/home/somebody' }, 'kafka', '4.4.0')).toBe(
    '/home/somebody/.cache/unmogrowp/kafka/4.4.0',
  );
  expect(cachedFolder({ HOME: '/h', XDG_CACHE_HOME: '/x' }, 'kafka', '1')).toBe('/x/unmogrowp/kafka/1');
  expect(cachedFolder({ HOME: '/h', UNMOGROWP_CACHE_DIRECTORY: '/own' }, 'kafka', '1')).toBe('/own/kafka/1');
});

test('a lock is had by one at a time', () => {
  const file = join(scratch(), 'lock');
  const first = tryLock(file);
  expect(first).toBeDefined();
  expect(tryLock(file)).toBeUndefined();
  first?.release();
  const second = tryLock(file);
  expect(second).toBeDefined();
  second?.release();
});

function scratch(): string {
  const directory = mkdtempSync(join(tmpdir(), 'unmogrowp-cache-test-'));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  return directory;
}
