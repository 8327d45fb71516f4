import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, it, onTestFinished } from 'vitest';
import { createLogger } from './logger.ts';
import { openLoki } from './loki.ts';
import { lokiLine } from './loki-line.ts';

interface Push {
  streams: { stream: Record<string, string>; values: [string, string, Record<string, string>][] }[];
}

/** Somebody at Loki's place who keeps what is pushed: what matters here is what leaves the process. */
async function receiver(status = 204) {
  const pushes: { body: Push; headers: Record<string, unknown> }[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      pushes.push({ body: JSON.parse(Buffer.concat(chunks).toString()) as Push, headers: request.headers });
      response.writeHead(status).end();
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, pushes };
}

function open(url: string, options: { username?: string; password?: string; tenant?: string } = {}) {
  const counted = { stored: 0, lost: 0 };
  const copy = openLoki({ url, ...options }, (outcome, lines) => void (counted[outcome] += lines));
  const logger = createLogger(
    { service: 'sink', level: 'info', environment: 'test', copy },
    { write: () => undefined },
  );
  return { logger, counted, close: () => copy.close() };
}

it('a line stands in Loki under service, level and environment, found by trace, tenant, window and event, and names nobody', async () => {
  const loki = await receiver();
  const { logger, counted, close } = open(loki.url, { username: 'me', password: 'x', tenant: 'ours' });
  const found = { trace_id: 'a'.repeat(32), tenant: 'acme', window: '2026-01-05T00:00:00.000Z', event_id: 'e-1' };
  logger.warn({ ...found, context: { user_id: 'secret-user', email: 'secret-mail' } }, 'dead letter');
  logger.debug({}, 'not written');
  await close();
  expect(counted).toEqual({ stored: 1, lost: 0 });
  const [push] = loki.pushes;
  const [stream] = push?.body.streams ?? [];
  expect(stream?.stream).toEqual({ service: 'sink', level: 'warn', environment: 'test' });
  const [nanoseconds = '', line = '', metadata] = stream?.values[0] ?? [];
  expect(metadata).toEqual(found);
  expect(Math.abs(Number(nanoseconds) / 1e6 - Date.now())).toBeLessThan(60_000);
  expect(JSON.parse(line)).toMatchObject({
    msg: 'dead letter',
    context: { user_id: '[redacted]', email: '[redacted]' },
  });
  expect(JSON.stringify(push?.body)).not.toContain('secret');
  expect(push?.headers).toMatchObject({ 'x-scope-orgid': 'ours', authorization: expect.stringMatching(/^Basic /) });
});

it.each([
  ['is refused', async () => (await receiver(500)).url],
  ['cannot be sent', () => Promise.resolve('http://127.0.0.1:1')],
])('every line that %s is counted as lost', async (_what, urlOf) => {
  const { logger, counted, close } = open(await urlOf());
  for (let index = 0; index < 3; index += 1) logger.info({}, 'x');
  await close();
  expect(counted).toEqual({ stored: 0, lost: 3 });
});

it('a line that is no JSON has no labels, and the time at which it was sent', () => {
  expect(lokiLine('oops', 5)).toEqual({ time: '5000000', meta: {}, line: 'oops' });
});
