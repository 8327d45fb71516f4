import type { TraceSpan } from './jaeger.ts';

/** A line of the tree: one span, or several of the same name beside each other that have nothing below them. */
export interface TraceLine {
  span: TraceSpan;
  depth: number;
  /** How many spans the line stands for. */
  count: number;
  /** How many spans below it are not shown. */
  hidden: number;
  startNanoseconds: bigint;
  endNanoseconds: bigint;
}

/** Siblings that look alike and are more than this are shown as one line. */
const ALIKE_MAX = 3;
/** What a called service did inside is shown up to so many spans. */
const INSIDE_MAX = 6;

/** Spans that share a line. */
interface Group {
  first: TraceSpan;
  spans: readonly TraceSpan[];
}
type Children = ReadonlyMap<string | undefined, readonly TraceSpan[]>;

/**
 * The spans of a trace in the order in which they are read: parents above their children, earlier ones first. A span
 * whose parent nobody recorded begins a tree of its own. Folded, what is many and alike or deep inside a called service
 * takes one line; what failed is always shown.
 */
export function traceLines(spans: readonly TraceSpan[], { fold }: { fold: boolean }): TraceLine[] {
  const known = new Set(spans.map(({ spanId }) => spanId));
  const children: Children = Map.groupBy(spans, ({ parentSpanId }) =>
    parentSpanId !== undefined && known.has(parentSpanId) ? parentSpanId : undefined,
  );
  const lines: TraceLine[] = [];
  const visit = (parent: TraceSpan | undefined, depth: number): void => {
    for (const group of groupAlike(inOrder(children.get(parent?.spanId) ?? []), children, fold)) {
      const { first: span } = group;
      const isCalled = parent !== undefined && parent.service !== span.service;
      const hidden = fold && isCalled ? insideOf(span, children) : 0;
      lines.push(lineOf(group, depth, hidden));
      if (hidden === 0 && group.spans.length === 1) visit(span, depth + 1);
    }
  };
  visit(undefined, 0);
  return lines;
}

/** How many spans a called service made by itself, if they are too many to be shown and none of them tells anything. */
function insideOf(span: TraceSpan, children: Children): number {
  const below = descendantsOf(span, children);
  const isPlain = below.every(
    ({ service, isError, links }) => service === span.service && !isError && links.length === 0,
  );
  return isPlain && below.length > INSIDE_MAX ? below.length : 0;
}

const descendantsOf = (span: TraceSpan, children: Children): TraceSpan[] =>
  (children.get(span.spanId) ?? []).flatMap((child) => [child, ...descendantsOf(child, children)]);

const inOrder = (spans: readonly TraceSpan[]): TraceSpan[] =>
  spans.toSorted(
    (a, b) =>
      Number(a.startNanoseconds - b.startNanoseconds) ||
      Number(b.endNanoseconds - a.endNanoseconds) ||
      a.spanId.localeCompare(b.spanId),
  );

function groupAlike(siblings: readonly TraceSpan[], children: Children, fold: boolean): Group[] {
  const isPlain = (span: TraceSpan) => !children.has(span.spanId) && !span.isError && span.links.length === 0;
  const groups = Map.groupBy(siblings, (span) =>
    fold && isPlain(span) ? `${span.service}\0${span.name}` : span.spanId,
  );
  return [...groups.values()].flatMap((spans) => {
    const parts = spans.length > ALIKE_MAX ? [spans] : spans.map((span) => [span]);
    return parts.flatMap(([first, ...others]) => (first === undefined ? [] : [{ first, spans: [first, ...others] }]));
  });
}

function lineOf({ first, spans }: Group, depth: number, hidden: number): TraceLine {
  return {
    span: first,
    depth,
    count: spans.length,
    hidden,
    startNanoseconds: first.startNanoseconds,
    endNanoseconds: spans.reduce((end, { endNanoseconds }) => (endNanoseconds > end ? endNanoseconds : end), 0n),
  };
}
