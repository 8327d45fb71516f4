import {
  type Context,
  ROOT_CONTEXT,
  SpanKind,
  SpanStatusCode,
  context,
  isSpanContextValid,
  propagation,
  trace,
} from '@opentelemetry/api';
import { type TraceContext, newTraceContext, parseTraceparent } from './trace-context.ts';

const tracer = trace.getTracer('ingest');

/**
 * Runs the handling of one request in a span that continues the client's trace. Without tracing the client's own
 * context is passed on, or a new one nobody records: every answer and every row carries a trace id.
 */
export async function inRequestSpan(
  headers: { traceparent: string | undefined; tracestate: string | undefined },
  handle: (trace: TraceContext) => Promise<Response>,
): Promise<Response> {
  const parent: Context = propagation.extract(ROOT_CONTEXT, headers);
  const span = tracer.startSpan('ingest.request', { kind: SpanKind.SERVER }, parent);
  const { traceId, spanId, traceFlags } = span.spanContext();
  if (!isSpanContextValid(span.spanContext())) {
    return handle(parseTraceparent(headers.traceparent) ?? newTraceContext());
  }
  const traceparent = `00-${traceId}-${spanId}-${traceFlags.toString(16).padStart(2, '0')}`;
  try {
    const response = await context.with(trace.setSpan(parent, span), () => handle({ traceId, traceparent }));
    span.setAttribute('http.response.status_code', response.status);
    if (response.status >= 500) span.setStatus({ code: SpanStatusCode.ERROR });
    return response;
  } finally {
    span.end();
  }
}
