import { setTimeout as wait } from 'node:timers/promises';
import type { Prometheus } from './ask.ts';

const POLL_MS = 200;
const MEASURED_MS_MAX = 90_000;

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

/** Waits until Prometheus finds more than 0 in sum. */
export async function untilMeasured(prometheus: Prometheus, expression: string, signal: AbortSignal): Promise<void> {
  await until(
    () => `${expression} is above 0`,
    async () => ((await prometheus.query(`sum(${expression}) > 0`)).length > 0 ? true : undefined),
    { timeoutMs: MEASURED_MS_MAX, signal },
  );
}
