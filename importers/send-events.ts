import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { z } from 'zod';
import { UnmogrowpError } from '../errors.ts';

/** What ingest said about the events of one request. */
export interface SendResult {
  accepted: number;
  rejected: { index: number; code: string; message: string }[];
  traceId: string;
}

export interface SenderOptions {
  /** Address of ingest, without a path. */
  url: string;
  writeKey: string;
  /** How long one request is tried again while ingest cannot take it. */
  retryForMs: number;
  /** Ends the waiting between attempts; a request that is under way is left to finish. */
  signal?: AbortSignal;
  /** Told before each wait. */
  onRetry?: (reason: string, waitMs: number) => void;
}

/** Sends the JSON texts of at most 1,000 events as one request. */
export type SendEvents = (events: readonly string[]) => Promise<SendResult>;

const compress = promisify(gzip);

const REQUEST_TIMEOUT_MS = 60_000;
const BACKOFF_MS = { first: 250, max: 15_000 };
/** Statuses that say: later. Everything else would be answered the same again. */
const RETRIED = new Set([408, 429, 500, 502, 503, 504]);

const rejectedSchema = z.object({ index: z.int().min(0), code: z.string(), message: z.string() });
const answerSchema = z.object({
  accepted: z.int().min(0),
  rejected: z.array(rejectedSchema),
  trace_id: z.string(),
  code: z.string().optional(),
  message: z.string().optional(),
});
type Answer = z.infer<typeof answerSchema>;

/**
 * Makes the function that sends events. It tries again while ingest is away or asks to wait, and all senders wait when
 * one is asked to. Throws `key_unknown`, `import_failed` or `interrupted`.
 */
export function createSender(options: SenderOptions): SendEvents {
  const endpoint = endpointOf(options.url);
  const gate = { openAtMs: 0 };
  return async function sendEvents(events) {
    const body = await compress(`{"events":[${events.join(',')}]}`, { level: 1 });
    const givenUpAtMs = performance.now() + options.retryForMs;
    for (let attempt = 0; ; attempt += 1) {
      await pauseUntil(gate.openAtMs, options.signal);
      const outcome = await attemptOnce(endpoint, options.writeKey, body);
      if (outcome.result !== undefined) return outcome.result;
      const waitMs = outcome.retryAfterMs ?? backoffMs(attempt);
      if (performance.now() + waitMs > givenUpAtMs) {
        throw new UnmogrowpError(
          'import_failed',
          `Ingest at ${options.url} did not take the events: ${outcome.reason}`,
        );
      }
      options.onRetry?.(outcome.reason, waitMs);
      gate.openAtMs = Math.max(gate.openAtMs, performance.now() + waitMs);
    }
  };
}

function endpointOf(url: string): string {
  const base = URL.parse(url);
  if (base !== null && /^https?:$/.test(base.protocol)) return new URL('/v1/events', base).href;
  throw new UnmogrowpError('configuration_invalid', `${url} is no address of ingest, such as http://127.0.0.1:8080`);
}

type Outcome = { result: SendResult } | { result?: undefined; reason: string; retryAfterMs?: number };

async function attemptOnce(endpoint: string, writeKey: string, body: Buffer): Promise<Outcome> {
  let status: number;
  let text: string;
  let retryAfter: string | null;
  try {
    const response = await fetch(endpoint, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        'content-encoding': 'gzip',
        authorization: `Bearer ${writeKey}`,
      },
      body: body as Uint8Array<ArrayBuffer>,
      signal: AbortSignal.timeout(REQUEST_TIMEOUT_MS),
    });
    status = response.status;
    retryAfter = response.headers.get('retry-after');
    text = await response.text();
  } catch (error) {
    return { reason: connectionProblem(error) };
  }
  const answer = parseAnswer(text);
  if (RETRIED.has(status)) {
    const retryAfterMs = parseRetryAfterMs(retryAfter);
    const reason = answer?.code === undefined ? `it answered ${status}` : `it answered ${status} ${answer.code}`;
    return retryAfterMs === undefined ? { reason } : { reason, retryAfterMs };
  }
  return { result: judgeAnswer(endpoint, status, answer) };
}

function judgeAnswer(endpoint: string, status: number, answer: Answer | undefined): SendResult {
  if (status === 401) {
    throw new UnmogrowpError('key_unknown', 'Ingest does not know this write key. See: unmogrowp tenant key rotate');
  }
  // 400 with rejections: none of the events was usable, each for its own reason.
  const isJudged = status === 202 || status === 207 || (status === 400 && answer?.code === 'no_usable_event');
  if (answer === undefined || !isJudged) {
    const said = answer?.message === undefined ? '' : `: ${answer.message}`;
    throw new UnmogrowpError('import_failed', `${endpoint} answered ${status}${said}`, { context: { status } });
  }
  return { accepted: answer.accepted, rejected: answer.rejected, traceId: answer.trace_id };
}

function parseAnswer(text: string): Answer | undefined {
  try {
    return answerSchema.safeParse(JSON.parse(text)).data;
  } catch {
    // A proxy's page: the status says enough.
    return undefined;
  }
}

/** Retry-After in seconds or as a date. */
function parseRetryAfterMs(header: string | null): number | undefined {
  if (header === null) return undefined;
  if (/^\d{1,6}$/.test(header.trim())) return Math.max(Number(header) * 1_000, 50);
  const at = Date.parse(header);
  return Number.isNaN(at) ? undefined : Math.max(at - Date.now(), 50);
}

/** Doubles from attempt to attempt, with half of it by chance, so that senders do not come back all at once. */
function backoffMs(attempt: number): number {
  const full = Math.min(BACKOFF_MS.first * 2 ** attempt, BACKOFF_MS.max);
  return full / 2 + (Math.random() * full) / 2;
}

function connectionProblem(error: unknown): string {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  const code = (cause as NodeJS.ErrnoException).code;
  if (code === 'ECONNREFUSED') return 'nothing listens there';
  return code ?? (cause instanceof Error ? cause.message : String(cause));
}

/** Waits for a moment of `performance.now()`; throws `interrupted` when the signal comes first. */
async function pauseUntil(atMs: number, signal: AbortSignal | undefined): Promise<void> {
  for (let waitMs = atMs - performance.now(); waitMs > 0; waitMs = atMs - performance.now()) {
    await new Promise<void>((resolve) => {
      const end = () => {
        clearTimeout(timer);
        signal?.removeEventListener('abort', end);
        resolve();
      };
      const timer = setTimeout(end, waitMs);
      signal?.addEventListener('abort', end);
    });
    if (signal?.aborted === true) break;
  }
  if (signal?.aborted === true) throw new UnmogrowpError('interrupted', 'The import was interrupted');
}
