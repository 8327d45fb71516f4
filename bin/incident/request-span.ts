import { ROOT_CONTEXT, SpanKind, SpanStatusCode, context, propagation, trace } from '@opentelemetry/api';
import type { Hono } from 'hono';
import { SPANS } from '../../otel/registry/spans.ts';

const tracer = trace.getTracer('incidents');

/** What asks how the process is, again and again, is none of the requests that somebody would look for. */
const QUIET_PATHS = new Set(['/healthz', '/openapi.json']);

/**
 * Puts a span around every request; it continues the trace of whoever sent it, and Temporal's spans go on from it. Neither the
 * address nor the body stands in it: one holds tokens of links, the other persons.
 */
export function inRequestSpans({ fetch }: Pick<Hono, 'fetch'>): Pick<Hono, 'fetch'> {
  return {
    async fetch(request, ...rest) {
      if (QUIET_PATHS.has(new URL(request.url).pathname)) return fetch(request, ...rest);
      const headers = { traceparent: request.headers.get('traceparent') ?? undefined };
      const parent = propagation.extract(ROOT_CONTEXT, headers);
      const span = tracer.startSpan(SPANS.incidentsRequest.name, { kind: SpanKind.SERVER }, parent);
      span.setAttribute('http.request.method', request.method);
      try {
        const response = await context.with(trace.setSpan(parent, span), () => fetch(request, ...rest));
        span.setAttribute('http.response.status_code', response.status);
        if (response.status >= 500) span.setStatus({ code: SpanStatusCode.ERROR });
        return response;
      } finally {
        span.end();
      }
    },
  };
}
