import { buckets, by, count } from '../otel/promql.ts';
import type { HistogramDeclaration, ExternalDeclaration, Labels } from '../otel/registry/declare.ts';

type Histogram<L extends Labels> = HistogramDeclaration<L> | ExternalDeclaration<'histogram', L>;
type Matchers<L extends Labels> = Parameters<typeof buckets<L>>[1];

/** How often a second, over a time that always holds some scrapes. */
export const rate = (selector: string): string => `rate(${selector}[$__rate_interval])`;

/** How often over the whole shown time. */
export const increase = (selector: string): string => `increase(${selector}[$__range])`;

/** A share; nothing where there is nothing of which it could be one. */
export const share = (part: string, whole: string): string => `${part} / (${whole} > 0)`;

/** A quantile of a histogram over all its series that match. */
export const quantile = <L extends Labels>(q: number, histogram: Histogram<L>, matchers?: Matchers<L>): string =>
  `histogram_quantile(${q}, sum ${by(histogram, 'le')} (${rate(buckets(histogram, matchers))}))`;

/** A quantile over the whole shown time; nothing where nothing was measured, for that has no quantile. */
export const quantileOfRange = <L extends Labels>(q: number, histogram: Histogram<L>, matchers?: Matchers<L>): string =>
  `histogram_quantile(${q}, sum ${by(histogram, 'le')} (${increase(buckets(histogram, matchers))})) >= 0`;

/** The rates of the buckets of a histogram. */
export const bucketRates = <L extends Labels>(histogram: Histogram<L>, matchers?: Matchers<L>): string =>
  `sum ${by(histogram, 'le')} (increase(${buckets(histogram, matchers)}[$__rate_interval]))`;

/** How many measurements a second. */
export const countRate = <L extends Labels>(histogram: Histogram<L>, matchers?: Matchers<L>): string =>
  `sum(${rate(count(histogram, matchers))})`;
