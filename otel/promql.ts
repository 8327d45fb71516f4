import { UnmogrowpError } from '../errors.ts';
import type {
  CounterDeclaration,
  ExternalDeclaration,
  GaugeDeclaration,
  HistogramDeclaration,
  Labels,
} from './registry/declare.ts';

/** What Prometheus itself puts on every series: the service, and the process of it. */
type TargetLabel = 'job' | 'instance';

/**
 * What a label has to be: a value, one of several, anything but those, or what somebody chose in a variable of the
 * board.
 */
type Matcher<Value extends string> = Alternatives<Value> | { not: Alternatives<Value> } | { variable: string };
type Alternatives<Value extends string> = Value | readonly Value[];

type ValueOf<Values> = Values extends readonly (infer Value extends string)[] ? Value : string;
type Matchers<L extends Labels> = { readonly [Name in keyof L]?: Matcher<ValueOf<L[Name]>> } & {
  readonly [Name in TargetLabel]?: Matcher<string>;
};

type Single<L extends Labels> =
  CounterDeclaration<L> | GaugeDeclaration<L> | ExternalDeclaration<'counter' | 'gauge' | 'summary', L>;
type Distribution<L extends Labels> = HistogramDeclaration<L> | ExternalDeclaration<'histogram' | 'summary', L>;

/** The selector of a counter, a gauge, or of the quantiles of a summary: `unmogrowp_window_runs_total{outcome="failed"}`. */
export const series = <L extends Labels>(declaration: Single<L>, matchers?: Matchers<NoInfer<L>>): string =>
  selector(declaration.name, matchers);

/** The selector of the buckets of a histogram; with `le`, of the one bucket that ends there. */
export function buckets<L extends Labels>(
  declaration: HistogramDeclaration<L> | ExternalDeclaration<'histogram', L>,
  matchers: Matchers<NoInfer<L>> & { readonly le?: number } = {},
): string {
  const { le, ...others } = matchers;
  if (le === undefined) return selector(`${declaration.name}_bucket`, others);
  if ('buckets' in declaration && !declaration.buckets.includes(le)) {
    throw new UnmogrowpError('bug', `${declaration.name} has no bucket that ends at ${le}`);
  }
  return selector(`${declaration.name}_bucket`, {
    ...others,
    le: Number.isInteger(le) ? [`${le}`, `${le}.0`] : `${le}`,
  });
}

/** The selector of how many there were. */
export const count = <L extends Labels>(declaration: Distribution<L>, matchers?: Matchers<NoInfer<L>>): string =>
  selector(`${declaration.name}_count`, matchers);

/** The selector of what all of them come to. */
export const sum = <L extends Labels>(declaration: Distribution<L>, matchers?: Matchers<NoInfer<L>>): string =>
  selector(`${declaration.name}_sum`, matchers);

/** `by (…)` with labels that the metric has. */
export const by = <L extends Labels>(
  _declaration: Single<L> | Distribution<L>,
  ...labels: readonly ((keyof L & string) | TargetLabel | 'le')[]
): string => `by (${labels.join(', ')})`;

function selector(name: string, matchers: Readonly<Record<string, Matcher<string> | undefined>> = {}): string {
  const conditions = Object.entries(matchers).flatMap(([label, matcher]) =>
    matcher === undefined ? [] : [`${label}${condition(matcher)}`],
  );
  return conditions.length === 0 ? name : `${name}{${conditions.join(', ')}}`;
}

function condition(matcher: Matcher<string>): string {
  if (isAlternatives(matcher)) return typeof matcher === 'string' ? `=${quoted(matcher)}` : `=~${anyOf(matcher)}`;
  if ('variable' in matcher) return `=~"$${matcher.variable}"`;
  return typeof matcher.not === 'string' ? `!=${quoted(matcher.not)}` : `!~${anyOf(matcher.not)}`;
}

const isAlternatives = (matcher: Matcher<string>): matcher is Alternatives<string> =>
  typeof matcher === 'string' || Array.isArray(matcher);

const anyOf = (values: readonly string[]): string => quoted(values.map(literal).join('|'));
/** A pattern that fits the value and nothing else. */
const literal = (value: string): string => value.replaceAll(/[\\^$.|?*+()[\]{}]/g, String.raw`\$&`);
const quoted = (text: string): string => JSON.stringify(text);
