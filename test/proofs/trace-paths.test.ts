import { expect, it } from 'vitest';
import type { TraceSpan } from '../../otel/jaeger.ts';
import { breakOf } from './trace-paths.ts';

const PLACE = { traceId: 'a', partition: 2, offset: 7 };

function span(
  spanId: string,
  parentSpanId: string | undefined,
  name: string,
  more: Partial<TraceSpan> = {},
): TraceSpan {
  const times = { startNanoseconds: 0n, endNanoseconds: 1n, isError: false, message: undefined };
  return { spanId, parentSpanId, service: 'x', name, attributes: {}, links: [], ...times, ...more };
}

const range = (first: number, last: number, partition = 2) => ({
  attributes: {
    'messaging.destination.partition.id': String(partition),
    'unmogrowp.offset_first': String(first),
    'unmogrowp.offset_last': String(last),
  },
});
const REQUEST = [span('1', 'client', 'ingest.request'), span('2', '1', 'kafka.produce')];
const SERVER = [span('4', '3', 'insert_events'), span('5', '4', 'HTTPHandler', { service: 'clickhouse' })];
const breakIn = (traces: Record<string, TraceSpan[]>) => breakOf(PLACE, (id) => Promise.resolve(traces[id] ?? []));

it('a path is unbroken when it leads to the server in its own trace, or over a link', async () => {
  expect(await breakIn({ a: [...REQUEST, span('3', '2', 'sink.insert', range(5, 9)), ...SERVER] })).toBeUndefined();
  const linked = span('9', '2', 'sink.insert', { ...range(5, 9), links: [{ traceId: 'b', spanId: '3' }] });
  expect(await breakIn({ a: [...REQUEST, linked], b: [span('3', '0', 'sink.insert'), ...SERVER] })).toBeUndefined();
});

it('a path that is broken says where', async () => {
  const insert = span('3', '2', 'sink.insert', range(5, 9));
  expect(await breakIn({})).toBe('no span of the request');
  expect(await breakIn({ a: REQUEST.slice(0, 1) })).toBe('no span of the way to Kafka');
  expect(await breakIn({ a: REQUEST })).toBe('no span of the sink for its record');
  expect(await breakIn({ a: [...REQUEST, span('3', '2', 'sink.insert', range(8, 9))] })).toContain('of the sink for');
  expect(await breakIn({ a: [...REQUEST, span('3', '2', 'sink.insert', range(5, 9, 1))] })).toContain(
    'of the sink for',
  );
  expect(await breakIn({ a: [...REQUEST, span('3', 'lost', 'sink.insert', range(5, 9)), ...SERVER] })).toContain(
    'hang',
  );
  expect(await breakIn({ a: [...REQUEST, insert] })).toContain('server below the insert');
  const linked = { ...insert, links: [{ traceId: 'b', spanId: '3' }] };
  expect(await breakIn({ a: [...REQUEST, linked] })).toContain('leads nowhere');
  expect(await breakIn({ a: [...REQUEST, linked], b: [span('3', '0', 'sink.insert')] })).toContain('linked insert');
});
