import { type Command, InvalidArgumentError } from 'commander';
import { parseEnv } from '../../env.ts';
import { UnmogrowpError } from '../../errors.ts';
import { type TraceSpan, fetchTrace } from '../../otel/jaeger.ts';
import { drawTrace } from '../draw-trace.ts';
import { printJson, printLine } from '../output.ts';

interface TraceOptions {
  readonly all?: boolean;
  readonly json?: boolean;
}

const WIDTH_WITHOUT_TERMINAL = 120;

/** `unmogrowp trace`: the way of one request or run through all processes, with times. */
export function register(program: Command): void {
  program
    .command('trace')
    .description('the spans of one trace as a tree with times; exit code 1 when there is no such trace')
    .argument(
      '<trace_id>',
      'as in the answer to a request, in a row, in a log line; a traceparent is taken too',
      traceIdOf,
    )
    .option('--all', 'a line for every span, also for many alike beside each other')
    .option('--json', 'print JSON')
    .action(async (traceId: string, options: TraceOptions) => {
      const spans = await fetchTrace(parseEnv(process.env).JAEGER_QUERY_URL, traceId);
      if (spans === undefined) throw unknownTrace(traceId);
      if (options.json === true) printJson({ trace_id: traceId, spans: spans.map(asJson) });
      else {
        const width = process.stdout.columns ?? WIDTH_WITHOUT_TERMINAL;
        printLine(drawTrace(spans, { traceId, width, fold: options.all !== true }));
      }
    });
}

/** Takes a trace id as it is written anywhere: with dashes as ClickHouse does, or inside a traceparent. */
function traceIdOf(text: string): string {
  const traceId = /^[0-9a-f]{2}-([0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}$/i.exec(text)?.[1] ?? text.replaceAll('-', '');
  if (!/^[0-9a-f]{32}$/i.test(traceId)) throw new InvalidArgumentError('A trace id has 32 hexadecimal digits.');
  return traceId.toLowerCase();
}

const unknownTrace = (traceId: string): UnmogrowpError =>
  new UnmogrowpError(
    'trace_unknown',
    `Jaeger has no trace ${traceId}. Spans arrive a second or two after they end; a trace that was not sampled ` +
      '(TRACE_SAMPLE_RATIO, or the sender of its traceparent decides) has none at all.',
  );

const asJson = (span: TraceSpan): Record<string, unknown> => ({
  span_id: span.spanId,
  parent_span_id: span.parentSpanId ?? null,
  service: span.service,
  name: span.name,
  start: new Date(Number(span.startNanoseconds / 1_000_000n)).toISOString(),
  start_ns: span.startNanoseconds,
  duration_ns: span.endNanoseconds - span.startNanoseconds,
  is_error: span.isError,
  message: span.message ?? null,
  attributes: span.attributes,
  links: span.links.map((link) => ({ trace_id: link.traceId, span_id: link.spanId })),
});
