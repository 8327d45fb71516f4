import type { TraceSpan } from '../otel/jaeger.ts';
import { type TraceLine, traceLines } from '../otel/trace-tree.ts';

export interface DrawOptions {
  traceId: string;
  /** Characters of a line. */
  width: number;
  /** Whether alike siblings become one line. */
  fold: boolean;
}

const BAR_WIDTH_MIN = 10;
const BAR_WIDTH_MAX = 40;
const NAME_WIDTH_MIN = 24;
const NUMBER_WIDTH = 10;
const GAP = '  ';

/** Draws a trace as text: its tree of spans with a bar for each, errors and links below the span that has them. */
export function drawTrace(spans: readonly TraceSpan[], options: DrawOptions): string {
  const lines = traceLines(spans, options);
  const extent = extentOf(spans);
  const layout = layoutOf(lines, options.width);
  const drawn = lines.flatMap((line) => [drawLine(line, extent, layout), ...hintsOf(line, options.traceId, layout)]);
  const isFolded = lines.some(({ count, hidden }) => count > 1 || hidden > 0);
  const hint = isFolded ? ['', 'Many spans share a line; --all shows each.'] : [];
  return [headline(spans, options.traceId, extent), '', drawHead(layout), ...drawn, ...hint].join('\n');
}

interface Extent {
  start: bigint;
  end: bigint;
}

interface Layout {
  service: number;
  name: number;
  bar: number;
}

function extentOf(spans: readonly TraceSpan[]): Extent {
  const start = spans.reduce((least, span) => (span.startNanoseconds < least ? span.startNanoseconds : least), FAR);
  const end = spans.reduce((most, span) => (span.endNanoseconds > most ? span.endNanoseconds : most), 0n);
  return { start, end };
}

const FAR = 1n << 63n;

/** The names get what they need, the bars what is left. */
function layoutOf(lines: readonly TraceLine[], width: number): Layout {
  const service = Math.max('service'.length, ...lines.map(({ span }) => span.service.length));
  const needed = Math.max(NAME_WIDTH_MIN, ...lines.map((line) => labelOf(line).length));
  const left = width - service - 2 * NUMBER_WIDTH - 4 * GAP.length;
  const name = Math.max(NAME_WIDTH_MIN, Math.min(needed, left - BAR_WIDTH_MIN));
  return { service, name, bar: Math.max(BAR_WIDTH_MIN, Math.min(BAR_WIDTH_MAX, left - name)) };
}

function headline(spans: readonly TraceSpan[], traceId: string, { start, end }: Extent): string {
  const services = new Set(spans.map(({ service }) => service));
  const began = new Date(Number(start / 1_000_000n)).toISOString();
  const count = (number: number, word: string) => `${number} ${word}${number === 1 ? '' : 's'}`;
  const parts = [count(spans.length, 'span'), count(services.size, 'service'), durationText(end - start)];
  return `trace ${traceId}: ${parts.join(', ')}, began ${began}`;
}

const drawHead = (layout: Layout): string =>
  [
    'service'.padEnd(layout.service),
    'span'.padEnd(layout.name),
    'start'.padStart(NUMBER_WIDTH),
    'duration'.padStart(NUMBER_WIDTH),
  ].join(GAP);

function drawLine(line: TraceLine, extent: Extent, layout: Layout): string {
  return [
    line.span.service.padEnd(layout.service),
    shorten(labelOf(line), layout.name).padEnd(layout.name),
    durationText(line.startNanoseconds - extent.start).padStart(NUMBER_WIDTH),
    durationText(line.endNanoseconds - line.startNanoseconds).padStart(NUMBER_WIDTH),
    barOf(line, extent, layout.bar),
  ]
    .join(GAP)
    .trimEnd();
}

function labelOf({ span, depth, count, hidden }: TraceLine): string {
  const times = count > 1 ? ` (${count} times)` : '';
  const inside = hidden > 0 ? ` (${hidden} inside)` : '';
  return `${'  '.repeat(depth)}${span.name}${times}${inside}${span.isError ? ' (failed)' : ''}`;
}

const shorten = (text: string, length: number): string =>
  text.length <= length ? text : `${text.slice(0, length - 1)}…`;

/** Where in the whole trace a span lies; even the shortest has a mark. */
function barOf(line: TraceLine, { start, end }: Extent, width: number): string {
  const total = Number(end - start) || 1;
  const at = (time: bigint) => (Number(time - start) / total) * width;
  const from = Math.min(width - 1, Math.floor(at(line.startNanoseconds)));
  const length = Math.max(1, Math.round(at(line.endNanoseconds)) - from);
  return ' '.repeat(from) + (line.span.isError ? '×' : '█').repeat(Math.min(length, width - from));
}

/** What a reader should know of a span beside its time: why it failed and where else to look. */
function hintsOf({ span, depth }: TraceLine, traceId: string, layout: Layout): string[] {
  const indent = ' '.repeat(layout.service + GAP.length + 2 * (depth + 1));
  const cause = span.message ?? span.attributes['clickhouse.exception_code'] ?? span.attributes['unmogrowp.code'];
  const failed = span.isError && cause !== undefined ? [`${indent}failed: ${cause}`] : [];
  const elsewhere = new Set(span.links.filter((link) => link.traceId !== traceId).map((link) => link.traceId));
  return [...failed, ...[...elsewhere].map((linked) => `${indent}goes on in: unmogrowp trace ${linked}`)];
}

const SECOND = 1e9;
const MILLISECOND = 1e6;

/** A duration with three digits or so, as `1.25 ms`. */
function durationText(nanoseconds: bigint): string {
  const duration = Number(nanoseconds);
  if (duration >= 60 * SECOND) return `${(duration / SECOND).toFixed(0)} s`;
  if (duration >= SECOND) return `${(duration / SECOND).toFixed(2)} s`;
  return `${(duration / MILLISECOND).toFixed(duration >= 10 * MILLISECOND ? 0 : 2)} ms`;
}
