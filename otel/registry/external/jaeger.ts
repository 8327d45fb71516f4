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
  spansLost: external({
    source,
    name: 'otelcol_exporter_send_failed_spans_total',
    kind: 'counter',
    help: 'Spans that the storage did not take.',
    labels: { exporter: bounded('exporters in the configuration') },
  }),
} as const;
