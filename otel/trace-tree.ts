import type { TraceSpan } from './jaeger.ts';

/** A line of the tree: one span, or several of the same name beside each other that have nothing below them. */
export interface TraceLine {
  span: TraceSpan;
  depth: number;
  /** How many spans the line stands for. */
  count: number;
  startNanoseconds: bigint;
  endNanoseconds: bigint;
}

/** Siblings that look alike and are more than this are shown as one line. */
const ALIKE_MAX = 3;

/**
 * The spans of a trace in the order in which they are read: parents above their children, earlier ones first. A span
 * whose parent nobody recorded begins a tree of its own.
 */
export function traceLines(spans: readonly TraceSpan[], { fold }: { fold: boolean }): TraceLine[] {
  const known = new Set(spans.map(({ spanId }) => spanId));
  const children = Map.groupBy(spans, ({ parentSpanId }) =>
    parentSpanId !== undefined && known.has(parentSpanId) ? parentSpanId : undefined,
  );
  const lines: TraceLine[] = [];
  const visit = (parent: string | undefined, depth: number): void => {
    for (const group of groupAlike(inOrder(children.get(parent) ?? []), children, fold)) {
      lines.push(lineOf(group, depth));
      for (const span of group) visit(span.spanId, depth + 1);
    }
  };
  visit(undefined, 0);
  return lines;
}

const inOrder = (spans: readonly TraceSpan[]): TraceSpan[] =>
  spans.toSorted(
    (a, b) =>
      Number(a.startNanoseconds - b.startNanoseconds) ||
      Number(b.endNanoseconds - a.endNanoseconds) ||
      a.spanId.localeCompare(b.spanId),
  );

function groupAlike(
  siblings: readonly TraceSpan[],
  children: ReadonlyMap<string | undefined, unknown>,
  fold: boolean,
): TraceSpan[][] {
  const isPlain = (span: TraceSpan) => !children.has(span.spanId) && !span.isError && span.links.length === 0;
  const groups = Map.groupBy(siblings, (span) =>
    fold && isPlain(span) ? `${span.service}\0${span.name}` : span.spanId,
  );
  return [...groups.values()].flatMap((group) => (group.length > ALIKE_MAX ? [group] : group.map((span) => [span])));
}

function lineOf(group: readonly TraceSpan[], depth: number): TraceLine {
  const [span] = group as readonly [TraceSpan];
  return {
    span,
    depth,
    count: group.length,
    startNanoseconds: span.startNanoseconds,
    endNanoseconds: group.reduce((end, { endNanoseconds }) => (endNanoseconds > end ? endNanoseconds : end), 0n),
  };
}
