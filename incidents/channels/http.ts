import type { ChannelKind } from '../types.ts';
import { SEND_TIMEOUT_MS, channelError, interrupted } from './port.ts';

/** One request of a channel. */
export interface HttpRequest {
  readonly channel: ChannelKind;
  readonly url: string;
  readonly body: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal: AbortSignal;
  /** Only tests want another bound. */
  readonly timeoutMs?: number | undefined;
}

/** Statuses below 500 that say no more than "not now". */
const LATER = new Set([408, 425, 429]);

/** Sends JSON and returns when it was taken with a 2xx. */
export async function postJson(request: HttpRequest): Promise<void> {
  const response = await answerTo(request);
  // Whatever it says: nobody reads it, and a connection whose answer was not read is not used again.
  await response.body?.cancel().catch(() => undefined);
  if (response.ok) return;
  const { channel } = request;
  const { status } = response;
  if (status < 500 && !LATER.has(status)) throw channelError('channel_refused', channel, 'refused it', { status });
  const retryAfterMs = parseRetryAfter(response.headers.get('retry-after'), Date.now());
  const facts = retryAfterMs === undefined ? { status } : { status, retry_after_ms: retryAfterMs };
  throw channelError('channel_failed', channel, 'could not take it', facts);
}

async function answerTo({ channel, url, body, headers, signal, timeoutMs }: HttpRequest): Promise<Response> {
  const address = addressOf(channel, url);
  const timeout = AbortSignal.timeout(timeoutMs ?? SEND_TIMEOUT_MS);
  try {
    return await fetch(address.url, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        'user-agent': 'unmogrowp-incidents',
        ...address.headers,
        ...headers,
      },
      body,
      // What is signed or secret goes where the policy says and nowhere else.
      redirect: 'manual',
      signal: AbortSignal.any([signal, timeout]),
    });
  } catch (error) {
    if (signal.aborted) throw interrupted(channel);
    if (timeout.aborted) throw channelError('channel_failed', channel, 'did not answer in time');
    // The message of the error names the host; its code does not.
    throw channelError('channel_failed', channel, 'could not be reached', { network: networkCodeOf(error) });
  }
}

/** An address with a user and a password becomes one without, and the header that says the same. */
function addressOf(channel: ChannelKind, text: string): { url: URL; headers: Record<string, string> } {
  const url = URL.parse(text);
  if (url === null || !/^https?:$/.test(url.protocol)) {
    throw channelError('channel_refused', channel, 'has an address that is none of HTTP');
  }
  const { username, password } = url;
  if (username === '' && password === '') return { url, headers: {} };
  url.username = '';
  url.password = '';
  const login = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
  return { url, headers: { authorization: `Basic ${Buffer.from(login).toString('base64')}` } };
}

function networkCodeOf(error: unknown): string {
  const cause = error instanceof Error ? error.cause : undefined;
  const code = typeof cause === 'object' && cause !== null && 'code' in cause ? cause.code : undefined;
  return typeof code === 'string' && /^[A-Z][A-Z0-9_]+$/.test(code) ? code : 'unknown';
}

/** The value of the header Retry-After in milliseconds from now: seconds, or a date (RFC 9110, section 10.2.3). */
export function parseRetryAfter(value: string | null, nowMs: number): number | undefined {
  if (value === null) return undefined;
  if (/^\d{1,9}$/.test(value)) return Number(value) * 1_000;
  const atMs = value.endsWith(' GMT') ? Date.parse(value) : Number.NaN;
  return Number.isNaN(atMs) ? undefined : Math.max(0, atMs - nowMs);
}
