import type { Metric } from 'prom-client';
import { UnmogrowpError } from '../errors.ts';
import { type Values, byLabels } from './by-labels.ts';
import { type Exemplar, exemplarOf } from './exemplar.ts';

export interface Counter {
  /** For the registry of prom-client, which writes the page. */
  readonly metric: Metric;
  /** Makes a series of labels, at 0. */
  readonly zero: (labels: Values) => void;
  /** The trace, if there is one, is shown as the example of the series. */
  readonly inc: (labels: Values, value: number, traceId?: string) => void;
}

interface Series {
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
  const values: Series[] = [];
  const seriesOf = byLabels(name, labelNames, (labels) => {
    const series: Series = { labels, value: 0, exemplar: undefined };
    values.push(series);
    return series;
  });
  // OpenMetrics calls the series of a counter `_total` and the counter itself not: prom-client adds the end again.
  const shown = { name: name.replace(/_total$/, ''), help, type: 'counter', values };

  function inc(labels: Values, value: number, traceId?: string): void {
    if (!(value >= 0 && value < Infinity)) throw new UnmogrowpError('bug', `${name} cannot count ${value}.`);
    const series = seriesOf(labels);
    series.value += value;
    if (traceId !== undefined) series.exemplar = exemplarOf(traceId, value);
  }

  const metric = { name, help, get: () => Promise.resolve(shown) } as unknown as Metric;
  return { metric, zero: (labels) => void seriesOf(labels), inc };
}
