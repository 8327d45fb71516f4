import { parser as logqlParser } from '@grafana/lezer-logql';
import type { SyntaxNode, Tree } from '@lezer/common';
import { parser as promqlParser } from '@prometheus-io/lezer-promql';
import { type Labels, isClosed } from '../otel/registry/declare.ts';
import { LOG_FIELDS, logFieldsAt } from '../otel/registry/log-fields.ts';

/** What is declared, as a query names it: each series with the values of its labels. */
export type KnownSeries = ReadonlyMap<string, Labels>;

interface Declared {
  readonly kind: 'counter' | 'gauge' | 'histogram' | 'summary';
  readonly name: string;
  readonly labels: Labels;
}

/** Prometheus puts these on every series. */
const TARGET_LABELS = ['job', 'instance'];
const BOUND = { boundedBy: 'the buckets of the histogram' };

/** The series that Prometheus makes of what is declared. */
export function seriesOf(declarations: readonly Declared[]): KnownSeries {
  return new Map(
    declarations.flatMap(({ kind, name, labels }): [string, Labels][] => {
      if (kind === 'counter' || kind === 'gauge') return [[name, labels]];
      const ofAll: [string, Labels][] = [
        [`${name}_sum`, labels],
        [`${name}_count`, labels],
      ];
      if (kind === 'summary') return [...ofAll, [name, { ...labels, quantile: BOUND }]];
      return [...ofAll, [`${name}_bucket`, { ...labels, le: BOUND }]];
    }),
  );
}

/** What a query uses and what is wrong with it. */
export interface QueryFindings {
  series: ReadonlySet<string>;
  problems: string[];
}

/** What of a PromQL expression is not declared: series, labels, values of closed labels; or that it is no PromQL. */
export function readPromql(expression: string, known: KnownSeries): QueryFindings {
  const text = withoutVariables(expression);
  const tree = promqlParser.parse(text);
  const wrong = syntaxProblem(tree, text);
  if (wrong !== undefined) return { series: new Set(), problems: [wrong] };
  const slice = (node: SyntaxNode | null): string => (node === null ? '' : text.slice(node.from, node.to));
  const series = new Set<string>();
  const problems: string[] = [];
  const groupings = new Set<string>();
  const made = new Set<string>();
  for (const node of nodesOf(tree)) {
    if (node.name === 'VectorSelector') problems.push(...selectorProblems(node, slice, known, series));
    if (node.name === 'LabelName' && node.parent?.name === 'GroupingLabels') groupings.add(slice(node));
    // What `label_replace` and `count_values` write is a label from there on.
    if (node.name === 'StringLiteral' && !isMatcher(node.parent)) made.add(unquoted(slice(node)));
  }
  const labels = new Set([...series].flatMap((name) => Object.keys(known.get(name) ?? {})));
  for (const label of groupings) {
    if (labels.has(label) || made.has(label) || TARGET_LABELS.includes(label)) continue;
    if (problems.length === 0) problems.push(`no series of it has the label ${label}`);
  }
  return { series, problems };
}

type Slice = (node: SyntaxNode | null) => string;

function selectorProblems(node: SyntaxNode, slice: Slice, known: KnownSeries, series: Set<string>): string[] {
  const matchers = node.getChild('LabelMatchers')?.getChildren('UnquotedLabelMatcher') ?? [];
  const read = matchers.map((matcher) => ({
    label: slice(matcher.getChild('LabelName')),
    operator: slice(matcher.getChild('MatchOp')),
    value: unquoted(slice(matcher.getChild('StringLiteral'))),
  }));
  const named = read.find(({ label, operator }) => label === '__name__' && operator === '=')?.value;
  const name = slice(node.getChild('Identifier')) || named;
  if (name === undefined) return ['a selector does not name its series'];
  const labels = known.get(name);
  if (labels === undefined) return [`${name} is not declared`];
  series.add(name);
  return read.flatMap(({ label, operator, value }) => {
    if (label === '__name__' || TARGET_LABELS.includes(label)) return [];
    const values = labels[label];
    if (values === undefined) return [`${name} has no label ${label}`];
    if (!isClosed(values) || value.includes('$')) return [];
    const asked = operator.includes('~') ? value.split('|') : [value];
    const unknown = asked.filter((one) => /^\w*$/.test(one) && one !== '' && !values.includes(one));
    return unknown.map((one) => `${label} of ${name} is never ${one}`);
  });
}

const isMatcher = (node: SyntaxNode | null): boolean => node?.name.endsWith('LabelMatcher') === true;

/** What of a LogQL expression is not declared: labels of streams, fields; or that it is no LogQL. */
export function readLogql(expression: string): QueryFindings {
  const text = withoutVariables(expression);
  const tree = logqlParser.parse(text);
  const wrong = syntaxProblem(tree, text);
  if (wrong !== undefined) return { series: new Set(), problems: [wrong] };
  const labels: readonly string[] = logFieldsAt('label');
  const problems = nodesOf(tree).flatMap((node) => {
    if (node.name !== 'Identifier' || !NAMING.has(node.parent?.name ?? '')) return [];
    const name = text.slice(node.from, node.to);
    const isOfStream = node.parent?.parent?.name === 'Matchers';
    if (isOfStream && !labels.includes(name)) return [`${name} is no label of log streams`];
    return isField(name) ? [] : [`${name} is no declared field of the log`];
  });
  return { series: new Set(), problems };
}

const NAMING = new Set([
  'Matcher',
  'Labels',
  'Grouping',
  'UnwrapExpr',
  'NumberFilter',
  'DurationFilter',
  'BytesFilter',
]);

/** `| json` names what lies deeper by its way, as in `context_query`. */
const isField = (name: string): boolean =>
  Object.keys(LOG_FIELDS).some((field) => name === field || name.startsWith(`${field}_`)) || name === '__error__';

/** Grafana puts times for its own variables; what people choose stands inside of quotes. */
const withoutVariables = (expression: string): string =>
  expression.replaceAll(/\$\{?__(?:rate_interval|interval|range|auto)\}?/g, '5m').replaceAll(/\$\{?__\w+\}?/g, '300');

function nodesOf(tree: Tree): SyntaxNode[] {
  const nodes: SyntaxNode[] = [];
  tree.iterate({ enter: ({ node }) => void nodes.push(node) });
  return nodes;
}

function syntaxProblem(tree: Tree, text: string): string | undefined {
  const error = nodesOf(tree).find(({ type }) => type.isError);
  return error === undefined ? undefined : `it cannot be parsed at "${text.slice(error.from, error.from + 30)}"`;
}

const unquoted = (text: string): string => text.replaceAll(/^["'`]|["'`]$/g, '');
