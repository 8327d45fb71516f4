import { expect, it } from 'vitest';
import { UnmogrowpError } from '../../errors.ts';
import { answering, cutting, deadUrl, hanging, startHttpReceiver } from '../../test/incidents/http-receiver.ts';
import { parseRetryAfter, postJson } from './http.ts';

const TIMEOUT_MS = 300;
const NEVER = new AbortController().signal;

/** The error of a request, which holds neither where it went nor what it said. */
async function errorOf(url: string, signal: AbortSignal = NEVER): Promise<UnmogrowpError> {
  const request = { channel: 'webhook', url, body: '{"a":"hidden-body"}', signal, timeoutMs: TIMEOUT_MS } as const;
  const error: unknown = await postJson(request).then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof UnmogrowpError)) throw new Error(`not an error of the platform: ${String(error)}`);
  const shown = JSON.stringify([error.message, error.context, error.stack, error.cause]);
  expect(shown).not.toMatch(/hidden|127\.0\.0\.1:\d|nobody reads/);
  return error;
}

it('takes every 2xx for an answer, and sends JSON', async () => {
  for (const status of [200, 202, 204]) {
    const { url, requests } = await startHttpReceiver(answering(status));
    await postJson({ channel: 'slack', url, body: '{}', signal: NEVER });
    expect(requests[0]).toMatchObject({ body: '{}', headers: { 'content-type': 'application/json' } });
  }
});

it('gives a user and a password of an address to the other side as a login', async () => {
  const { url, requests } = await startHttpReceiver(answering(200));
  const address = url.replace('//', '//robot:pass%20word@');
  await postJson({ channel: 'webhook', url: address, body: '{}', signal: NEVER });
  expect(requests[0]?.headers.authorization).toBe(`Basic ${Buffer.from('robot:pass word').toString('base64')}`);
});

it.each(['hidden', 'ftp://hidden.example', ''])('does not try an address that is none: %s', async (url) => {
  expect(await errorOf(url)).toMatchObject({ code: 'channel_refused' });
});

it.each([400, 401, 403, 404, 410, 413, 301, 302])('does not try again what was answered with %i', async (status) => {
  const { url, requests } = await startHttpReceiver(answering(status, { location: 'http://127.0.0.1:9/elsewhere' }));
  expect(await errorOf(url)).toMatchObject({ code: 'channel_refused', retryable: false, context: { status } });
  expect(requests).toHaveLength(1);
});

it.each([408, 425, 429, 500, 502, 503, 504])('may try again what was answered with %i', async (status) => {
  const { url } = await startHttpReceiver(answering(status));
  expect(await errorOf(url)).toMatchObject({ code: 'channel_failed', retryable: true, context: { status } });
});

it('says how long the other side asks to be left alone', async () => {
  const { url } = await startHttpReceiver(answering(429, { 'retry-after': '7' }));
  expect(await errorOf(url)).toMatchObject({ context: { status: 429, retry_after_ms: 7_000 } });
});

it.each([
  ['30', 30_000],
  ['0', 0],
  ['Thu, 26 Nov 2026 05:00:10 GMT', 10_000],
  ['Thu, 26 Nov 2026 04:00:00 GMT', 0],
  ['soon', undefined],
  ['-1', undefined],
  [null, undefined],
])('reads Retry-After: %s', (value, expected) => {
  const parsed = parseRetryAfter(value, Date.UTC(2026, 10, 26, 5));
  expect(parsed).toBe(expected);
});

it('does not wait longer than it may for an answer', async () => {
  const { url } = await startHttpReceiver(hanging);
  const beginMs = performance.now();
  expect(await errorOf(url)).toMatchObject({
    code: 'channel_failed',
    message: expect.stringContaining('in time') as string,
  });
  expect(performance.now() - beginMs).toBeLessThan(TIMEOUT_MS * 10);
});

it('may try again when nobody listens, and when the other side goes away before it has answered', async () => {
  expect(await errorOf(await deadUrl())).toMatchObject({
    code: 'channel_failed',
    context: { network: 'ECONNREFUSED' },
  });
  const { url } = await startHttpReceiver((response) => response.socket?.destroy());
  expect(await errorOf(url)).toMatchObject({ code: 'channel_failed' });
});

it('counts a status of success even if the rest of the answer never comes', async () => {
  const { url, requests } = await startHttpReceiver(cutting, answering(200));
  const outcome = await postJson({ channel: 'slack', url, body: '{}', signal: NEVER }).then(
    () => 'taken',
    (error: unknown) => (error as UnmogrowpError).code,
  );
  // The head and the end of the connection may arrive together: then nobody knows, and the same message is sent again.
  expect(['taken', 'channel_failed']).toContain(outcome);
  expect(requests).toHaveLength(1);
});

it('stops when it is asked to, which is no failure of the channel', async () => {
  const { url } = await startHttpReceiver(hanging);
  const controller = new AbortController();
  const failing = errorOf(url, controller.signal);
  controller.abort();
  expect(await failing).toMatchObject({ code: 'interrupted' });
});
