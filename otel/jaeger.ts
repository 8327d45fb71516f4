import { z } from 'zod';
import { UnmogrowpError } from '../errors.ts';

/** One span as it is shown: what ran where, when, for how long, and whether it failed. */
export interface TraceSpan {
  spanId: string;
  parentSpanId: string | undefined;
  service: string;
  name: string;
  startNanoseconds: bigint;
  endNanoseconds: bigint;
  isError: boolean;
  /** Why it failed, if it said so. */
  message: string | undefined;
  attributes: Readonly<Record<string, string>>;
  /** Spans, often of other traces, that belong to the same work. */
  links: readonly { traceId: string; spanId: string }[];
}

const attributes = z
  .array(z.object({ key: z.string(), value: z.record(z.string(), z.unknown()) }))
  .default([])
  // Jaeger adds remarks of its own to the attributes of spans.
  .transform((list) => list.filter(({ key }) => !key.startsWith('@jaeger@')))
  .transform((list) => Object.fromEntries(list.map(({ key, value }) => [key, textOf(Object.values(value)[0])])));
const nanoseconds = z.coerce.bigint();
const span = z.object({
  spanId: z.string(),
  parentSpanId: z.string().optional(),
  name: z.string(),
  startTimeUnixNano: nanoseconds,
  endTimeUnixNano: nanoseconds,
  attributes,
  links: z.array(z.object({ traceId: z.string(), spanId: z.string() })).default([]),
  status: z.object({ code: z.int().optional(), message: z.string().optional() }).default({}),
});
const answerSchema = z.object({
  result: z.object({
    resourceSpans: z.array(
      z.object({
        resource: z.object({ attributes }),
        scopeSpans: z.array(z.object({ spans: z.array(span) })).default([]),
      }),
    ),
  }),
});

const STATUS_ERROR = 2;
const TIMEOUT_MS = 10_000;

/**
 * Reads a trace from Jaeger, each span once even where it was exported twice, or undefined when Jaeger has none of that
 * id. Throws `jaeger_unavailable`.
 */
export async function fetchTrace(queryUrl: string, traceId: string): Promise<TraceSpan[] | undefined> {
  const answer = await ask(queryUrl, `/api/v3/traces/${traceId}`);
  if (answer.status === 404) return undefined;
  const parsed = answerSchema.safeParse(answer.body);
  if (answer.status === 200 && parsed.success) return spansOf(parsed.data);
  const problem = parsed.success ? '' : z.prettifyError(parsed.error);
  throw unavailable(queryUrl, `it answered ${answer.status} ${problem}`.trim());
}

async function ask(queryUrl: string, path: string): Promise<{ status: number; body: unknown }> {
  try {
    const response = await fetch(new URL(path, queryUrl), { signal: AbortSignal.timeout(TIMEOUT_MS) });
    return { status: response.status, body: await response.json() };
  } catch (cause) {
    const { message } = ((cause as Error).cause ?? cause) as Error;
    throw unavailable(queryUrl, message, cause);
  }
}

const unavailable = (queryUrl: string, reason: string, cause?: unknown): UnmogrowpError =>
  new UnmogrowpError(
    'jaeger_unavailable',
    `Jaeger cannot be asked at ${queryUrl}: ${reason}. Start the parts with unmogrowp up, or set JAEGER_QUERY_URL.`,
    { cause },
  );

function spansOf({ result }: z.output<typeof answerSchema>): TraceSpan[] {
  const spans = new Map<string, TraceSpan>();
  for (const { resource, scopeSpans } of result.resourceSpans) {
    const service = resource.attributes['service.name'] ?? 'unknown';
    for (const found of scopeSpans.flatMap((scope) => scope.spans)) {
      spans.set(found.spanId, {
        spanId: found.spanId,
        parentSpanId: found.parentSpanId === '' ? undefined : found.parentSpanId,
        service,
        name: found.name,
        startNanoseconds: found.startTimeUnixNano,
        endNanoseconds: found.endTimeUnixNano,
        isError: found.status.code === STATUS_ERROR,
        message: found.status.message,
        attributes: found.attributes,
        links: found.links,
      });
    }
  }
  return [...spans.values()];
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value ?? null);
}
