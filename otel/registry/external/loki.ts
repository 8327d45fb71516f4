import { bounded, external } from '../declare.ts';

const source = 'loki';
const tenant = bounded('tenants of Loki, of which an installation has one');

/** What Loki says about itself. */
export const LOKI = {
  linesReceived: external({
    source,
    name: 'loki_distributor_lines_received_total',
    kind: 'counter',
    help: 'Lines that came in.',
    labels: { tenant },
  }),
  bytesReceived: external({
    source,
    name: 'loki_distributor_bytes_received_total',
    kind: 'counter',
    help: 'Bytes of the lines that came in.',
    labels: { tenant },
  }),
  linesDiscarded: external({
    source,
    name: 'loki_discarded_samples_total',
    kind: 'counter',
    help: 'Lines that came in and were thrown away, by the reason.',
    labels: { tenant, reason: bounded('limits of Loki') },
  }),
  streams: external({
    source,
    name: 'loki_ingester_memory_streams',
    kind: 'gauge',
    help: 'Streams in memory: combinations of labels.',
    labels: { tenant },
  }),
  requestDuration: external({
    source,
    name: 'loki_request_duration_seconds',
    kind: 'histogram',
    help: 'How long requests took.',
    labels: { method: bounded('HTTP methods'), route: bounded('routes'), status_code: bounded('HTTP statuses') },
  }),
} as const;
