import {
  type Attributes,
  ROOT_CONTEXT,
  type SpanContext,
  SpanKind,
  context,
  propagation,
  trace,
} from '@opentelemetry/api';
import { toUnmogrowpError } from '../errors.ts';
import type { BeginSpan } from '../otel/begin-span.ts';
import { SPANS } from '../otel/registry/spans.ts';
import type { Answer } from './answers.ts';
import type { ProduceRecords } from './publish-records.ts';
import type { EventRecord } from './records.ts';
import { type TraceContext, isSampled, newTraceContext, parseTraceparent } from './trace-context.ts';

export interface RequestTracing {
  /** Whether a request without a trace begins one that is recorded. */
  readonly isTraced: () => boolean;
  /** Absent where nothing is recorded. */
  readonly beginSpan?: BeginSpan | undefined;
}

/** What a request came to, for its span. */
interface SpanFacts {
  readonly tenantId: string | undefined;
  readonly code: string | undefined;
  readonly accepted: number;
}

/** Says in the span of the request what the request came to. */
type DescribeRequest = (facts: SpanFacts) => void;

/** `describe` is there where the request is recorded. */
type Handle = (trace: TraceContext, describe?: DescribeRequest) => Promise<Answer>;

/**
 * Runs the handling of a request whose trace is recorded in a span that continues the client's trace; of a request without
 * a trace `isTraced` decides. Of all others nothing is made but an id, because a span that nobody records costs more than
 * all metrics of a request: the client's own context is passed on, or a new one. Every answer and every row carries a trace id.
 */
export function inRequestSpan(
  headers: TraceHeaders,
  { isTraced, beginSpan }: RequestTracing,
  handle: Handle,
): Promise<Answer> {
  const given = parseTraceparent(headers.traceparent);
  if (beginSpan !== undefined && (given === undefined ? isTraced() : isSampled(given.traceparent))) {
    return inRecordedRequest(beginSpan, given === undefined ? undefined : spanOf(headers), handle);
  }
  return handle(given ?? newTraceContext());
}

interface TraceHeaders {
  traceparent: string | undefined;
  tracestate: string | undefined;
}

/** The client's span, with the state that its vendors keep in the trace. */
const spanOf = (headers: TraceHeaders): SpanContext | undefined =>
  trace.getSpanContext(propagation.extract(ROOT_CONTEXT, headers));

async function inRecordedRequest(
  beginSpan: BeginSpan,
  parent: SpanContext | undefined,
  handle: Handle,
): Promise<Answer> {
  const span = beginSpan({ name: SPANS.ingestRequest.name, kind: SpanKind.SERVER, parent });
  const attributes: Attributes = {};
  const describe: DescribeRequest = ({ accepted, tenantId, code }) => {
    attributes['unmogrowp.accepted'] = accepted;
    if (tenantId !== undefined) attributes['unmogrowp.tenant_id'] = tenantId;
    if (code !== undefined) attributes['unmogrowp.code'] = code;
  };
  // The log, the examples of metrics and the span of the records take the trace from here.
  const current = trace.setSpanContext(ROOT_CONTEXT, span.context);
  const traceContext = { traceId: span.context.traceId, traceparent: traceparentOf(span.context) };
  let isFailure = true;
  try {
    const answer = await context.with(current, () => handle(traceContext, describe));
    attributes['http.response.status_code'] = answer.status;
    isFailure = answer.status >= 500;
    return answer;
  } finally {
    span.end({ attributes, failure: isFailure ? {} : undefined });
  }
}

/**
 * Makes records be produced in a span of their request, from which the sink goes on. Of a request that nobody records the
 * records stay as they are, and so do those that wait on the spool: their request has ended when they are sent.
 */
export function inProduceSpan(
  topic: string,
  beginSpan: BeginSpan | undefined,
  produce: ProduceRecords,
): ProduceRecords {
  if (beginSpan === undefined) return produce;
  return function produceTraced(records) {
    // Asked first, because it costs less than to look for a span.
    const isRecorded = isSampled(records[0]?.headers['traceparent'] ?? '');
    const parent = isRecorded ? trace.getSpanContext(context.active()) : undefined;
    return parent === undefined ? produce(records) : inRecordedProduce(topic, records, parent, beginSpan, produce);
  };
}

async function inRecordedProduce(
  topic: string,
  records: readonly EventRecord[],
  parent: SpanContext,
  beginSpan: BeginSpan,
  produce: ProduceRecords,
): Promise<void> {
  const attributes = {
    'messaging.system': 'kafka',
    'messaging.destination.name': topic,
    'messaging.batch.message_count': records.length,
  };
  const span = beginSpan({ name: SPANS.kafkaProduce.name, kind: SpanKind.PRODUCER, parent });
  const traceparent = traceparentOf(span.context);
  let failure: { message: string } | undefined;
  try {
    await produce(records.map((record) => ({ ...record, headers: { ...record.headers, traceparent } })));
  } catch (error) {
    failure = { message: toUnmogrowpError(error).code };
    throw error;
  } finally {
    span.end({ attributes, failure });
  }
}

const traceparentOf = ({ traceId, spanId, traceFlags }: SpanContext): string =>
  `00-${traceId}-${spanId}-${traceFlags.toString(16).padStart(2, '0')}`;
