import { TraceFlags } from '@opentelemetry/api';
import { W3CTraceContextPropagator, ExportResultCode } from '@opentelemetry/core';
import { type Resource, resourceFromAttributes } from '@opentelemetry/resources';
import {
  BatchSpanProcessor,
  NoopSpanProcessor,
  ParentBasedSampler,
  type SpanExporter,
  type SpanProcessor,
  TraceIdRatioBasedSampler,
} from '@opentelemetry/sdk-trace-base';
import { NodeTracerProvider } from '@opentelemetry/sdk-trace-node';
import { ATTR_SERVICE_NAME } from '@opentelemetry/semantic-conventions';
import { type BeginSpan, createBeginSpan } from './begin-span.ts';
import type { LabelValues } from './registry/declare.ts';
import type { PROCESS_METRICS } from './registry/process.ts';
import { openSpanExporter } from './span-exporter.ts';

export interface TracingOptions {
  /** The process: ingest, sink or worker. */
  service: string;
  environment: string;
  /** OTLP over gRPC; nothing is recorded without it. */
  endpoint?: string | undefined;
  /** Part of the traces that begin here which is recorded. A trace that comes in keeps the decision of its beginning. */
  sampleRatio: number;
  /** Told how many spans the trace store took, did not take, or was never sent for want of room. */
  onExport?: (outcome: SpanOutcome, spans: number) => void;
}

type SpanOutcome = LabelValues<typeof PROCESS_METRICS.exportedSpans.labels>['outcome'];

/** Tracing of one process while it runs. */
export interface Tracing {
  /** For libraries that bring spans of their own, such as Temporal's workflows. */
  readonly spanProcessor: SpanProcessor;
  readonly resource: Resource;
  /** For a process in which few of many requests are recorded; absent where nothing is. */
  readonly beginSpan?: BeginSpan;
  /** Sends what is left. Never rejects: an absent trace store must not disturb the end of a process. */
  shutdown(): Promise<void>;
}

const SHUTDOWN_TIMEOUT_MS = 2_000;

/**
 * Makes the spans of this process go to the trace store and its context travel as W3C Trace Context. Baggage is not
 * passed on: what strangers write into it may name persons.
 */
export function startTracing(options: TracingOptions): Tracing {
  const { service, environment, endpoint, sampleRatio, onExport = () => {} } = options;
  const resource = resourceFromAttributes({
    [ATTR_SERVICE_NAME]: service,
    'deployment.environment.name': environment,
  });
  if (endpoint === undefined)
    return { spanProcessor: new NoopSpanProcessor(), resource, shutdown: () => Promise.resolve() };
  const spanProcessor = createSpanQueue(openSpanExporter(endpoint), onExport);
  const provider = new NodeTracerProvider({
    resource,
    sampler: new ParentBasedSampler({ root: new TraceIdRatioBasedSampler(sampleRatio) }),
    spanProcessors: [spanProcessor],
  });
  provider.register({ propagator: new W3CTraceContextPropagator() });
  const beginSpan = createBeginSpan(spanProcessor, resource, service);
  return { spanProcessor, resource, beginSpan, shutdown: () => within(SHUTDOWN_TIMEOUT_MS, provider.shutdown()) };
}

const QUEUE_SPANS_MAX = 8_192;
const BATCH_SPANS_MAX = 1_024;
const BATCH_WAIT_MS = 500;

/** A bounded queue in front of the exporter that says what was stored and what was lost, on the way or for want of room. */
function createSpanQueue(
  exporter: SpanExporter,
  onExport: (outcome: SpanOutcome, spans: number) => void,
): SpanProcessor {
  let queued = 0;
  const counting: SpanExporter = {
    export: (spans, done) => {
      queued -= spans.length;
      exporter.export(spans, (result) => {
        onExport(result.code === ExportResultCode.SUCCESS ? 'stored' : 'lost', spans.length);
        done(result);
      });
    },
    forceFlush: () => exporter.forceFlush?.() ?? Promise.resolve(),
    shutdown: () => exporter.shutdown(),
  };
  const queue = new BatchSpanProcessor(counting, {
    maxQueueSize: QUEUE_SPANS_MAX,
    maxExportBatchSize: BATCH_SPANS_MAX,
    scheduledDelayMillis: BATCH_WAIT_MS,
  });
  return {
    onStart: (span, parent) => queue.onStart(span, parent),
    onEnd: (span) => {
      const isSampled = (span.spanContext().traceFlags & TraceFlags.SAMPLED) !== 0;
      // The queue drops without a word what comes while it is full.
      if (isSampled && queued >= QUEUE_SPANS_MAX) onExport('dropped', 1);
      else if (isSampled) queued += 1;
      queue.onEnd(span);
    },
    forceFlush: () => queue.forceFlush(),
    shutdown: () => queue.shutdown(),
  };
}

async function within(milliseconds: number, work: Promise<void>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<void>((resolve) => (timer = setTimeout(resolve, milliseconds)));
  await Promise.race([work.catch(() => {}), timeout]);
  clearTimeout(timer);
}
