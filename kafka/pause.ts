import { setTimeout as wait } from 'node:timers/promises';

/** Waits, at most until the signal is aborted; whoever goes on asks the signal. */
export async function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  try {
    await wait(milliseconds, undefined, { signal });
  } catch (error) {
    if (!signal.aborted) throw error;
  }
}
