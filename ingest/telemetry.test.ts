import { SpanStatusCode, context, propagation, trace } from '@opentelemetry/api';
import { W3CTraceContextPropagator } from '@opentelemetry/core';
import { emptyResource } from '@opentelemetry/resources';
import { InMemorySpanExporter, SimpleSpanProcessor } from '@opentelemetry/sdk-trace-base';
import { NodeTracerProvider } from '@opentelemetry/sdk-trace-node';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { UnmogrowpError } from '../errors.ts';
import { createBeginSpan } from '../otel/begin-span.ts';
import type { AnswerStatus } from './answers.ts';
import type { EventRecord } from './records.ts';
import { type RequestTracing, inProduceSpan, inRequestSpan } from './telemetry.ts';
import { newTraceContext, parseTraceparent, type TraceContext } from './trace-context.ts';

const PARENT = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';

const exporter = new InMemorySpanExporter();
const beginSpan = createBeginSpan(new SimpleSpanProcessor(exporter), emptyResource(), 'ingest');

beforeAll(() => new NodeTracerProvider().register({ propagator: new W3CTraceContextPropagator() }));
afterEach(() => exporter.reset());
afterAll(() => {
  trace.disable();
  propagation.disable();
  context.disable();
});

/** What a request with these headers is handled with. */
async function handle(
  headers: { traceparent?: string | undefined; tracestate?: string },
  tracing: Partial<RequestTracing> = {},
  status: AnswerStatus = 202,
): Promise<TraceContext> {
  const { promise, resolve } = Promise.withResolvers<TraceContext>();
  await inRequestSpan(
    { traceparent: undefined, tracestate: undefined, ...headers },
    { isTraced: () => false, ...tracing },
    (current, describeRequest) => {
      describeRequest?.({ tenantId: 'acme', code: undefined, accepted: 2 });
      resolve(current);
      return Promise.resolve({ status, headers: {}, body: '' });
    },
  );
  return promise;
}

describe('the trace of a request', () => {
  it('has an id without any tracing: the one of the client, or a new one', async () => {
    expect(await handle({ traceparent: PARENT }, { isTraced: () => true })).toEqual({
      traceId: '0af7651916cd43dd8448eb211c80319c',
      traceparent: PARENT,
    });
    for (const useless of [undefined, 'x', `00-${'0'.repeat(32)}-b7ad6b7169203331-01`]) {
      expect(parseTraceparent(useless)).toBeUndefined();
      expect((await handle({ traceparent: useless })).traceparent).toMatch(/^00-[0-9a-f]{32}-[0-9a-f]{16}-00$/);
    }
    expect(newTraceContext().traceId).not.toBe(newTraceContext().traceId);
  });

  it('goes on from the client through the span of the request, and has an id also when it is not sampled', async () => {
    const current = await handle({ traceparent: PARENT, tracestate: 'vendor=1' }, { beginSpan });
    const span = exporter.getFinishedSpans()[0];
    expect(current.traceId).toBe('0af7651916cd43dd8448eb211c80319c');
    expect(span?.parentSpanContext?.spanId).toBe('b7ad6b7169203331');
    expect(span?.spanContext().traceState?.serialize()).toBe('vendor=1');
    expect(current.traceparent).toBe(`00-${current.traceId}-${span?.spanContext().spanId}-01`);
    const unsampled = PARENT.replace(/01$/, '00');
    const chosen = { beginSpan, isTraced: () => true };
    expect((await handle({ traceparent: unsampled }, chosen)).traceparent).toBe(unsampled);
    expect((await handle({}, { beginSpan })).traceparent).toMatch(/^00-[0-9a-f]{32}-[0-9a-f]{16}-00$/);
    expect(exporter.getFinishedSpans()).toHaveLength(1);
  });

  it('begins with the span of the request where the client has none and it was chosen to be recorded', async () => {
    for (const none of [undefined, 'x']) {
      const current = await handle({ traceparent: none }, { beginSpan, isTraced: () => true });
      const span = exporter.getFinishedSpans().at(-1);
      expect(span?.parentSpanContext).toBeUndefined();
      expect(current.traceparent).toBe(`00-${span?.spanContext().traceId}-${span?.spanContext().spanId}-01`);
    }
    expect(exporter.getFinishedSpans()).toHaveLength(2);
  });

  it('says what the request came to, and that it failed when the fault is ours', async () => {
    await handle({ traceparent: PARENT }, { beginSpan }, 207);
    await handle({ traceparent: PARENT }, { beginSpan }, 503);
    const [taken, failed] = exporter.getFinishedSpans();
    expect(taken?.attributes).toEqual({
      'unmogrowp.accepted': 2,
      'unmogrowp.tenant_id': 'acme',
      'http.response.status_code': 207,
    });
    expect([taken?.status.code, failed?.status.code]).toEqual([SpanStatusCode.UNSET, SpanStatusCode.ERROR]);
  });
});

describe('the trace of records', () => {
  const record = (traceparent: string): EventRecord => ({
    partition: 1,
    value: Buffer.from('{}'),
    headers: { traceparent },
  });

  /** Produces in a recorded request, and gives the headers with which the records came out. */
  async function produceInRequest(fail?: () => never): Promise<Record<string, string>[]> {
    const produced: EventRecord[] = [];
    const produce = inProduceSpan('events', beginSpan, async (records) => {
      produced.push(...records);
      await Promise.resolve(fail?.());
    });
    const tracing = { isTraced: () => true, beginSpan };
    await inRequestSpan({ traceparent: undefined, tracestate: undefined }, tracing, async ({ traceparent }) => {
      await produce([record(traceparent), record(traceparent)]).catch(() => {});
      return { status: 202, headers: {}, body: '' };
    });
    return produced.map(({ headers }) => headers);
  }

  it('goes on from the request through a span of its own', async () => {
    const headers = await produceInRequest();
    const [produced, request] = exporter.getFinishedSpans();
    expect(produced?.parentSpanContext?.spanId).toBe(request?.spanContext().spanId);
    expect(produced?.spanContext().traceId).toBe(request?.spanContext().traceId);
    const { traceId, spanId } = produced?.spanContext() ?? {};
    expect(headers).toEqual([
      { traceparent: `00-${traceId}-${spanId}-01` },
      { traceparent: `00-${traceId}-${spanId}-01` },
    ]);
    expect(produced?.attributes).toMatchObject({ 'messaging.batch.message_count': 2 });
  });

  it('says by which code they were not produced', async () => {
    await produceInRequest(() => {
      throw new UnmogrowpError('kafka_timeout', 'too late');
    });
    expect(exporter.getFinishedSpans()[0]?.status).toEqual({ code: SpanStatusCode.ERROR, message: 'kafka_timeout' });
  });

  it('stays what it is where the request is not recorded', async () => {
    const produced: EventRecord[][] = [];
    const produce = inProduceSpan('events', beginSpan, (records) => {
      produced.push([...records]);
      return Promise.resolve();
    });
    for (const traceparent of [PARENT, PARENT.replace(/01$/, '00')]) await produce([record(traceparent)]);
    expect(produced.flat().map(({ headers }) => headers['traceparent'])).toEqual([PARENT, PARENT.replace(/01$/, '00')]);
    expect(exporter.getFinishedSpans()).toEqual([]);
  });
});
