import { context, propagation, trace } from '@opentelemetry/api';
import { afterEach, expect, it } from 'vitest';
import { startTracing } from './tracing.ts';

const NOWHERE = 'http://127.0.0.1:1';
/** The queue, and the batch that is on its way. */
const HELD_SPANS_MAX = 8_192 + 1_024;

afterEach(() => {
  trace.disable();
  context.disable();
  propagation.disable();
});

/** Tracing whose trace store is away, with the count of what became of its spans. */
function start(sampleRatio: number) {
  const counted = { stored: 0, lost: 0, dropped: 0 };
  const tracing = startTracing({
    service: 'test',
    environment: 'test',
    endpoint: NOWHERE,
    sampleRatio,
    onExport: (outcome, spans) => void (counted[outcome] += spans),
  });
  return { tracing, counted, tracer: trace.getTracer('test') };
}

it('every span that is lost is counted, for want of room at once and for want of a trace store at the end', async () => {
  const { tracing, counted, tracer } = start(1);
  for (let index = 0; index < HELD_SPANS_MAX + 100; index += 1) tracer.startSpan('x').end();
  expect(counted).toEqual({ stored: 0, lost: 0, dropped: 100 });
  await tracing.shutdown();
  await expect.poll(() => counted, { timeout: 15_000 }).toEqual({ stored: 0, lost: HELD_SPANS_MAX, dropped: 100 });
}, 20_000);

it('a trace store that is away does not hold the end of a process', async () => {
  const { tracing, tracer } = start(1);
  tracer.startSpan('x').end();
  const started = performance.now();
  await tracing.shutdown();
  expect(performance.now() - started).toBeLessThan(3_000);
});

it('a trace that begins here is recorded at the ratio, one that comes in as its beginning decided', () => {
  const { tracer, counted } = start(0.25);
  const isRecorded = (flags?: '00' | '01') => {
    const headers = flags === undefined ? {} : { traceparent: `00-${'a'.repeat(32)}-${'b'.repeat(16)}-${flags}` };
    return tracer.startSpan('x', {}, propagation.extract(context.active(), headers)).isRecording();
  };
  const recorded = Array.from({ length: 2_000 }, () => isRecorded()).filter(Boolean).length;
  expect(recorded).toBeGreaterThan(350);
  expect(recorded).toBeLessThan(650);
  expect(isRecorded('01')).toBe(true);
  expect(isRecorded('00')).toBe(false);
  expect(counted).toEqual({ stored: 0, lost: 0, dropped: 0 });
});

it('what a client writes into its baggage goes no further', () => {
  start(1);
  const headers = { traceparent: `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`, baggage: 'user=somebody' };
  const sent: Record<string, string> = {};
  propagation.inject(propagation.extract(context.active(), headers), sent);
  expect(sent).toEqual({ traceparent: headers.traceparent });
});

it('without a trace store nothing is recorded and nothing fails', async () => {
  const tracing = startTracing({ service: 'test', environment: 'test', sampleRatio: 1 });
  expect(trace.getTracer('test').startSpan('x').isRecording()).toBe(false);
  expect(tracing.beginSpan).toBeUndefined();
  await tracing.shutdown();
});
