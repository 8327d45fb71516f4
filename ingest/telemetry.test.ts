import { propagation, trace } from '@opentelemetry/api';
import { W3CTraceContextPropagator } from '@opentelemetry/core';
import {
  AlwaysOffSampler,
  BasicTracerProvider,
  InMemorySpanExporter,
  ParentBasedSampler,
  SimpleSpanProcessor,
} from '@opentelemetry/sdk-trace-base';
import { afterAll, describe, expect, it } from 'vitest';
import { inRequestSpan } from './telemetry.ts';
import { newTraceContext, parseTraceparent, type TraceContext } from './trace-context.ts';

const PARENT = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';

afterAll(() => {
  trace.disable();
  propagation.disable();
});

/** Records what the client's sampling decision asks for, and nothing else. */
function startTracing(): InMemorySpanExporter {
  const exporter = new InMemorySpanExporter();
  const provider = new BasicTracerProvider({
    sampler: new ParentBasedSampler({ root: new AlwaysOffSampler() }),
    spanProcessors: [new SimpleSpanProcessor(exporter)],
  });
  trace.setGlobalTracerProvider(provider);
  propagation.setGlobalPropagator(new W3CTraceContextPropagator());
  return exporter;
}

async function handle(traceparent: string | undefined): Promise<TraceContext> {
  let seen: TraceContext | undefined;
  await inRequestSpan({ traceparent, tracestate: undefined }, (current) => {
    seen = current;
    return Promise.resolve({ status: 202, headers: {}, body: '' });
  });
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
    const exporter = startTracing();
    const current = await handle(PARENT);
    const span = exporter.getFinishedSpans()[0];
    expect(current.traceId).toBe('0af7651916cd43dd8448eb211c80319c');
    expect(span?.parentSpanContext?.spanId).toBe('b7ad6b7169203331');
    expect(current.traceparent).toBe(`00-${current.traceId}-${span?.spanContext().spanId}-01`);
    expect(span?.attributes).toEqual({ 'http.response.status_code': 202 });
    const unsampled = await handle(PARENT.replace(/01$/, '00'));
    expect(unsampled.traceparent).toMatch(/^00-0af7651916cd43dd8448eb211c80319c-[0-9a-f]{16}-00$/);
    expect((await handle(undefined)).traceparent).toMatch(/^00-[0-9a-f]{32}-[0-9a-f]{16}-00$/);
    expect(exporter.getFinishedSpans()).toHaveLength(1);
  });
});
