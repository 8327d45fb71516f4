import { bounded, external } from '../declare.ts';

const source = 'jaeger';
const transport = ['grpc', 'http'] as const;

/** What Jaeger says about itself. */
export const JAEGER = {
  spansAccepted: external({
    source,
    name: 'otelcol_receiver_accepted_spans_total',
    kind: 'counter',
    help: 'Spans that came in and were taken.',
    labels: { transport },
  }),
  spansRefused: external({
    source,
    name: 'otelcol_receiver_refused_spans_total',
    kind: 'counter',
    help: 'Spans that came in and could not be taken.',
    labels: { transport },
  }),
  spansFailed: external({
    source,
    name: 'otelcol_receiver_failed_spans_total',
    kind: 'counter',
    help: 'Spans that came in and met an error inside.',
    labels: { transport },
  }),
  spansStored: external({
    source,
    name: 'otelcol_exporter_sent_spans_total',
    kind: 'counter',
    help: 'Spans that the storage took.',
    labels: { exporter: bounded('exporters in the configuration') },
  }),
  spansLost: external({
    source,
    name: 'otelcol_exporter_send_failed_spans_total',
    kind: 'counter',
    help: 'Spans that the storage did not take.',
    labels: { exporter: bounded('exporters in the configuration') },
  }),
  storageDuration: external({
    source,
    name: 'jaeger_storage_latency_seconds',
    kind: 'histogram',
    help: 'How long the storage took to answer a question.',
    labels: { operation: bounded('questions to the storage'), result: ['ok', 'err'] },
  }),
  memory: external({
    source,
    name: 'otelcol_process_memory_rss_bytes',
    kind: 'gauge',
    help: 'Memory of Jaeger that is in RAM.',
  }),
} as const;
