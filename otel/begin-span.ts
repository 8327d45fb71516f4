import { type Attributes, type SpanContext, type SpanKind, SpanStatusCode, TraceFlags } from '@opentelemetry/api';
import { addHrTimes, millisToHrTime } from '@opentelemetry/core';
import type { Resource } from '@opentelemetry/resources';
import type { SpanProcessor } from '@opentelemetry/sdk-trace-base';
import { newSpanId, newTraceId } from './trace-ids.ts';

/** Begins a span that is recorded: below its parent, or as the root of a new trace. */
export type BeginSpan = (span: { name: string; kind: SpanKind; parent?: SpanContext | undefined }) => BegunSpan;

export interface BegunSpan {
  readonly context: SpanContext;
  /** Writes the span down, once. `failure` makes it an error: a code, or nothing where the attributes tell. */
  end(outcome: { attributes: Attributes; failure?: { message?: string } | undefined }): void;
}

/**
 * Makes the function that begins spans of one process and writes each down at its end, as a value. It is for what is recorded
 * seldom beside much that is not: the SDK's tracer does far more for a span, and code that runs for one request in a hundred has
 * to come from memory each time (measured by `npm run bench -- telemetry`). Start and length are taken as the SDK takes them.
 */
export function createBeginSpan(spanProcessor: SpanProcessor, resource: Resource, scope: string): BeginSpan {
  const instrumentationScope = { name: scope };
  return function beginSpan({ name, kind, parent }) {
    const startTime = millisToHrTime(Date.now());
    const startedMs = performance.now();
    const context: SpanContext = {
      traceId: parent?.traceId ?? newTraceId(),
      spanId: newSpanId(),
      traceFlags: TraceFlags.SAMPLED,
      ...(parent?.traceState === undefined ? {} : { traceState: parent.traceState }),
    };

    function end({ attributes, failure }: Parameters<BegunSpan['end']>[0]): void {
      const duration = millisToHrTime(performance.now() - startedMs);
      spanProcessor.onEnd({
        name,
        kind,
        spanContext: () => context,
        startTime,
        endTime: addHrTimes(startTime, duration),
        duration,
        ended: true,
        status: failure === undefined ? { code: SpanStatusCode.UNSET } : { code: SpanStatusCode.ERROR, ...failure },
        attributes,
        links: [],
        events: [],
        resource,
        instrumentationScope,
        droppedAttributesCount: 0,
        droppedEventsCount: 0,
        droppedLinksCount: 0,
        // Last, because what comes after it would be defined key by key.
        ...(parent === undefined ? {} : { parentSpanContext: parent }),
      });
    }

    return { context, end };
  };
}
