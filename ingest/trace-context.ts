import { randomUUID } from 'node:crypto';

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

/** Whether the client records its trace. */
export const isSampled = ({ traceparent }: TraceContext): boolean =>
  (Number.parseInt(traceparent.slice(53, 55), 16) & 1) === 1;

/** A trace of its own that nobody records: every answer has a trace id, also where tracing is off. */
export function newTraceContext(): TraceContext {
  // Taken from UUIDs because their random bytes are drawn in advance: a tenth of the cost of asking for some each time.
  const traceId = randomUUID().replaceAll('-', '');
  return { traceId, traceparent: `00-${traceId}-${randomUUID().slice(-12)}${traceId.slice(0, 4)}-00` };
}
