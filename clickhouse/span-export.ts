import { setTimeout as wait } from 'node:timers/promises';
import { type HrTime, ROOT_CONTEXT, type SpanContext, SpanStatusCode, TraceFlags, context } from '@opentelemetry/api';
import { ExportResultCode, suppressTracing } from '@opentelemetry/core';
import { type Resource, resourceFromAttributes } from '@opentelemetry/resources';
import type { ReadableSpan, SpanExporter } from '@opentelemetry/sdk-trace-base';
import { ATTR_SERVICE_NAME } from '@opentelemetry/semantic-conventions';
import { z } from 'zod';
import { UnmogrowpError, toUnmogrowpError } from '../errors.ts';
import type { Metrics } from '../otel/metrics.ts';
import type { CLICKHOUSE_METRICS } from '../otel/registry/clickhouse.ts';
import { openSpanExporter } from '../otel/span-exporter.ts';
import type { ClickHouse } from './client.ts';
import { defineQuery } from './define.ts';

export interface SpanExportOptions {
  clickhouse: ClickHouse;
  /** OTLP over gRPC; nothing is exported without it. */
  endpoint: string | undefined;
  environment: string;
  metrics: Metrics<typeof CLICKHOUSE_METRICS>;
  onError: (error: UnmogrowpError) => void;
  intervalMs?: number;
  /** How late a span may come into the server's log and still be found: more than the log's flush interval. */
  overlapMs?: number;
  /** How far back the log is read after the trace store was away. */
  backlogMsMax?: number;
  batchSpansMax?: number;
}

const readServerSpans = defineQuery({
  name: 'read_server_spans',
  file: new URL('./read-server-spans.sql', import.meta.url),
  parameters: z.object({
    after_us: z.int(),
    after_trace_id: z.string(),
    after_span_id: z.string(),
    backlog_us: z.int(),
    spans_max: z.int(),
  }),
  row: z.object({
    trace_id: z.string(),
    span_id: z.string(),
    parent_span_id: z.string(),
    name: z.string(),
    kind: z.int(),
    start_time_us: z.int(),
    finish_time_us: z.int(),
    is_error: z.int(),
    attributes: z.record(z.string(), z.string()),
  }),
});

type ServerSpan = Awaited<ReturnType<typeof readServerSpans>>[number];

/**
 * Brings the spans that the ClickHouse server writes to its own log into the traces to which they belong, under the name
 * of the service `clickhouse`; gives the function that stops it. A span may be exported twice when a process starts
 * again: it has the same id, and readers show it once.
 */
export function startSpanExport(options: SpanExportOptions): () => Promise<void> {
  const { endpoint } = options;
  if (endpoint === undefined) return () => Promise.resolve();
  const exporter = openSpanExporter(endpoint);
  const stop = new AbortController();
  // The reading of spans must not make spans.
  const running = context.with(suppressTracing(ROOT_CONTEXT), () => exportUntil(stop.signal, exporter, options));
  return async () => {
    stop.abort();
    await running;
    await exporter.shutdown();
  };
}

async function exportUntil(signal: AbortSignal, exporter: SpanExporter, options: SpanExportOptions) {
  const { intervalMs = 1_000, onError } = options;
  const exportNew = createExport(exporter, options);
  while (!signal.aborted) {
    try {
      await exportNew();
    } catch (error) {
      onError(toUnmogrowpError(error));
    }
    await wait(intervalMs, undefined, { signal }).catch(() => {});
  }
  await exportNew().catch((error: unknown) => onError(toUnmogrowpError(error)));
}

/** The function that exports what came into the log since it was called last. */
function createExport(exporter: SpanExporter, options: SpanExportOptions): () => Promise<void> {
  const { clickhouse, metrics, overlapMs = 5_000, backlogMsMax = 600_000, batchSpansMax = 2_000 } = options;
  const resource = resourceFromAttributes({
    [ATTR_SERVICE_NAME]: 'clickhouse',
    'deployment.environment.name': options.environment,
  });
  /** Ids of the spans within the overlap, with the time at which each ended. */
  const exported = new Map<string, number>();
  let newestUs = 0;

  async function exportNew(): Promise<void> {
    let after = { after_us: Math.max(0, newestUs - overlapMs * 1_000), ...FIRST_OF_MOMENT };
    // A process that has not exported anything yet leaves the past to the one before it.
    const backlog_us = (newestUs === 0 ? overlapMs : backlogMsMax) * 1_000;
    for (;;) {
      const spans = await readIfThere(clickhouse, { ...after, backlog_us, spans_max: batchSpansMax });
      // From here on nothing is left out, also when the trace store does not take the first batch.
      if (newestUs === 0) newestUs = spans[0]?.finish_time_us ?? 0;
      await exportBatch(spans.filter((span) => !exported.has(keyOf(span))));
      const last = spans.at(-1);
      if (last === undefined || spans.length < batchSpansMax) break;
      after = { after_us: last.finish_time_us, after_trace_id: last.trace_id, after_span_id: last.span_id };
    }
    for (const [key, finishUs] of exported) if (finishUs < newestUs - overlapMs * 1_000) exported.delete(key);
  }

  async function exportBatch(spans: readonly ServerSpan[]): Promise<void> {
    if (spans.length === 0) return;
    await send(
      exporter,
      spans.map((span) => toReadableSpan(span, resource)),
    );
    for (const span of spans) {
      exported.set(keyOf(span), span.finish_time_us);
      newestUs = Math.max(newestUs, span.finish_time_us);
    }
    metrics.serverSpans.inc(spans.length);
    metrics.serverSpanLag.set(Math.max(0, Date.now() / 1_000 - newestUs / 1e6));
  }

  return exportNew;
}

const FIRST_OF_MOMENT = { after_trace_id: '0'.repeat(32), after_span_id: '0'.repeat(16) };
const keyOf = (span: ServerSpan): string => span.trace_id + span.span_id;
const UNKNOWN_TABLE = 60;

/** The log does not exist before the server has written its first span. */
async function readIfThere(
  clickhouse: ClickHouse,
  parameters: Parameters<typeof readServerSpans>[1],
): Promise<ServerSpan[]> {
  try {
    return await readServerSpans(clickhouse, parameters);
  } catch (error) {
    if (error instanceof UnmogrowpError && error.context['clickhouse_code'] === UNKNOWN_TABLE) return [];
    throw error;
  }
}

function send(exporter: SpanExporter, spans: ReadableSpan[]): Promise<void> {
  return new Promise((resolve, reject) => {
    exporter.export(spans, ({ code, error }) => {
      if (code === ExportResultCode.SUCCESS) return resolve();
      const message = `The trace store did not take the spans of ClickHouse: ${error?.message ?? 'no reason given'}`;
      reject(new UnmogrowpError('jaeger_unavailable', message, { cause: error }));
    });
  });
}

function toReadableSpan(span: ServerSpan, resource: Resource): ReadableSpan {
  const spanContext: SpanContext = {
    traceId: span.trace_id,
    spanId: span.span_id,
    traceFlags: TraceFlags.SAMPLED,
  };
  const isRoot = span.parent_span_id === '';
  return {
    name: span.name,
    kind: span.kind,
    spanContext: () => spanContext,
    ...(isRoot ? {} : { parentSpanContext: { ...spanContext, spanId: span.parent_span_id } }),
    startTime: toHrTime(span.start_time_us),
    endTime: toHrTime(span.finish_time_us),
    duration: toHrTime(span.finish_time_us - span.start_time_us),
    ended: true,
    status: { code: span.is_error === 1 ? SpanStatusCode.ERROR : SpanStatusCode.UNSET },
    attributes: span.attributes,
    links: [],
    events: [],
    resource,
    instrumentationScope: { name: 'clickhouse-server' },
    droppedAttributesCount: 0,
    droppedEventsCount: 0,
    droppedLinksCount: 0,
  };
}

const toHrTime = (microseconds: number): HrTime => [
  Math.floor(microseconds / 1e6),
  Math.round((microseconds % 1e6) * 1_000),
];
