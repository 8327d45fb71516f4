import { readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';

/**
 * A process that cannot be confused with another: a pid is reused after a while, a pid together with its start time
 * (in clock ticks since boot) is not.
 */
export interface ProcessIdentity {
  readonly pid: number;
  readonly startTicks: string;
}

const CLOCK_TICKS_PER_SECOND = 100;
const POLL_MS = 25;

/** The identity of a process that is alive now; undefined when it is gone or only waits to be reaped. */
export function identify(pid: number): ProcessIdentity | undefined {
  const fields = statFields(pid);
  if (fields === undefined || fields.state === 'Z' || fields.state === 'X') return undefined;
  return { pid, startTicks: fields.startTicks };
}

/** Whether this very process still runs (not merely another one with its pid). */
export function isAlive(identity: ProcessIdentity): boolean {
  return identify(identity.pid)?.startTicks === identity.startTicks;
}

/** Resident memory, or undefined when the process is gone. */
export function residentBytes(pid: number): number | undefined {
  const status = readProc(`/proc/${pid}/status`);
  const kilobytes = status === undefined ? undefined : /^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1];
  return kilobytes === undefined ? undefined : Number(kilobytes) * 1024;
}

/** How long a process has been running, or undefined when it is gone. */
export function uptimeSeconds(pid: number): number | undefined {
  const fields = statFields(pid);
  const uptime = readProc('/proc/uptime')?.split(' ')[0];
  if (fields === undefined || uptime === undefined) return undefined;
  return Math.max(0, Number(uptime) - Number(fields.startTicks) / CLOCK_TICKS_PER_SECOND);
}

/** Sends a signal to exactly this process; false when it was gone already. */
function signalProcess(identity: ProcessIdentity, signal: NodeJS.Signals): boolean {
  if (!isAlive(identity)) return false;
  try {
    return process.kill(identity.pid, signal);
  } catch {
    return false;
  }
}

/** Resolves true as soon as the process is gone, false when it outlives the time given. */
export async function waitUntilGone(identity: ProcessIdentity, timeoutMs: number): Promise<boolean> {
  const deadline = performance.now() + timeoutMs;
  while (isAlive(identity)) {
    if (performance.now() >= deadline) return false;
    await delay(POLL_MS);
  }
  return true;
}

/** Asks a process to end, waits for a bounded time, then kills it: by its identity, never by a name. */
export async function stopProcess(identity: ProcessIdentity, signal: NodeJS.Signals, timeoutMs: number): Promise<void> {
  signalProcess(identity, signal);
  if (await waitUntilGone(identity, timeoutMs)) return;
  signalProcess(identity, 'SIGKILL');
  await waitUntilGone(identity, 5_000);
}

function statFields(pid: number): { state: string; startTicks: string } | undefined {
  const stat = readProc(`/proc/${pid}/stat`);
  if (stat === undefined) return undefined;
  // The second field is the program's name in parentheses and may hold spaces: count from the last parenthesis.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const [state, startTicks] = [fields[0], fields[19]];
  return state === undefined || startTicks === undefined ? undefined : { state, startTicks };
}

function readProc(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}
