import type { Metric } from 'prom-client';
import { UnmogrowpError } from '../errors.ts';
import { type Values, byLabels } from './by-labels.ts';
import { type Exemplar, exemplarOf } from './exemplar.ts';

export interface Histogram {
  /** For the registry of prom-client, which writes the page. */
  readonly metric: Metric;
  /** The series of some labels, always the same one; the first time it is made, without a measurement. */
  readonly of: (labels: Values) => HistogramSeries;
}

export interface HistogramSeries {
  /** The trace, if there is one, is shown as the example of the measurement's bucket. */
  readonly observe: (value: number, traceId?: string) => void;
}

interface Measured {
  readonly labels: Values;
  /** How many measurements are in each bucket and in no other; the last one has no bound. */
  readonly counts: Float64Array;
  sum: number;
  readonly exemplars: (Exemplar | undefined)[];
}

/**
 * A histogram that prom-client shows and does not measure: to observe costs a seventh of what it costs there, where each
 * measurement makes texts of its labels and of the bound of its bucket. Ingest observes twice for each request.
 */
export function createHistogram(options: {
  name: string;
  help: string;
  labelNames: readonly string[];
  /** Bounds in growing order, each of them included. */
  buckets: readonly number[];
}): Histogram {
  const { name, help, labelNames, buckets } = options;
  const all: Measured[] = [];
  const of = byLabels(name, labelNames, (labels): HistogramSeries => {
    const series: Measured = { labels, counts: new Float64Array(buckets.length + 1), sum: 0, exemplars: [] };
    all.push(series);
    return { observe: (value, traceId) => observe(series, value, traceId) };
  });

  function observe(series: Measured, value: number, traceId?: string): void {
    if (!Number.isFinite(value)) throw new UnmogrowpError('bug', `${name} cannot measure ${value}.`);
    let bucket = 0;
    while (bucket < buckets.length && value > (buckets[bucket] as number)) bucket += 1;
    series.counts[bucket] = (series.counts[bucket] as number) + 1;
    series.sum += value;
    if (traceId !== undefined) series.exemplars[bucket] = exemplarOf(traceId, value);
  }

  const get = () => Promise.resolve({ name, help, type: 'histogram', values: all.flatMap(valuesOf) });

  function valuesOf({ labels: sharedLabels, counts, sum, exemplars }: Measured) {
    let count = 0;
    const metricName = `${name}_bucket`;
    const values = [...buckets, '+Inf'].map((le, bucket) => {
      count += counts[bucket] as number;
      return { labels: { le }, sharedLabels, value: count, metricName, exemplar: exemplars[bucket] };
    });
    return [
      ...values,
      { labels: {}, sharedLabels, value: sum, metricName: `${name}_sum` },
      { labels: {}, sharedLabels, value: count, metricName: `${name}_count` },
    ];
  }

  return { metric: { name, help, get } as unknown as Metric, of };
}
