import { isAlive, stopProcess, waitUntilGone } from './procfs.ts';
import { readChildren, readState } from './state.ts';

/** A killed launcher's keeper is stopping the parts at this moment; longer than every part's own bound. */
const KEEPER_END_TIMEOUT_MS = 45_000;

/**
 * Stops what a stack that was killed left running in this directory. Only processes that were written down with their
 * pid *and* start time are touched, so a pid that now belongs to another program is safe.
 */
export async function stopLeftovers(directory: string, onStop: (name: string) => void): Promise<void> {
  const keeper = readState(directory)?.keeper;
  if (keeper !== undefined && isAlive(keeper)) {
    onStop('the stack before');
    if (!(await waitUntilGone(keeper, KEEPER_END_TIMEOUT_MS))) await stopProcess(keeper, 'SIGKILL', 5_000);
  }
  const alive = readChildren(directory).filter(isAlive);
  const levels = [...new Set(alive.map((child) => child.level))].sort((a, b) => b - a);
  for (const level of levels) {
    const group = alive.filter((child) => child.level === level);
    for (const child of group) onStop(child.name);
    await Promise.all(group.map((child) => stopProcess(child, child.stopSignal, child.stopTimeoutMs)));
  }
}
