import { parentPort, workerData } from 'node:worker_threads';
import { ExportResultCode } from '@opentelemetry/core';
import { convertLegacyOtlpGrpcOptions, createOtlpGrpcExportDelegate } from '@opentelemetry/otlp-grpc-exporter-base';
import { ProtobufTraceSerializer } from '@opentelemetry/otlp-transformer';
import type { SpanBatch, SpanBatchOutcome } from './span-exporter.ts';

const EXPORT_TIMEOUT_MS = 5_000;

/** OpenTelemetry's exporter of traces as it makes itself, except that its batches are bytes already. */
const exporter = createOtlpGrpcExportDelegate(
  convertLegacyOtlpGrpcOptions({ url: workerData as string, timeoutMillis: EXPORT_TIMEOUT_MS }, 'TRACES'),
  { ...ProtobufTraceSerializer, serializeRequest: (bytes: Uint8Array) => bytes },
  'otlp_grpc_span_exporter',
  // For metrics of its own, which are not read.
  { name: 'span', countItems: () => 0 },
  undefined,
  'TraceExportService',
  '/opentelemetry.proto.collector.trace.v1.TraceService/Export',
);

parentPort?.on('message', ({ batchId, bytes }: SpanBatch) => {
  exporter.export(bytes, ({ code, error }) => {
    const isStored = code === ExportResultCode.SUCCESS;
    parentPort?.postMessage({ batchId, isStored, reason: error?.message } satisfies SpanBatchOutcome);
  });
});
