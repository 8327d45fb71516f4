import { ROOT_CONTEXT, type Span, SpanKind, SpanStatusCode, context, propagation, trace } from '@opentelemetry/api';
import { toUnmogrowpError } from '../errors.ts';
import { SPANS } from '../otel/registry/spans.ts';
import type { Answer } from './answers.ts';
import type { EventRecord } from './records.ts';
import { type TraceContext, isSampled, newTraceContext, parseTraceparent } from './trace-context.ts';

const tracer = trace.getTracer('ingest');

/**
 * Runs the handling of a request whose trace is recorded in a span that continues the client's trace; of a request without
 * a trace `isTraced` decides. Of all others nothing is made but an id, because a span that nobody records costs more than
 * all metrics of a request: the client's own context is passed on, or a new one. Every answer and every row carries a trace id.
 */
export function inRequestSpan(
  headers: TraceHeaders,
  isTraced: () => boolean,
  handle: (trace: TraceContext) => Promise<Answer>,
): Promise<Answer> {
  const given = parseTraceparent(headers.traceparent);
  const isRecorded = given === undefined ? isTraced() : isSampled(given.traceparent);
  return isRecorded ? inRecordedRequest(headers, given, handle) : handle(given ?? newTraceContext());
}

interface TraceHeaders {
  traceparent: string | undefined;
  tracestate: string | undefined;
}

async function inRecordedRequest(
  headers: TraceHeaders,
  given: TraceContext | undefined,
  handle: (trace: TraceContext) => Promise<Answer>,
): Promise<Answer> {
  const parent = given === undefined ? ROOT_CONTEXT : propagation.extract(ROOT_CONTEXT, headers);
  const span = tracer.startSpan(SPANS.ingestRequest.name, { kind: SpanKind.SERVER }, parent);
  if (!span.isRecording()) return handle(given ?? newTraceContext());
  const current = { traceId: span.spanContext().traceId, traceparent: traceparentOf(span) };
  try {
    const response = await context.with(trace.setSpan(parent, span), () => handle(current));
    span.setAttribute('http.response.status_code', response.status);
    if (response.status >= 500) span.setStatus({ code: SpanStatusCode.ERROR });
    return response;
  } finally {
    span.end();
  }
}

/** Says in the span of the request what the request came to. */
export function describeRequest(facts: { tenantId: string | undefined; code: string | undefined; accepted: number }) {
  const span = trace.getActiveSpan();
  if (span?.isRecording() !== true) return;
  span.setAttribute('unmogrowp.accepted', facts.accepted);
  if (facts.tenantId !== undefined) span.setAttribute('unmogrowp.tenant_id', facts.tenantId);
  if (facts.code !== undefined) span.setAttribute('unmogrowp.code', facts.code);
}

/**
 * Produces the records of a request in a span of its own, from which the sink goes on. Of a request that nobody records
 * the records stay as they are, and so do those that wait on the spool: their request has ended when they are sent.
 */
export function inProduceSpan(
  topic: string,
  records: readonly EventRecord[],
  produce: (records: readonly EventRecord[]) => Promise<void>,
): Promise<void> {
  // Asked first, because it costs less than to look for a span.
  const isRecorded = isSampled(records[0]?.headers['traceparent'] ?? '');
  if (!isRecorded || trace.getActiveSpan()?.isRecording() !== true) return produce(records);
  return inRecordedProduce(topic, records, produce);
}

async function inRecordedProduce(
  topic: string,
  records: readonly EventRecord[],
  produce: (records: readonly EventRecord[]) => Promise<void>,
): Promise<void> {
  const attributes = {
    'messaging.system': 'kafka',
    'messaging.destination.name': topic,
    'messaging.batch.message_count': records.length,
  };
  const span = tracer.startSpan(SPANS.kafkaProduce.name, { kind: SpanKind.PRODUCER, attributes });
  const traceparent = traceparentOf(span);
  try {
    await produce(records.map((record) => ({ ...record, headers: { ...record.headers, traceparent } })));
  } catch (error) {
    span.setStatus({ code: SpanStatusCode.ERROR, message: toUnmogrowpError(error).code });
    throw error;
  } finally {
    span.end();
  }
}

function traceparentOf(span: Span): string {
  const { traceId, spanId, traceFlags } = span.spanContext();
  return `00-${traceId}-${spanId}-${traceFlags.toString(16).padStart(2, '0')}`;
}
