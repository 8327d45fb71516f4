import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { ROOT_CONTEXT, SpanKind, SpanStatusCode, TraceFlags, trace } from '@opentelemetry/api';
import { afterAll, expect, it } from 'vitest';
import { fetchTrace } from '../../otel/jaeger.ts';
import { startTracing } from '../../otel/tracing.ts';
import { testEnv, testVariables } from '../support/parts.ts';

const PROGRAM = fileURLToPath(new URL('../../bin/unmogrowp.ts', import.meta.url));
const OTHER = '4bf92f3577b34da6a3ce929d0e0e4736';
const tracing = startTracing({
  service: 'test',
  environment: 'test',
  endpoint: testEnv.OTEL_EXPORTER_OTLP_ENDPOINT,
  sampleRatio: 1,
});
afterAll(() => tracing.shutdown());

/** Runs `unmogrowp trace`; gives what it printed and how it ended. */
async function run(parameters: string[], variables: Record<string, string> = {}) {
  const child = spawn(process.execPath, [PROGRAM, 'trace', ...parameters], {
    env: { ...process.env, ...testVariables, ...variables },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const [out, error, [code]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'exit')]);
  return { out, error, code: code as number };
}

/** Stores a trace of two spans, of which the second failed; gives its id. */
async function storeTrace(): Promise<string> {
  const tracer = trace.getTracer('test');
  const began = Date.now();
  const root = tracer.startSpan('root', { kind: SpanKind.SERVER, root: true, startTime: began });
  const traceId = root.spanContext().traceId;
  const child = tracer.startSpan(
    'child',
    {
      startTime: began + 30,
      links: [{ context: { traceId: OTHER, spanId: 'a'.repeat(16), traceFlags: TraceFlags.SAMPLED } }],
    },
    trace.setSpan(ROOT_CONTEXT, root),
  );
  child.setStatus({ code: SpanStatusCode.ERROR, message: 'kafka_timeout' });
  child.end(began + 80);
  root.end(began + 120);
  await tracing.spanProcessor.forceFlush();
  await expect.poll(async () => (await fetchTrace(testEnv.JAEGER_QUERY_URL, traceId))?.length).toBe(2);
  return traceId;
}

it('a stored trace is shown as a tree with times, failures and what it links to, by any spelling of its id', async () => {
  const traceId = await storeTrace();
  const { out, code } = await run([traceId]);
  expect(code).toBe(0);
  expect(out).toContain(`trace ${traceId}: 2 spans, 1 service, 120 ms`);
  expect(out).toMatch(/test {5}root +0\.00 ms +120 ms/);
  expect(out).toMatch(/test {7}child \(failed\) +30 ms +50 ms/);
  expect(out).toContain('failed: kafka_timeout');
  expect(out).toContain(`unmogrowp trace ${OTHER}`);
  const dashed = traceId.replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-').toUpperCase();
  expect((await run([dashed])).out).toBe(out);
  expect((await run([`00-${traceId}-00f067aa0ba902b7-01`])).out).toBe(out);
});

it('a program gets the same as JSON', async () => {
  const traceId = await storeTrace();
  const { out } = await run([traceId, '--json']);
  const answer = JSON.parse(out) as { trace_id: string; spans: Record<string, unknown>[] };
  expect(answer.trace_id).toBe(traceId);
  expect(answer.spans.find(({ name }) => name === 'child')).toMatchObject({
    service: 'test',
    is_error: true,
    message: 'kafka_timeout',
    duration_ns: '50000000',
    links: [{ trace_id: OTHER, span_id: 'a'.repeat(16) }],
  });
});

it('what cannot be shown ends with a code and says what to do about it', async () => {
  const unknown = await run([randomBytes(16).toString('hex')]);
  expect(unknown).toMatchObject({ code: 1, out: '' });
  expect(unknown.error).toContain('(trace_unknown)');
  expect(unknown.error).toContain('TRACE_SAMPLE_RATIO');
  const away = await run([OTHER], { JAEGER_QUERY_URL: 'http://127.0.0.1:1' });
  expect(away).toMatchObject({ code: 1, out: '' });
  expect(away.error).toContain('(jaeger_unavailable)');
  expect(away.error).toContain('unmogrowp up');
  const wrong = await run(['xyz']);
  expect(wrong).toMatchObject({ code: 2, out: '' });
  expect(wrong.error).toContain('32 hexadecimal digits');
});
