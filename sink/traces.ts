import {
  type Attributes,
  type Context,
  ROOT_CONTEXT,
  type Span,
  SpanKind,
  SpanStatusCode,
  TraceFlags,
  context,
  propagation,
  trace,
} from '@opentelemetry/api';
import { toUnmogrowpError } from '../errors.ts';
import { type ConsumedRecord, headerOf } from '../kafka/fetcher.ts';
import { SPANS } from '../otel/registry/spans.ts';
import type { Origin } from './encode-rows.ts';

const tracer = trace.getTracer('sink');

/** Sampled records of one insert that get a span of their own; the others of a large batch are seen by its first. */
const LINKED_SPANS_MAX = 1_000;

/**
 * Runs the insert of a batch in the trace of its first sampled record. Every other sampled record gets a span in its own
 * trace, with a link to the batch's: each event's trace shows when and by which insert it was stored.
 */
export async function inInsertSpan<Result>(
  origin: Origin,
  records: readonly ConsumedRecord[],
  insert: (span: Span) => Promise<Result>,
): Promise<Result> {
  const [first, ...others] = sampledContexts(records);
  const attributes = attributesOf(origin, records.length);
  const options = { kind: SpanKind.CONSUMER, attributes };
  const span = tracer.startSpan(SPANS.sinkInsert.name, options, first ?? ROOT_CONTEXT);
  const links = [{ context: span.spanContext() }];
  const spans = others.map((parent) => tracer.startSpan(SPANS.sinkInsert.name, { ...options, links }, parent));
  const all = [span, ...spans];
  try {
    return await context.with(trace.setSpan(first ?? ROOT_CONTEXT, span), () => insert(span));
  } catch (thrown) {
    const error = toUnmogrowpError(thrown);
    for (const each of all) each.setStatus({ code: SpanStatusCode.ERROR, message: error.code });
    throw error;
  } finally {
    for (const each of all) each.end();
  }
}

function attributesOf({ topic, partition, first, last }: Origin, records: number): Attributes {
  return {
    'messaging.destination.name': topic,
    'messaging.destination.partition.id': String(partition),
    'unmogrowp.offset_first': first,
    'unmogrowp.offset_last': last,
    'unmogrowp.records': records,
  };
}

const SAMPLED = /^[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]([13579bdf])$/;

/** Where the sampled records of a batch stand in their traces, each request once. */
function sampledContexts(records: readonly ConsumedRecord[]): Context[] {
  const seen = new Set<string>();
  const contexts: Context[] = [];
  for (const record of records) {
    if (contexts.length > LINKED_SPANS_MAX) break;
    const traceparent = headerOf(record, 'traceparent');
    if (traceparent === undefined || seen.has(traceparent) || !SAMPLED.test(traceparent)) continue;
    seen.add(traceparent);
    const parent = propagation.extract(ROOT_CONTEXT, { traceparent });
    const flags = trace.getSpanContext(parent)?.traceFlags ?? TraceFlags.NONE;
    if ((flags & TraceFlags.SAMPLED) !== 0) contexts.push(parent);
  }
  return contexts;
}
