import type { Metric } from 'prom-client';
import { UnmogrowpError } from '../errors.ts';
import { type Values, byLabels } from './by-labels.ts';
import { type Exemplar, exemplarOf } from './exemplar.ts';

export interface Counter {
  /** For the registry of prom-client, which writes the page. */
  readonly metric: Metric;
  /** The series of some labels, always the same one; the first time it is made, at 0. */
  readonly of: (labels: Values) => CounterSeries;
}

export interface CounterSeries {
  /** The trace, if there is one, is shown as the example of the series. */
  readonly inc: (value: number, traceId?: string) => void;
}

/** As the registry of prom-client reads it. */
interface Shown {
  readonly labels: Values;
  value: number;
  exemplar: Exemplar | undefined;
}

/**
 * A counter that prom-client shows and does not keep: there, each count makes a text of its labels, and ingest counts five
 * times for each request.
 */
export function createCounter(options: { name: string; help: string; labelNames: readonly string[] }): Counter {
  const { name, help, labelNames } = options;
  const values: Shown[] = [];
  const of = byLabels(name, labelNames, (labels): CounterSeries => {
    const series: Shown = { labels, value: 0, exemplar: undefined };
    values.push(series);
    return {
      inc: (value, traceId) => {
        if (!(value >= 0 && value < Infinity)) throw new UnmogrowpError('bug', `${name} cannot count ${value}.`);
        series.value += value;
        if (traceId !== undefined) series.exemplar = exemplarOf(traceId, value);
      },
    };
  });
  // OpenMetrics calls the series of a counter `_total` and the counter itself not: prom-client adds the end again.
  const shown = { name: name.replace(/_total$/, ''), help, type: 'counter', values };

  const metric = { name, help, get: () => Promise.resolve(shown) } as unknown as Metric;
  return { metric, of };
}
