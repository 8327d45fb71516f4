import { parseSync } from 'oxc-parser';
import { type SpanDeclaration } from '../otel/registry/spans.ts';

/** What the code of one file measures, starts and takes in. */
export interface Emission {
  file: string;
  /** Keys of declarations that are named on something called `metrics`. */
  metrics: ReadonlySet<string>;
  /** Those of them that are counted, observed or set there. */
  measured: ReadonlySet<string>;
  /** Names of spans, as they stand in the code or by their declaration (`SPANS.key`). */
  spans: ReadonlySet<string>;
  /** Names of spans that are started by a text. */
  startedByName: ReadonlySet<string>;
  attributes: ReadonlySet<string>;
  /** Packages of which more than types are imported. */
  packages: ReadonlySet<string>;
}

type Node = Readonly<Record<string, unknown>> & { readonly type: string };

const METRICS_NAME = /^(?:metrics|\w+Metrics)$/;
const MEASURES = new Set(['inc', 'observe', 'set', 'remove']);

/** Reads what a file emits from its syntax. */
export function readEmission(file: string, text: string): Emission {
  const { program, module } = parseSync(file, text);
  const found = {
    metrics: new Set<string>(),
    measured: new Set<string>(),
    spans: new Set<string>(),
    startedByName: new Set<string>(),
    attributes: new Set<string>(),
  };
  walk(program, (node) => {
    readMetrics(node, found);
    readSpans(node, found);
  });
  const packages = module.staticImports
    .filter(({ entries }) => entries.length === 0 || entries.some(({ isType }) => !isType))
    .map(({ moduleRequest }) => moduleRequest.value);
  return { file, ...found, packages: new Set(packages) };
}

type Found = Record<'metrics' | 'measured' | 'spans' | 'startedByName' | 'attributes', Set<string>>;

function readMetrics(node: Node, { metrics, measured }: Found): void {
  if (node.type === 'MemberExpression') {
    const name = propertyOf(node);
    if (isMetrics(node['object'])) metrics.add(name);
    const owner = plain(node['object']);
    if (MEASURES.has(name) && owner?.type === 'MemberExpression' && isMetrics(owner['object'])) {
      measured.add(propertyOf(owner));
    }
  }
  if (node.type === 'VariableDeclarator' && isMetrics(node['init'])) addKeys(node['id'], metrics);
  const isPattern = node.type === 'Property' && plain(node['value'])?.type === 'ObjectPattern';
  if (isPattern && METRICS_NAME.test(textOf(node['key']))) addKeys(node['value'], metrics);
}

function readSpans(node: Node, { spans, startedByName, attributes }: Found): void {
  if (node.type === 'MemberExpression' && textOf(node['object']) === 'SPANS') spans.add(`SPANS.${propertyOf(node)}`);
  if (node.type === 'Literal' && typeof node['value'] === 'string') spans.add(node['value']);
  if (node.type !== 'CallExpression') return;
  const callee = plain(node['callee']);
  const [first] = node['arguments'] as readonly Node[];
  if (callee?.type !== 'MemberExpression' || first === undefined) return;
  const called = propertyOf(callee);
  if (/^start(?:Active)?Span$/.test(called) && first.type === 'Literal') startedByName.add(String(first['value']));
  if (called === 'setAttribute' && first.type === 'Literal') attributes.add(String(first['value']));
  if (called === 'setAttributes') addKeys(first, attributes);
}

function walk(value: unknown, visit: (node: Node) => void): void {
  if (Array.isArray(value)) for (const item of value) walk(item, visit);
  if (typeof value !== 'object' || value === null || !('type' in value)) return;
  visit(value as Node);
  for (const item of Object.values(value)) if (typeof item === 'object') walk(item, visit);
}

/** An expression without what only the compiler reads. */
function plain(value: unknown): Node | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const node = value as Node;
  return node.type === 'TSAsExpression' || node.type === 'TSNonNullExpression' ? plain(node['expression']) : node;
}

function isMetrics(value: unknown): boolean {
  const node = plain(value);
  if (node?.type === 'Identifier') return METRICS_NAME.test(String(node['name']));
  return node?.type === 'MemberExpression' && METRICS_NAME.test(propertyOf(node));
}

function addKeys(value: unknown, to: Set<string>): void {
  const node = plain(value);
  if (node?.type !== 'ObjectPattern' && node?.type !== 'ObjectExpression') return;
  for (const property of node['properties'] as readonly Node[]) {
    if (property.type === 'Property') to.add(textOf(property['key']));
  }
}

const propertyOf = (node: Node): string => textOf(node['property']);

function textOf(value: unknown): string {
  const node = plain(value);
  const text = node?.['name'] ?? node?.['value'];
  return typeof text === 'string' ? text : '';
}

/** Only these may take in what makes telemetry out of sight of the registry. */
const OWNERS: Readonly<Record<string, RegExp>> = {
  'prom-client': /^otel\/metrics\.ts$/,
  pino: /^otel\//,
  'pino-loki': /^otel\//,
};

/** What is declared and not emitted, and what is emitted and not declared. */
export function emissionProblems(
  emissions: readonly Emission[],
  declared: { metrics: Readonly<Record<string, { name: string }>>; spans: Readonly<Record<string, SpanDeclaration>> },
): string[] {
  const named = union(emissions.map(({ metrics }) => metrics));
  const spans = union(emissions.map((emission) => emission.spans));
  const names = new Set(Object.values(declared.spans).map(({ name }) => name));
  const attributes = new Set(Object.values(declared.spans).flatMap((span) => span.attributes));
  return [
    ...Object.entries(declared.metrics)
      .filter(([key]) => !named.has(key))
      .map(([, { name }]) => `${name} is declared and nothing emits it`),
    ...Object.entries(declared.spans)
      // The name of a query is the name of its span.
      .filter(([key, { name }]) => !spans.has(`SPANS.${key}`) && !spans.has(name) && !name.startsWith('<'))
      .map(([, { name }]) => `the span ${name} is declared and nothing starts it`),
    ...emissions.flatMap(({ file, measured, startedByName, attributes: set, packages }) => [
      ...[...measured]
        .filter((key) => declared.metrics[key] === undefined)
        .map((key) => `${file}: the metric ${key} is emitted and not declared`),
      ...[...startedByName]
        .filter((name) => !names.has(name))
        .map((name) => `${file}: the span ${name} is started and not declared`),
      ...[...set]
        .filter((name) => !attributes.has(name))
        .map((name) => `${file}: the attribute ${name} is set and not declared`),
      ...[...packages]
        .filter((name) => OWNERS[name]?.test(file) === false)
        .map((name) => `${file}: ${name} makes telemetry that the registry does not know`),
    ]),
  ];
}

const union = (sets: readonly ReadonlySet<string>[]): Set<string> => new Set(sets.flatMap((set) => [...set]));
