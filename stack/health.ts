import { connect } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';

const REQUEST_TIMEOUT_MS = 3_000;
const POLL_MS_MIN = 40;
const POLL_MS_MAX = 250;

/** The body of a GET that was answered with 2xx; an error that says what came instead. */
export async function answerOf(url: string, headers: Record<string, string> = {}): Promise<string> {
  // Without keep-alive: an idle connection of ours must not hold up the stop of the part.
  const response = await fetch(url, {
    headers: { ...headers, connection: 'close' },
    signal: AbortSignal.timeout(REQUEST_TIMEOUT_MS),
  });
  const body = await response.text();
  if (!response.ok) throw new Error(`${response.status} ${body.slice(0, 200).trim()}`);
  return body;
}

/** Resolves when something accepts connections at `host:port` (also as an URL). */
export function reach(address: string): Promise<void> {
  const { hostname, port } = new URL(address.includes('://') ? address : `tcp://${address}`);
  return new Promise((resolve, reject) => {
    const socket = connect({ host: hostname, port: Number(port) || 443 });
    socket.setTimeout(REQUEST_TIMEOUT_MS, () => socket.destroy(new Error(`no answer within ${REQUEST_TIMEOUT_MS} ms`)));
    socket.once('connect', () => {
      socket.destroy();
      resolve();
    });
    socket.once('error', reject);
  });
}

/**
 * Repeats a check until it succeeds, and gives back its answer. Throws the last failure when the time is over, and at
 * once when `giveUp` has something to say (the process has ended).
 */
export async function waitUntilHealthy<T>(options: {
  check: () => Promise<T>;
  timeoutMs: number;
  giveUp: () => string | undefined;
}): Promise<T> {
  const deadline = performance.now() + options.timeoutMs;
  let pollMs = POLL_MS_MIN;
  for (;;) {
    try {
      return await options.check();
    } catch (error) {
      const reason = options.giveUp();
      if (reason !== undefined) throw new Error(reason, { cause: error });
      if (performance.now() >= deadline)
        throw new Error(`not healthy after ${options.timeoutMs} ms: ${reasonOf(error)}`, { cause: error });
    }
    await delay(pollMs);
    pollMs = Math.min(POLL_MS_MAX, pollMs * 1.5);
  }
}

/** What an error says in one line, with the cause that `fetch` and others hide below a general message. */
export function reasonOf(error: unknown): string {
  if (error instanceof AggregateError && error.errors.length > 0) return reasonOf(error.errors[0]);
  if (!(error instanceof Error)) return String(error);
  if (error.message === 'fetch failed' && error.cause !== undefined) return reasonOf(error.cause);
  if (error.name === 'TimeoutError') return `no answer within ${REQUEST_TIMEOUT_MS} ms`;
  const message = error.message || error.name;
  const code = 'code' in error && typeof error.code === 'string' ? error.code : '';
  return code === '' || message.includes(code) ? message : `${message} (${code})`;
}
