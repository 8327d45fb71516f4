import { execFileSync } from 'node:child_process';
import { availableParallelism } from 'node:os';

/** Which processors of the machine a process may use, as `taskset` writes them. */
interface Processors {
  /** One that nothing else of the bench uses. */
  readonly ofMeasured: string;
  readonly ofOthers: string;
  readonly all: string;
}

/** Divides the machine between the program that is measured and all that it needs. Needs two processors. */
export function divideProcessors(): Processors {
  const last = availableParallelism() - 1;
  if (last < 1) throw new Error('this bench needs two processors: one of them is for the program that it measures');
  return { ofMeasured: '0', ofOthers: `1-${last}`, all: `0-${last}` };
}

/** Moves processes with all of their threads; what is undefined runs elsewhere. Linux only. */
export function moveTo(processors: string, pids: readonly (number | undefined)[]): void {
  for (const pid of pids.filter((one) => one !== undefined))
    execFileSync('taskset', ['--all-tasks', '--cpu-list', '--pid', processors, String(pid)]);
}
