import { setTimeout as wait } from 'node:timers/promises';

const POLL_MS = 200;

/** Waits until something is there; an error that says what is missing when the time is over. */
export async function until<Value>(
  what: () => string,
  look: () => Value | undefined | Promise<Value | undefined>,
  { timeoutMs, signal }: { timeoutMs: number; signal: AbortSignal },
): Promise<Value> {
  const giveUpAt = performance.now() + timeoutMs;
  for (;;) {
    const found = await look();
    if (found !== undefined) return found;
    if (performance.now() > giveUpAt) throw new Error(`${what()}: not within ${timeoutMs / 1_000} s`);
    await wait(POLL_MS, undefined, { signal });
  }
}
