import { SpanKind, SpanStatusCode, TraceFlags, createTraceState } from '@opentelemetry/api';
import { emptyResource } from '@opentelemetry/resources';
import { InMemorySpanExporter, SimpleSpanProcessor } from '@opentelemetry/sdk-trace-base';
import { afterEach, expect, it, vi } from 'vitest';
import { createBeginSpan } from './begin-span.ts';

const exporter = new InMemorySpanExporter();
const beginSpan = createBeginSpan(new SimpleSpanProcessor(exporter), emptyResource(), 'test');
const ROOT = { name: 'root', kind: SpanKind.SERVER };

afterEach(() => {
  vi.useRealTimers();
  exporter.reset();
});

it('a span is written down when it ends, with its attributes and for as long as it lasted', () => {
  vi.useFakeTimers({ now: 1_700_000_000_000, toFake: ['Date', 'performance'] });
  const span = beginSpan(ROOT);
  vi.advanceTimersByTime(1_250);
  expect(exporter.getFinishedSpans()).toEqual([]);
  span.end({ attributes: { a: 1 } });
  expect(exporter.getFinishedSpans()[0]).toMatchObject({
    name: 'root',
    kind: SpanKind.SERVER,
    startTime: [1_700_000_000, 0],
    endTime: [1_700_000_001, 250_000_000],
    duration: [1, 250_000_000],
    attributes: { a: 1 },
    status: { code: SpanStatusCode.UNSET },
    instrumentationScope: { name: 'test' },
  });
});

it('a span without a parent begins a trace, and others go on in it with what its vendors keep there', () => {
  const root = beginSpan(ROOT);
  const parent = { ...root.context, traceState: createTraceState('vendor=1') };
  const child = beginSpan({ name: 'child', kind: SpanKind.PRODUCER, parent });
  child.end({ attributes: {} });
  root.end({ attributes: {} });
  expect(root.context).toMatchObject({ traceFlags: TraceFlags.SAMPLED });
  expect(beginSpan(ROOT).context.traceId).not.toBe(root.context.traceId);
  expect(child.context.traceId).toBe(root.context.traceId);
  expect(child.context.spanId).not.toBe(root.context.spanId);
  const [first, last] = exporter.getFinishedSpans();
  expect(first?.parentSpanContext).toBe(parent);
  expect(first?.spanContext().traceState?.serialize()).toBe('vendor=1');
  expect(last?.parentSpanContext).toBeUndefined();
});

it('a span of what failed is an error, with the code if there is one', () => {
  beginSpan(ROOT).end({ attributes: {}, failure: { message: 'kafka_timeout' } });
  beginSpan(ROOT).end({ attributes: {}, failure: {} });
  expect(exporter.getFinishedSpans().map(({ status }) => status)).toEqual([
    { code: SpanStatusCode.ERROR, message: 'kafka_timeout' },
    { code: SpanStatusCode.ERROR },
  ]);
});
