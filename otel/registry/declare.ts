/** A set of label values that is open, but cannot grow without end. Says what keeps it bounded. */
export interface Bounded {
  readonly boundedBy: string;
}

/** The labels of a metric: every value that a label can have, or what keeps their number bounded. */
export type Labels = Readonly<Record<string, readonly string[] | Bounded>>;

/** The label values of one measurement: all labels, and only values that were declared. */
export type LabelValues<L extends Labels> = {
  readonly [Name in keyof L]: L[Name] extends readonly (infer Value)[] ? Value : string;
};

/** `process_` names are those that every dashboard about processes expects. */
type MetricName = `unmogrowp_${string}` | `process_${string}`;

interface Declaration<L extends Labels> {
  /** What is measured, as a sentence for whoever reads a dashboard. */
  readonly help: string;
  readonly labels: L;
}

export interface CounterDeclaration<L extends Labels = Labels> extends Declaration<L> {
  readonly kind: 'counter';
  readonly name: `${MetricName}_total`;
  /** Whether a measurement inside a sampled span keeps its trace_id as an example. */
  readonly exemplars: boolean;
}

export interface GaugeDeclaration<L extends Labels = Labels> extends Declaration<L> {
  readonly kind: 'gauge';
  readonly name: MetricName;
}

export interface HistogramDeclaration<L extends Labels = Labels> extends Declaration<L> {
  readonly kind: 'histogram';
  readonly name: `${MetricName}_${Unit}`;
  readonly unit: Unit;
  readonly buckets: readonly number[];
  readonly exemplars: boolean;
}

export type MetricDeclaration = CounterDeclaration | GaugeDeclaration | HistogramDeclaration;

/** Whose metric it is when it is none of ours; `rules` are the series that our recording rules write. */
export type Source =
  'clickhouse' | 'temporal_server' | 'temporal_sdk' | 'jaeger' | 'prometheus' | 'alertmanager' | 'loki' | 'rules';

type ExternalKind = 'counter' | 'gauge' | 'histogram' | 'summary';

/** A metric that another program emits and that our boards, rules or runbooks use. Its name is not ours to choose. */
export interface ExternalDeclaration<
  K extends ExternalKind = ExternalKind,
  L extends Labels = Labels,
> extends Declaration<L> {
  readonly kind: K;
  readonly source: Source;
  /** As Prometheus stores it; of a histogram or a summary without `_bucket`, `_sum` and `_count`. */
  readonly name: string;
}

type Unit = 'seconds' | 'bytes' | 'rows' | 'records' | 'ratio';
type NoLabels = Readonly<Record<never, never>>;

/** Declares a number that only grows. Its name ends with `_total`, with a unit before that where it has one. */
export function counter<const L extends Labels = NoLabels>(declaration: {
  name: CounterDeclaration['name'];
  help: string;
  labels?: L;
  exemplars?: boolean;
}): CounterDeclaration<L> {
  const { name, help, labels, exemplars = false } = declaration;
  return { kind: 'counter', name, help, labels: labels ?? ({} as L), exemplars };
}

/** Declares a number that goes up and down. */
export function gauge<const L extends Labels = NoLabels>(declaration: {
  name: MetricName;
  help: string;
  labels?: L;
}): GaugeDeclaration<L> {
  const { name, help, labels } = declaration;
  return { kind: 'gauge', name, help, labels: labels ?? ({} as L) };
}

/** Declares a distribution. Its name ends with its unit. */
export function histogram<const U extends Unit, const L extends Labels = NoLabels>(declaration: {
  name: `${MetricName}_${U}`;
  help: string;
  unit: U;
  buckets: readonly number[];
  labels?: L;
  exemplars?: boolean;
}): HistogramDeclaration<L> {
  const { name, help, unit, buckets, labels, exemplars = false } = declaration;
  return { kind: 'histogram', name, help, unit, buckets, labels: labels ?? ({} as L), exemplars };
}

/** Declares a metric of another program. Its labels are those that we use; it may have more. */
export function external<const K extends ExternalKind, const L extends Labels = NoLabels>(declaration: {
  source: Source;
  name: string;
  kind: K;
  help: string;
  labels?: L;
}): ExternalDeclaration<K, L> {
  const { source, name, kind, help, labels } = declaration;
  return { source, name, kind, help, labels: labels ?? ({} as L) };
}

/** A label whose values are not known beforehand; say what bounds them, such as `bounded('tenants')`. */
export const bounded = (boundedBy: string): Bounded => ({ boundedBy });

/** Whether every value of the label was declared. */
export const isClosed = (values: readonly string[] | Bounded): values is readonly string[] => Array.isArray(values);
