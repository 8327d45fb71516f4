import { execFileSync } from 'node:child_process';
import { arch, cpus, loadavg, totalmem, type as systemType } from 'node:os';
import { fileURLToPath } from 'node:url';

/** When, where and from which state of the code a bench was run. */
export interface RunDescription {
  readonly command: string;
  readonly startedAt: string;
  readonly commit: string;
  readonly machine: string;
  /** Processes that wanted a CPU in the minute before: far above 0, the numbers are those of a busy machine. */
  readonly loadBefore: number;
}

/** Describes the run of one bench that begins now. */
export function describeRun(name: string): RunDescription {
  const all = cpus();
  const memory = Math.round(totalmem() / 1_073_741_824);
  return {
    command: `npm run bench -- ${name}`,
    startedAt: new Date().toISOString().slice(0, 16).replace('T', ' '),
    commit: commitOfCheckout(),
    machine: `${all.length} cores of ${all[0]?.model.trim() ?? 'an unknown processor'} (${arch()}), ${memory} GiB, ${systemType()}, Node ${process.versions.node}`,
    loadBefore: loadavg()[0] ?? 0,
  };
}

function commitOfCheckout(): string {
  const git = (...args: string[]) =>
    execFileSync('git', args, { cwd: fileURLToPath(new URL('..', import.meta.url)), encoding: 'utf8' }).trim();
  const changed = git('status', '--porcelain', '--untracked-files=no') !== '';
  return `${git('rev-parse', '--short=10', 'HEAD')}${changed ? ' with changes' : ''}`;
}
