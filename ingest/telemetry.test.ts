import { propagation, trace } from '@opentelemetry/api';
import { W3CTraceContextPropagator } from '@opentelemetry/core';
import { BasicTracerProvider, InMemorySpanExporter, SimpleSpanProcessor } from '@opentelemetry/sdk-trace-base';
import { afterAll, describe, expect, it } from 'vitest';
import { inRequestSpan } from './telemetry.ts';
import { newTraceContext, parseTraceparent, type TraceContext } from './trace-context.ts';

const PARENT = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';

afterAll(() => {
  trace.disable();
  propagation.disable();
});

const exporter = new InMemorySpanExporter();

/** Records what is begun, as ingest does. */
function startTracing(): void {
  const provider = new BasicTracerProvider({
    spanProcessors: [new SimpleSpanProcessor(exporter)],
  });
  trace.setGlobalTracerProvider(provider);
  propagation.setGlobalPropagator(new W3CTraceContextPropagator());
}

async function handle(traceparent: string | undefined, isTraced = false): Promise<TraceContext> {
  let seen: TraceContext | undefined;
  const headers = { traceparent, tracestate: undefined };
  await inRequestSpan(
    headers,
    () => isTraced,
    (current) => {
      seen = current;
      return Promise.resolve({ status: 202, headers: {}, body: '' });
    },
  );
  if (seen === undefined) throw new Error('it was not handled');
  return seen;
}

describe('the trace of a request', () => {
  it('has an id without any tracing: the one of the client, or a new one', async () => {
    expect(await handle(PARENT)).toEqual({ traceId: '0af7651916cd43dd8448eb211c80319c', traceparent: PARENT });
    for (const useless of [undefined, 'x', `00-${'0'.repeat(32)}-b7ad6b7169203331-01`]) {
      expect(parseTraceparent(useless)).toBeUndefined();
      expect((await handle(useless)).traceparent).toMatch(/^00-[0-9a-f]{32}-[0-9a-f]{16}-00$/);
    }
    expect(newTraceContext().traceId).not.toBe(newTraceContext().traceId);
  });

  it('goes on from the client through the span of the request, and has an id also when it is not sampled', async () => {
    startTracing();
    const current = await handle(PARENT);
    const span = exporter.getFinishedSpans()[0];
    expect(current.traceId).toBe('0af7651916cd43dd8448eb211c80319c');
    expect(span?.parentSpanContext?.spanId).toBe('b7ad6b7169203331');
    expect(current.traceparent).toBe(`00-${current.traceId}-${span?.spanContext().spanId}-01`);
    expect(span?.attributes).toEqual({ 'http.response.status_code': 202 });
    const unsampled = PARENT.replace(/01$/, '00');
    expect((await handle(unsampled, true)).traceparent).toBe(unsampled);
    expect((await handle(undefined)).traceparent).toMatch(/^00-[0-9a-f]{32}-[0-9a-f]{16}-00$/);
    expect(exporter.getFinishedSpans()).toHaveLength(1);
  });

  it('begins with the span of the request where the client has none and it was chosen to be recorded', async () => {
    exporter.reset();
    for (const none of [undefined, 'x']) {
      const current = await handle(none, true);
      const span = exporter.getFinishedSpans().at(-1);
      expect(span?.parentSpanContext).toBeUndefined();
      expect(current.traceparent).toBe(`00-${span?.spanContext().traceId}-${span?.spanContext().spanId}-01`);
    }
    expect(exporter.getFinishedSpans()).toHaveLength(2);
  });
});
