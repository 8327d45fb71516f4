import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { fetchTrace } from '../../otel/jaeger.ts';
import { createTenant } from '../../postgres/tenants.ts';
import { type IngestProcess, RUNTIMES, startIngest } from '../ingest/ingest-process.ts';
import { click, kafkaWithTopic, migratedPool, post, readTopic } from '../ingest/setup.ts';
import { testEnv } from '../support/parts.ts';

const pool = await migratedPool(testEnv);
const kafka = await kafkaWithTopic(testEnv);

describe.each(RUNTIMES)('the trace of a request to ingest on %s', (runtime) => {
  let ingest: IngestProcess;
  let key: string;
  beforeAll(async () => {
    key = (await createTenant(pool, { tenantId: `traced-${runtime}` })).write_key;
    ingest = await startIngest(runtime, { TRACE_SAMPLE_RATIO: '0' });
  });
  afterAll(async () => void (await ingest.end('SIGTERM')));

  const send = (user: string, sampled: '00' | '01') => {
    const traceId = randomUUID().replaceAll('-', '');
    const headers = { traceparent: `00-${traceId}-00f067aa0ba902b7-${sampled}`, baggage: `user=${user}` };
    return post(ingest.url, key, { events: [click(user), click(user)] }, headers).then(() => traceId);
  };
  const stored = (traceId: string) =>
    expect.poll(async () => (await fetchTrace(testEnv.JAEGER_QUERY_URL, traceId))?.length, { timeout: 15_000 });

  it('is stored when the client samples it, and leads from the client over the request into the record', async () => {
    const user = `secret-${randomUUID()}`;
    const traceId = await send(user, '01');
    await stored(traceId).toBe(2);
    const spans = (await fetchTrace(testEnv.JAEGER_QUERY_URL, traceId)) ?? [];
    const request = spans.find(({ name }) => name === 'ingest.request');
    const produce = spans.find(({ name }) => name === 'kafka.produce');
    expect(request).toMatchObject({ service: 'ingest', parentSpanId: '00f067aa0ba902b7', isError: false });
    expect(request?.attributes).toEqual({
      'http.response.status_code': '202',
      'unmogrowp.tenant_id': `traced-${runtime}`,
      'unmogrowp.accepted': '2',
    });
    expect(produce?.parentSpanId).toBe(request?.spanId);
    const records = (await readTopic(kafka, testEnv)).filter(({ row }) => row['trace_id'] === traceId);
    expect(records.map(({ headers }) => headers['traceparent'])).toEqual(
      Array(2).fill(`00-${traceId}-${produce?.spanId}-01`),
    );
    const text = JSON.stringify(spans, (_name, value: unknown) => (typeof value === 'bigint' ? String(value) : value));
    expect(text).not.toContain(user);
  });

  it('is not stored when the client does not sample it, whatever is stored beside it', async () => {
    const unsampled = await send('a', '00');
    await stored(await send('b', '01')).toBe(2);
    expect(await fetchTrace(testEnv.JAEGER_QUERY_URL, unsampled)).toBeUndefined();
  });
});

describe('a trace that begins at ingest', () => {
  it('is sampled at the ratio that is set, and its last spans are stored when the process ends', async () => {
    const { write_key: key } = await createTenant(pool, { tenantId: 'traced-ratio' });
    const ingest = await startIngest('node', { TRACE_SAMPLE_RATIO: '1' });
    const answer = await post(ingest.url, key, { events: [click('a')] });
    expect(await ingest.end('SIGTERM')).toBe(0);
    await expect
      .poll(async () => (await fetchTrace(testEnv.JAEGER_QUERY_URL, answer.body.trace_id))?.length, { timeout: 15_000 })
      .toBe(2);
  });
});
