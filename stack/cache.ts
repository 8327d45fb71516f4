import { spawn } from 'node:child_process';
import {
  closeSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
} from 'node:fs';
import { homedir } from 'node:os';
import { basename, dirname, join, resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { UnmogrowpError } from '../errors.ts';
import { tryLock } from './lock.ts';
import type { Reporter } from './progress.ts';
import type { Variables } from './types.ts';

const LOCK_POLL_MS = 250;
const LOG_TAIL_LINES = 15;

/** Where built parts are kept: outside the checkout, so that a fresh clone starts as fast as this one. */
export function cacheDirectory(environment: Variables): string {
  const own = environment['UNMOGROWP_CACHE_DIRECTORY'];
  if (own) return resolve(own);
  const base = environment['XDG_CACHE_HOME'] || join(environment['HOME'] || homedir(), '.cache');
  return join(base, 'unmogrowp');
}

/** The folder of one version of one part. */
export function cachedFolder(environment: Variables, part: string, version: string): string {
  return join(cacheDirectory(environment), part, version);
}

/**
 * The cached folder of a part, built first when it is not there. A build works in a folder beside it that is renamed
 * when it is whole: what stands in the cache is always complete, whatever was killed when. A second builder waits.
 */
export async function buildOnce(options: {
  folder: string;
  report: Reporter;
  signal: AbortSignal;
  build: (folder: string) => Promise<void>;
}): Promise<'cache' | 'build'> {
  const { folder, report } = options;
  if (existsSync(folder)) return 'cache';
  const lock = await waitForLock({
    file: `${folder}.lock`,
    signal: options.signal,
    onWait: () => report('waiting', 'for another program that builds it'),
  });
  try {
    if (existsSync(folder)) return 'cache';
    removeAbandonedBuilds(folder);
    const building = mkdtempSync(`${folder}.building-`);
    try {
      await options.build(building);
      renameSync(building, folder);
    } finally {
      rmSync(building, { recursive: true, force: true });
    }
    return 'build';
  } finally {
    lock.release();
  }
}

/** Holding the lock means that whoever left these was killed. */
function removeAbandonedBuilds(folder: string): void {
  for (const name of readdirSync(dirname(folder))) {
    if (name.startsWith(`${basename(folder)}.building-`))
      rmSync(join(dirname(folder), name), { recursive: true, force: true });
  }
}

/** Takes a lock, waiting for as long as another process holds it. */
export async function waitForLock(options: {
  file: string;
  signal: AbortSignal;
  onWait: () => void;
}): Promise<{ release: () => void }> {
  let lock = tryLock(options.file);
  if (lock === undefined) options.onWait();
  while (lock === undefined) {
    await delay(LOCK_POLL_MS, undefined, { signal: options.signal });
    lock = tryLock(options.file);
  }
  return lock;
}

/** Runs one command of a build, its output in a log; a failure shows the end of that log and keeps all of it. */
export async function runBuildCommand(options: {
  title: string;
  command: string;
  arguments: readonly string[];
  workingDirectory: string;
  environment: Variables;
  logFile: string;
  /** Ends the command when the start of the stack has failed elsewhere. */
  signal: AbortSignal;
}): Promise<void> {
  mkdirSync(dirname(options.logFile), { recursive: true });
  const log = openSync(options.logFile, 'a');
  const child = spawn(options.command, [...options.arguments], {
    cwd: options.workingDirectory,
    env: { ...options.environment },
    stdio: ['ignore', log, log],
    signal: options.signal,
  });
  closeSync(log);
  // A launcher that is stopped in the middle of a build takes the compiler with it.
  const stopWithUs = () => void child.kill('SIGTERM');
  process.once('exit', stopWithUs);
  try {
    const code = await new Promise<number | null>((done, fail) => {
      child.once('error', fail);
      child.once('exit', done);
    });
    if (code !== 0) throw new Error(`exit code ${String(code)}`);
  } catch (error) {
    throw new UnmogrowpError(
      'part_build_failed',
      `${options.title} could not be built (${error instanceof Error ? error.message : String(error)}). ` +
        `The end of ${options.logFile}:\n${tailOf(options.logFile)}`,
      { cause: error },
    );
  } finally {
    process.off('exit', stopWithUs);
  }
}

/** The last lines of a log, indented, for an error message. */
export function tailOf(logFile: string): string {
  try {
    const lines = readFileSync(logFile, 'utf8').trimEnd().split('\n').slice(-LOG_TAIL_LINES);
    return lines.map((line) => `  ${line.slice(0, 400)}`).join('\n');
  } catch {
    return '  (no log)';
  }
}
