import type { TraceSpan } from '../../otel/jaeger.ts';
import { SPANS } from '../../otel/registry/spans.ts';

/** Where an event lies on Kafka. */
export interface EventPlace {
  traceId: string;
  partition: number;
  offset: number;
}

/** Gives the spans of a trace; none where nobody recorded it. */
export type ReadTrace = (traceId: string) => Promise<readonly TraceSpan[]>;

/**
 * Where the path of an event ends that should lead from its request over Kafka and the sink to the span of the ClickHouse
 * server; undefined for a path that is unbroken. It may go over one link, where its record shared an insert with others.
 */
export async function breakOf(place: EventPlace, read: ReadTrace): Promise<string | undefined> {
  const spans = await read(place.traceId);
  if (!spans.some(({ name }) => name === SPANS.ingestRequest.name)) return 'no span of the request';
  if (!spans.some(({ name }) => name === SPANS.kafkaProduce.name)) return 'no span of the way to Kafka';
  const insert = spans.find((span) => span.name === SPANS.sinkInsert.name && isInsertOf(span, place));
  if (insert === undefined) return 'no span of the sink for its record';
  const way = namesUp(spans, insert);
  if (!way.includes(SPANS.kafkaProduce.name) || !way.includes(SPANS.ingestRequest.name)) {
    return 'the span of the sink does not hang below the request';
  }
  if (hasServerSpan(spans, insert)) return undefined;
  const [link] = insert.links;
  if (link === undefined) return 'no span of the ClickHouse server below the insert';
  const others = await read(link.traceId);
  const leading = others.find(({ spanId }) => spanId === link.spanId);
  if (leading === undefined) return 'the link of the sink leads nowhere';
  return hasServerSpan(others, leading) ? undefined : 'no span of the ClickHouse server below the linked insert';
}

function isInsertOf({ attributes }: TraceSpan, { partition, offset }: EventPlace): boolean {
  const number = (name: string): number => Number(attributes[name] ?? Number.NaN);
  return (
    number('messaging.destination.partition.id') === partition &&
    number('unmogrowp.offset_first') <= offset &&
    offset <= number('unmogrowp.offset_last')
  );
}

function namesUp(spans: readonly TraceSpan[], from: TraceSpan): string[] {
  const parent = spans.find(({ spanId }) => spanId === from.parentSpanId);
  return parent === undefined ? [from.name] : [from.name, ...namesUp(spans, parent)];
}

const SERVER = 'clickhouse';

function hasServerSpan(spans: readonly TraceSpan[], below: TraceSpan): boolean {
  return spans
    .filter(({ parentSpanId }) => parentSpanId === below.spanId)
    .some((child) => child.service === SERVER || hasServerSpan(spans, child));
}
