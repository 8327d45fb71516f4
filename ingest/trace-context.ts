import { newSpanId, newTraceId } from '../otel/trace-ids.ts';

/** Where a request stands in its trace, as W3C Trace Context writes it. */
export interface TraceContext {
  traceId: string;
  traceparent: string;
}

const TRACEPARENT = /^[0-9a-f]{2}-([0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}(?:-.*)?$/;
const ZEROS = /^0+$/;

/** The trace of a `traceparent` header, or undefined when it has none that can be used. */
export function parseTraceparent(header: string | undefined): TraceContext | undefined {
  const traceId = TRACEPARENT.exec(header ?? '')?.[1];
  if (header === undefined || traceId === undefined || ZEROS.test(traceId)) return undefined;
  return { traceId, traceparent: header };
}

/** Whether a trace is recorded: the last bit of the flags. */
export const isSampled = (traceparent: string): boolean => ODD.includes(traceparent.charAt(FLAGS_END));

const FLAGS_END = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-0'.length;
const ODD = ['1', '3', '5', '7', '9', 'b', 'd', 'f'];

/** A trace of its own that nobody records: every answer has a trace id, also where tracing is off. */
export function newTraceContext(): TraceContext {
  const traceId = newTraceId();
  return { traceId, traceparent: `00-${traceId}-${newSpanId()}-00` };
}
