import { describe, expect, it } from 'vitest';
import type { TraceSpan } from '../otel/jaeger.ts';
import { drawTrace } from './draw-trace.ts';

const TRACE = '0af7651916cd43dd8448eb211c80319c';
const OTHER = '4bf92f3577b34da6a3ce929d0e0e4736';
const BEGAN = 1_795_548_761_797_000_000n;

function span(spanId: string, parentSpanId: string | undefined, fromMs: number, toMs: number, more = {}): TraceSpan {
  return {
    spanId,
    parentSpanId,
    service: 'ingest',
    name: spanId,
    startNanoseconds: BEGAN + BigInt(fromMs * 1e6),
    endNanoseconds: BEGAN + BigInt(toMs * 1e6),
    isError: false,
    message: undefined,
    attributes: {},
    links: [],
    ...more,
  };
}

const draw = (spans: TraceSpan[], fold = true) => drawTrace(spans, { traceId: TRACE, width: 100, fold }).split('\n');

describe('the drawing of a trace', () => {
  it('has parents above children in the order of time, with start, duration and place of each', () => {
    const spans = [
      span('insert', 'produce', 20, 40, { service: 'sink' }),
      span('request', 'of-the-client', 0, 20),
      span('produce', 'request', 5, 15),
      span('early', 'request', 1, 2.5),
    ];
    const [head, , columns, ...lines] = draw(spans);
    expect(head).toBe(`trace ${TRACE}: 4 spans, 2 services, 40 ms, began 2026-11-24T19:32:41.797Z`);
    expect(columns).toMatch(/^service\s+span\s+start\s+duration$/);
    const bar = (blanks: number, length: number) => ' '.repeat(blanks) + '█'.repeat(length);
    expect(lines).toEqual([
      `ingest   request                      0.00 ms       20 ms  ${bar(0, 20)}`,
      `ingest     early                      1.00 ms     1.50 ms  ${bar(1, 2)}`,
      `ingest     produce                    5.00 ms       10 ms  ${bar(5, 10)}`,
      `sink         insert                     20 ms       20 ms  ${bar(20, 20)}`,
    ]);
  });

  it('says below a span why it failed and in which other traces its work is seen', () => {
    const links = [
      { traceId: OTHER, spanId: 'a' },
      { traceId: OTHER, spanId: 'b' },
      { traceId: TRACE, spanId: 'c' },
    ];
    const text = draw([span('insert', undefined, 0, 3_000, { isError: true, message: 'clickhouse_timeout', links })]);
    expect(text.slice(3)).toEqual([
      `ingest   insert (failed)              0.00 ms      3.00 s  ${'×'.repeat(40)}`,
      '           failed: clickhouse_timeout',
      `           goes on in: unmogrowp trace ${OTHER}`,
    ]);
  });

  it('folds many alike spans into one line, unless all are wanted or one of them failed', () => {
    const alike = Array.from({ length: 5 }, (_, index) =>
      span(`p${index}`, 'query', index, index + 1, { name: 'Formatter', isError: index === 4 }),
    );
    const spans = [span('query', undefined, 0, 10), ...alike];
    const folded = draw(spans).slice(3);
    expect(folded).toHaveLength(5);
    expect(folded.at(-1)).toContain('--all');
    expect(folded[1]).toMatch(/Formatter \(4 times\)\s+0\.00 ms\s+4\.00 ms/);
    expect(draw(spans, false)).toHaveLength(3 + 6);
  });

  it('shows of a called service only that it was called when it did much inside, unless something failed there', () => {
    const called = (isError: boolean) => [
      span('call', undefined, 0, 100, { service: 'worker' }),
      span('HTTPHandler', 'call', 0, 100, { service: 'clickhouse' }),
      ...Array.from({ length: 20 }, (_, index) =>
        span(`s${index}`, 'HTTPHandler', index, 100, { service: 'clickhouse', isError: isError && index === 0 }),
      ),
    ];
    const lines = draw(called(false)).slice(3);
    expect(lines).toHaveLength(4);
    expect(lines[1]).toContain('  HTTPHandler (20 inside)');
    expect(draw(called(true)).join()).toContain('s0 (failed)');
    const own = called(false).map((each) => ({ ...each, service: 'worker' }));
    expect(draw(own)).toHaveLength(3 + 22);
  });

  it('keeps its columns in a narrow terminal and with names of any length', () => {
    const spans = [span('x'.repeat(200), undefined, 0, 1), span('short', 'x'.repeat(200), 0, 0)];
    for (const line of drawTrace(spans, { traceId: TRACE, width: 70, fold: true }).split('\n').slice(2)) {
      expect(line.length).toBeLessThanOrEqual(70);
    }
  });
});
