import net from 'node:net';

export interface LoadOptions {
  host: string;
  port: number;
  /** Whole HTTP/1.1 requests, sent in turn over each connection. */
  requests: readonly Buffer[];
  connections: number;
  durationMs: number;
  /** Requests a second over all connections; without it each connection sends as soon as it is answered. */
  requestsPerSecond?: number;
}

export interface LoadResult {
  answered: number;
  /** Answers whose status was not 2xx. */
  refused: number;
  seconds: number;
  latenciesMs: number[];
}

/**
 * Drives a server over keep-alive connections with prebuilt requests. Written on bare sockets because the driver shares
 * the machine with the server: an HTTP client would cost more than the server that is measured.
 */
export async function drive(options: LoadOptions): Promise<LoadResult> {
  const started = performance.now();
  const result: LoadResult = { answered: 0, refused: 0, seconds: 0, latenciesMs: [] };
  const pace = pacer(options, started);
  await Promise.all(
    Array.from({ length: options.connections }, (_, index) => driveConnection(options, index, started, pace, result)),
  );
  result.seconds = (performance.now() - started) / 1_000;
  return result;
}

/** Gives the time at which the next request may start, in `performance.now()` milliseconds. */
function pacer(options: LoadOptions, started: number): () => number {
  if (options.requestsPerSecond === undefined) return () => 0;
  const intervalMs = 1_000 / options.requestsPerSecond;
  let next = started;
  return () => (next += intervalMs);
}

async function driveConnection(
  options: LoadOptions,
  index: number,
  started: number,
  pace: () => number,
  result: LoadResult,
): Promise<void> {
  const socket = net.connect({ host: options.host, port: options.port, noDelay: true });
  const answers = answerReader(socket);
  let turn = index;
  while (performance.now() - started < options.durationMs) {
    const waitMs = pace() - performance.now();
    if (waitMs > 1) await new Promise((resolve) => setTimeout(resolve, waitMs));
    const sent = performance.now();
    socket.write(options.requests[turn++ % options.requests.length] ?? Buffer.alloc(0));
    const status = await answers();
    result.latenciesMs.push(performance.now() - sent);
    result.answered += 1;
    if (status < 200 || status > 299) result.refused += 1;
  }
  socket.destroy();
}

/** Reads one answer at a time: its status, once its whole body (by Content-Length or chunks) is here. */
function answerReader(socket: net.Socket): () => Promise<number> {
  let buffered = Buffer.alloc(0);
  let wake: () => void = () => {};
  let broken: Error | undefined;
  socket.on('data', (chunk) => {
    buffered = buffered.length === 0 ? chunk : Buffer.concat([buffered, chunk]);
    wake();
  });
  socket.on('error', (error) => {
    broken = error;
    wake();
  });
  socket.on('close', () => {
    broken ??= new Error('the server closed the connection');
    wake();
  });
  return async () => {
    for (;;) {
      const end = answerEnd(buffered);
      if (end !== undefined) {
        const status = Number(buffered.toString('latin1', 9, 12));
        buffered = buffered.subarray(end);
        return status;
      }
      if (broken) throw broken;
      await new Promise<void>((resolve) => (wake = resolve));
    }
  };
}

/** Where the first whole answer in the buffer ends, or undefined while it is not complete. */
function answerEnd(buffer: Buffer): number | undefined {
  const headEnd = buffer.indexOf('\r\n\r\n');
  if (headEnd < 0) return undefined;
  const head = buffer.toString('latin1', 0, headEnd).toLowerCase();
  const length = /\r\ncontent-length: *(\d+)/.exec(head)?.[1];
  if (length === undefined) {
    const chunksEnd = buffer.indexOf('0\r\n\r\n', headEnd + 4);
    return chunksEnd < 0 ? undefined : chunksEnd + 5;
  }
  const end = headEnd + 4 + Number(length);
  return buffer.length >= end ? end : undefined;
}

/** The `share`-quantile (0 to 1) of some numbers. */
export function quantile(numbers: readonly number[], share: number): number {
  const sorted = numbers.toSorted((left, right) => left - right);
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? Number.NaN;
}

/** A POST of JSON as the bytes that go over the wire. */
export function postRequest(path: string, body: string, headers: Record<string, string> = {}): Buffer {
  const bytes = Buffer.from(body);
  const lines = Object.entries({ host: 'localhost', 'content-type': 'application/json', ...headers }).map(
    ([name, value]) => `${name}: ${value}`,
  );
  return Buffer.concat([
    Buffer.from(`POST ${path} HTTP/1.1\r\n${lines.join('\r\n')}\r\ncontent-length: ${bytes.length}\r\n\r\n`),
    bytes,
  ]);
}
