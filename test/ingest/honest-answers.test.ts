import { randomUUID } from 'node:crypto';
import net from 'node:net';
import { setImmediate } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openApiDocument } from '../../ingest/openapi.ts';
import { createTenant } from '../../postgres/tenants.ts';
import { rotateKey } from '../../postgres/write-keys.ts';
import { testEnv } from '../support/parts.ts';
import { type IngestProcess, RUNTIMES, startIngest } from './ingest-process.ts';
import { click, kafkaWithTopic, migratedPool, post, readTopic } from './setup.ts';

const pool = await migratedPool(testEnv);
const kafka = await kafkaWithTopic(testEnv);
const BODY_TIMEOUT_MS = 1_500;

describe.each(RUNTIMES)('ingest on %s', (runtime) => {
  let ingest: IngestProcess;
  let key: string;
  beforeAll(async () => {
    key = (await createTenant(pool, { tenantId: `answers-${runtime}` })).write_key;
    ingest = await startIngest(runtime, { INGEST_BODY_TIMEOUT_MS: String(BODY_TIMEOUT_MS) });
  });
  afterAll(async () => {
    expect(await ingest.end('SIGTERM')).toBe(0);
  });
  const send = (body: unknown, headers: Record<string, string> = {}) => post(ingest.url, key, body, headers);

  it('has every event on Kafka that it answered as accepted, and no identifier in clear', async () => {
    const traceId = randomUUID().replaceAll('-', '');
    const traceparent = `00-${traceId}-00f067aa0ba902b7-01`;
    const user = `secret-${randomUUID()}`;
    const events = [click(user), click(user, { event_id: undefined }), click(user, { campaign: 'ü "quoted"' })];
    const answer = await send({ events }, { traceparent });
    expect(answer.status).toBe(202);
    expect(answer.body).toMatchObject({ accepted: 3, rejected: [], trace_id: traceId });
    const assigned = answer.body.assigned_event_ids?.[0];
    expect(assigned).toMatchObject({ index: 1, event_id: expect.stringMatching(/^[0-9a-f]{8}-[0-9a-f]{4}-7/) });
    const stored = (await readTopic(kafka, testEnv)).filter(({ row }) => row['trace_id'] === traceId);
    expect(stored.map(({ row }) => row['event_id'])).toEqual([
      events[0]?.['event_id'],
      assigned?.event_id,
      events[2]?.['event_id'],
    ]);
    expect(stored[0]?.headers).toMatchObject({ tenant_id: `answers-${runtime}`, row_count: '3', row_format: '1' });
    expect(stored[0]?.headers['traceparent']).toContain(traceId);
    expect(stored[2]?.row['campaign']).toBe('ü "quoted"');
    expect(JSON.stringify(stored)).not.toContain(user);
  });

  it('has each event once, and none but those, when many requests come together', async () => {
    const sent = Array.from({ length: 200 }, (_, request) =>
      Array.from({ length: 20 }, (__, index) => click(`user-${request}-${index}`, { campaign: `many-${runtime}` })),
    );
    const answers = await Promise.all(sent.map((events) => send({ events })));
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([202]));
    const stored = (await readTopic(kafka, testEnv)).filter(({ row }) => row['campaign'] === `many-${runtime}`);
    expect(stored).toHaveLength(4_000);
    expect(new Set(stored.map(({ row }) => row['event_id']))).toEqual(
      new Set(sent.flat().map((event) => event['event_id'])),
    );
    expect(new Set(stored.map(({ partition }) => partition)).size).toBe(testEnv.KAFKA_EVENTS_PARTITIONS);
  });

  it('takes NDJSON and gzip, and a broken line takes no other with it', async () => {
    const lines = [JSON.stringify(click('a')), '{"broken":', JSON.stringify(click('b')), ''].join('\n');
    const answer = await send(gzipSync(lines), { 'content-type': 'application/x-ndjson', 'content-encoding': 'gzip' });
    expect(answer.status).toBe(207);
    expect(answer.body).toMatchObject({
      accepted: 2,
      rejected: [{ index: 1, event_id: null, code: 'malformed_event' }],
    });
  });

  const deep = (depth: number) =>
    `{"events":[${JSON.stringify(click('a'))},${JSON.stringify(click('b')).slice(0, -1)},"properties":{"a":${'['.repeat(depth)}${']'.repeat(depth)}}}]}`;
  const bad: [string, string, Record<string, unknown>][] = [
    ['an unknown type', 'unknown_type', { type: 'view' }],
    ['a bad UUID', 'invalid_event_id', { event_id: 'not-a-uuid' }],
    ['a time before 2010', 'time_out_of_range', { occurred_at: '2009-12-31T23:59:59Z' }],
    ['a time too far ahead', 'time_out_of_range', { occurred_at: Date.now() + 90_000_000 }],
    ['a time without offset', 'invalid_time', { occurred_at: '2026-01-01T00:00:00' }],
    ['negative revenue', 'invalid_revenue', { type: 'conversion', name: 'buy', revenue: '-1', currency: 'EUR' }],
    [
      '40-digit revenue',
      'invalid_revenue',
      { type: 'conversion', name: 'buy', revenue: '9'.repeat(40), currency: 'EUR' },
    ],
    ['an unknown currency', 'unknown_currency', { type: 'conversion', name: 'buy', revenue: '1', currency: 'XXQ' }],
    ['no identity', 'missing_identity', { user_id: undefined }],
    ['a long string', 'field_too_long', { campaign: 'x'.repeat(257) }],
    ['a NUL', 'invalid_field', { campaign: 'a\0b' }],
    ['half a surrogate pair', 'invalid_field', { campaign: 'a\ud800' }],
    ['large properties', 'properties_too_large', { properties: { text: 'x'.repeat(9_000) } }],
  ];
  it.each(bad)('refuses an event with %s and takes the good ones beside it', async (_, code, change) => {
    const wrong = { ...click('wrong'), ...change };
    const answer = await send({ events: [click('good'), wrong, click('better')] });
    expect(answer.status).toBe(207);
    expect(answer.body).toMatchObject({ accepted: 2, rejected: [{ index: 1, code }] });
    const alone = await send({ events: [wrong] });
    expect(alone.status).toBe(400);
    expect(alone.body).toMatchObject({ code: 'no_usable_event', accepted: 0, rejected: [{ index: 0, code }] });
  });

  it('refuses __proto__, deep nesting and what is no object, and takes the good ones beside them', async () => {
    const proto = `{"events":[${JSON.stringify(click('a'))},${JSON.stringify(click('b')).slice(0, -1)},"__proto__":{"x":1}}]}`;
    expect((await send(proto)).body).toMatchObject({ accepted: 1, rejected: [{ index: 1, code: 'forbidden_field' }] });
    expect((await send(deep(10_000))).body).toMatchObject({ accepted: 1, rejected: [{ code: 'nesting_too_deep' }] });
    const answer = await send({ events: [null, 1, 'x', [], click('a')] });
    expect(answer.body.accepted).toBe(1);
    expect(answer.body.rejected.map(({ code }) => code)).toEqual(Array.from({ length: 4 }, () => 'malformed_event'));
    expect(({} as Record<string, unknown>)['x']).toBeUndefined();
  });

  it('counts an event_id once in a request: the first one wins', async () => {
    const first = click('a');
    const answer = await send({
      events: [first, { ...first, event_id: String(first['event_id']).toUpperCase() }, click('a')],
    });
    expect(answer.body).toMatchObject({ accepted: 2, rejected: [{ index: 1, code: 'duplicate_event_id' }] });
  });

  const whole: [string, number, string, unknown, Record<string, string>][] = [
    ['malformed JSON', 400, 'malformed_json', '{"events":[}', {}],
    ['truncated JSON', 400, 'malformed_json', '{"events":[{"type":"cli', {}],
    ['invalid UTF-8', 400, 'invalid_utf8', Uint8Array.of(0x7b, 0x22, 0xc3, 0x28, 0x22), {}],
    ['no events', 400, 'no_usable_event', { events: [] }, {}],
    ['a broken gzip', 400, 'malformed_json', 'not gzip', { 'content-encoding': 'gzip' }],
    ['a gzip bomb', 413, 'body_too_large', gzipSync(Buffer.alloc(50_000_000)), { 'content-encoding': 'gzip' }],
    ['1 MiB + 1 byte', 413, 'body_too_large', 'x'.repeat(1_048_577), {}],
    ['1,001 events', 413, 'too_many_events', { events: Array.from({ length: 1_001 }, () => ({})) }, {}],
    ['another content type', 415, 'unsupported_media_type', '{}', { 'content-type': 'text/plain' }],
    ['another encoding', 415, 'unsupported_encoding', '{}', { 'content-encoding': 'br' }],
  ];
  it.each(whole)('refuses a request with %s', async (_, status, code, body, headers) => {
    const answer = await send(body, headers);
    expect(answer.status).toBe(status);
    expect(answer.body).toMatchObject({ code, accepted: 0, trace_id: expect.stringMatching(/^[0-9a-f]{32}$/) });
  });

  it('takes exactly 1 MiB, and refuses an unannounced body that is larger', async () => {
    const events = JSON.stringify({ events: [click('a')] });
    expect((await send(events + ' '.repeat(1_048_576 - events.length))).status).toBe(202);
    let sent = 0;
    const stream = new ReadableStream<Uint8Array>({
      async pull(controller) {
        await setImmediate();
        sent += 65_536;
        if (sent > 16_777_216) controller.close();
        else controller.enqueue(Buffer.alloc(65_536, 0x20));
      },
    });
    const answer = await fetch(`${ingest.url}/v1/events`, {
      method: 'POST',
      headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
      body: stream,
      duplex: 'half',
    } as RequestInit).then(
      (response) => response.status,
      () => 'the connection was closed',
    );
    // The answer and the end of the connection race while the client still sends.
    expect([413, 'the connection was closed']).toContain(answer);
  });

  it('ends the request of a client that sends one byte at a time', async () => {
    const { hostname, port } = new URL(ingest.url);
    const socket = net.connect(Number(port), hostname);
    socket.write(
      `POST /v1/events HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${key}\r\n` +
        'content-type: application/json\r\ncontent-length: 1000\r\n\r\n',
    );
    const drip = setInterval(() => socket.write(' '), 100);
    const started = performance.now();
    let answer = '';
    socket.on('data', (chunk: Buffer) => {
      answer += chunk.toString();
    });
    await new Promise<void>((resolve) => {
      socket.on('error', () => resolve()).on('close', () => resolve());
    });
    clearInterval(drip);
    expect(answer).toMatch(/^HTTP\/1\.1 408 /);
    expect(answer).toContain('"body_timeout"');
    expect(performance.now() - started).toBeLessThan(BODY_TIMEOUT_MS + 5_000);
  });

  // Bun's server does not even hand over what announces so much.
  it.skipIf(runtime === 'bun')('answers a client that still sends, and does not listen to it for ever', async () => {
    const { hostname, port } = new URL(ingest.url);
    const socket = net.connect(Number(port), hostname);
    socket.write('POST /v1/events HTTP/1.1\r\nhost: x\r\ncontent-length: 1000000000\r\n\r\n');
    const drip = setInterval(() => socket.write(Buffer.alloc(1_000, ' ')), 20);
    let answer = '';
    socket.on('data', (chunk: Buffer) => {
      answer += chunk.toString();
    });
    await new Promise<void>((resolve) => {
      socket.on('error', () => resolve()).on('close', () => resolve());
    });
    clearInterval(drip);
    expect(answer).toMatch(/^HTTP\/1\.1 401 /);
  });

  it('outlives clients that leave before they are answered', async () => {
    const { hostname, port } = new URL(ingest.url);
    const body = JSON.stringify({ events: [click('a')] });
    const head = `POST /v1/events HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${key}\r\ncontent-type: application/json\r\n`;
    const leave = () =>
      new Promise<void>((resolve) => {
        const socket = net.connect(Number(port), hostname);
        socket.write(`${head}content-length: ${body.length}\r\n\r\n${body}`, () => socket.destroy());
        socket.on('close', () => resolve());
      });
    await Promise.all(Array.from({ length: 50 }, leave));
    expect((await send({ events: [click('a')] })).status).toBe(202);
  });

  it('knows its tenants by their keys', async () => {
    const unknown = `umg_${'x'.repeat(32)}`;
    expect(await post(ingest.url, undefined, { events: [click('a')] })).toMatchObject({
      status: 401,
      body: { code: 'key_missing' },
    });
    expect(await post(ingest.url, unknown, { events: [click('a')] })).toMatchObject({
      status: 401,
      body: { code: 'key_unknown' },
    });
    const { write_key: old } = await createTenant(pool, { tenantId: `rotated-${runtime}` });
    expect((await post(ingest.url, old, { events: [click('a')] })).status).toBe(202);
    const { write_key: next } = await rotateKey(pool, `rotated-${runtime}`);
    const rotated = performance.now();
    expect((await post(ingest.url, next, { events: [click('a')] })).status).toBe(202);
    await expect
      .poll(async () => (await post(ingest.url, old, { events: [click('a')] })).status, {
        timeout: 11_000,
        interval: 200,
      })
      .toBe(401);
    expect(performance.now() - rotated).toBeLessThan(10_500);
  });

  it('limits the rate of one tenant and not of another', async () => {
    const { write_key: slow } = await createTenant(pool, { tenantId: `slow-${runtime}`, eventsPerSecondMax: 1 });
    // More than a bucket is let through once and paid off afterwards, for a minute, however slow the test is.
    const events = Array.from({ length: 60 }, (_, index) => click(`user-${index}`));
    expect((await post(ingest.url, slow, { events })).status).toBe(202);
    const limited = await post(ingest.url, slow, { events: events.slice(0, 1) });
    expect(limited).toMatchObject({ status: 429, body: { code: 'rate_limited' } });
    expect(Number(limited.headers.get('retry-after'))).toBeGreaterThan(20);
    expect(Number(limited.headers.get('retry-after'))).toBeLessThanOrEqual(59);
    expect((await send({ events })).status).toBe(202);
  });

  it('serves its health, its readiness and its document', async () => {
    const get = async (url: string) => {
      const response = await fetch(url);
      return { status: response.status, body: (await response.json()) as unknown };
    };
    expect(await get(`${ingest.url}/healthz`)).toMatchObject({ status: 200 });
    expect(await get(`${ingest.url}/readyz`)).toMatchObject({ status: 200, body: { ready: true } });
    expect(await get(`${ingest.url}/openapi.json`)).toEqual({ status: 200, body: openApiDocument() });
    expect((await fetch(`${ingest.metricsUrl}/healthz`)).status).toBe(200);
    expect((await fetch(`${ingest.url}/v1/events`)).status).toBe(404);
  });
});
