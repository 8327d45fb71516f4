import { randomUUID } from 'node:crypto';
import { afterAll, afterEach, expect, it } from 'vitest';
import { clickHouseConnection } from '../../bin/clickhouse-connection.ts';
import { createClickHouse } from '../../clickhouse/client.ts';
import { type SpanExportOptions, startSpanExport } from '../../clickhouse/span-export.ts';
import type { UnmogrowpError } from '../../errors.ts';
import { fetchTrace } from '../../otel/jaeger.ts';
import { createMetrics } from '../../otel/metrics.ts';
import { CLICKHOUSE_METRICS } from '../../otel/registry/clickhouse.ts';
import { startTracing } from '../../otel/tracing.ts';
import { testEnv } from '../support/parts.ts';
import { startTcpProxy } from '../support/tcp-proxy.ts';

const clickhouse = createClickHouse({ ...clickHouseConnection(testEnv, 'test'), database: 'default' });
const tracing = startTracing({
  service: 'test',
  environment: 'test',
  endpoint: testEnv.OTEL_EXPORTER_OTLP_ENDPOINT,
  sampleRatio: 1,
});
const stops: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0)) await stop();
});
afterAll(async () => {
  await clickhouse.close();
  await tracing.shutdown();
});

function start(options: Partial<SpanExportOptions> = {}) {
  const errors: UnmogrowpError[] = [];
  const { metrics, register } = createMetrics(CLICKHOUSE_METRICS);
  const stop = startSpanExport({
    clickhouse,
    endpoint: testEnv.OTEL_EXPORTER_OTLP_ENDPOINT,
    environment: 'test',
    metrics,
    onError: (error) => void errors.push(error),
    intervalMs: 200,
    ...options,
  });
  stops.push(stop);
  return { stop, errors, register };
}

/** Runs a statement in a sampled trace of its own, as a client's traceparent asks for; gives the trace. */
async function runTraced(sql: string, parameters: Record<string, string> = {}): Promise<string> {
  const traceId = randomUUID().replaceAll('-', '');
  const url = new URL(testEnv.CLICKHOUSE_URL);
  for (const [name, value] of Object.entries(parameters)) url.searchParams.set(`param_${name}`, value);
  const response = await fetch(url, {
    method: 'POST',
    headers: {
      traceparent: `00-${traceId}-00f067aa0ba902b7-01`,
      'X-ClickHouse-User': testEnv.CLICKHOUSE_USERNAME,
      'X-ClickHouse-Key': testEnv.CLICKHOUSE_PASSWORD,
    },
    body: sql,
  });
  await response.text();
  return traceId;
}

const spansOf = async (traceId: string) => (await fetchTrace(testEnv.JAEGER_QUERY_URL, traceId)) ?? [];
const namesOf = async (traceId: string) => (await spansOf(traceId)).map(({ name }) => name);
const arrived = { timeout: 20_000, interval: 200 };

it("the server's own spans come into the trace of the statement, below the span that sent it", async () => {
  const { errors, register } = start();
  const traceId = await runTraced('SELECT sum(number) FROM numbers(100000)');
  await expect.poll(() => namesOf(traceId), arrived).toContain('query');
  const spans = await spansOf(traceId);
  const handler = spans.find(({ name }) => name === 'HTTPHandler');
  const query = spans.find(({ name }) => name === 'query');
  expect(handler).toMatchObject({ service: 'clickhouse', parentSpanId: '00f067aa0ba902b7', isError: false });
  expect(query?.parentSpanId).toBe(handler?.spanId);
  expect(query?.attributes['clickhouse.read_rows']).toBe('100000');
  expect(Number((handler?.endNanoseconds ?? 0n) - (handler?.startNanoseconds ?? 0n))).toBeGreaterThan(0);
  expect(errors).toEqual([]);
  expect(await register.metrics()).toMatch(/unmogrowp_clickhouse_server_spans_total [1-9]/);
});

it('a statement that fails is seen as failed, and neither its text nor its values are in any span', async () => {
  start();
  const secret = `secret-${randomUUID()}`;
  const failed = await runTraced(`SELECT toUInt8({value:String}), '${secret}'`, { value: secret });
  await expect.poll(() => namesOf(failed), arrived).toContain('query');
  const spans = await spansOf(failed);
  expect(spans.find(({ name }) => name === 'HTTPHandler')).toMatchObject({ isError: true });
  expect(spans.flatMap(({ attributes, message }) => [message, ...Object.values(attributes)]).join()).not.toContain(
    secret,
  );
});

it('two exports at once and one after the other, and batches smaller than a trace, show every span once', async () => {
  start({ batchSpansMax: 6 });
  const second = start({ batchSpansMax: 8 });
  const traceId = await runTraced(
    'SELECT count() FROM numbers_mt(1000000) GROUP BY number % 10 SETTINGS max_threads = 40',
  );
  await expect.poll(() => namesOf(traceId), arrived).toContain('query');
  await second.stop();
  start();
  const marker = await runTraced('SELECT 1');
  await expect.poll(() => namesOf(marker), arrived).toContain('query');
  const spans = await spansOf(traceId);
  const inLog = await clickhouse.client.query({
    query: 'SELECT count() AS spans FROM system.opentelemetry_span_log WHERE trace_id = {trace:UUID}',
    query_params: { trace: traceId },
    format: 'JSONEachRow',
  });
  const [{ spans: count } = { spans: 0 }] = await inLog.json<{ spans: number }>();
  expect(count).toBeGreaterThan(8);
  expect(spans).toHaveLength(count);
  expect(new Set(spans.map(({ spanId }) => spanId)).size).toBe(count);
});

it('while the trace store is away the spans wait in the log of the server, and come when it is back', async () => {
  const target = new URL(testEnv.OTEL_EXPORTER_OTLP_ENDPOINT ?? '');
  const proxy = await startTcpProxy({ host: target.hostname, port: Number(target.port) });
  await proxy.cut();
  const { errors } = start({ endpoint: `http://127.0.0.1:${proxy.port}`, overlapMs: 3_000 });
  const traceId = await runTraced('SELECT 1');
  const started = performance.now();
  await expect.poll(() => errors.map(({ code }) => code), arrived).toContain('jaeger_unavailable');
  // Longer than what a process that begins would read of the past.
  await expect.poll(() => performance.now() - started, arrived).toBeGreaterThan(6_000);
  await proxy.restore();
  await expect.poll(() => namesOf(traceId), arrived).toContain('query');
  for (const stop of stops.splice(0)) await stop();
  await proxy.close();
});

it('reading the log makes no spans, so that the export never feeds itself', async () => {
  const since = Date.now() * 1_000;
  const { stop } = start({ intervalMs: 50 });
  const marker = await runTraced('SELECT 1');
  await expect.poll(() => namesOf(marker), arrived).toContain('query');
  await stop();
  const result = await clickhouse.client.query({
    query: `SELECT count() AS found FROM system.opentelemetry_span_log
      WHERE attribute['db.statement'] LIKE '%opentelemetry_span_log%' AND finish_time_us > {since:UInt64}`,
    query_params: { since },
    format: 'JSONEachRow',
  });
  expect(await result.json()).toEqual([{ found: 0 }]);
});
