import { bounded, external } from '../declare.ts';

const source = 'loki';
const tenant = bounded('tenants of Loki, of which an installation has one');

/** What Loki says about itself. */
export const LOKI = {
  linesDiscarded: external({
    source,
    name: 'loki_discarded_samples_total',
    kind: 'counter',
    help: 'Lines that came in and were thrown away, by the reason.',
    labels: { tenant, reason: bounded('limits of Loki') },
  }),
} as const;
