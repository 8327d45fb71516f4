import { isSpanContextValid, trace } from '@opentelemetry/api';

const NO_TRACE = '';

/** The trace that the activity runs in: of a window, that is the trace of the run. Empty outside of one. */
export function currentTraceId(): string {
  const span = trace.getActiveSpan()?.spanContext();
  return span !== undefined && isSpanContextValid(span) ? span.traceId : NO_TRACE;
}
