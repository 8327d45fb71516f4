import { z } from 'zod';
import { UnmogrowpError } from '../../errors.ts';
import { type Asked, askJson } from './ask-json.ts';

const PROMETHEUS: Asked = { name: 'Prometheus', code: 'prometheus_unavailable' };

const labels = z.record(z.string(), z.string());
const rule = z.object({
  name: z.string(),
  query: z.string(),
  type: z.enum(['alerting', 'recording']),
  labels: labels.default({}),
});
const rulesSchema = z.object({ groups: z.array(z.object({ rules: z.array(rule) })) });
const exemplarsSchema = z.array(
  z.object({
    seriesLabels: labels,
    exemplars: z.array(z.object({ labels, value: z.coerce.number(), timestamp: z.number() })),
  }),
);
const samplesSchema = z.object({
  resultType: z.literal('vector'),
  result: z.array(z.object({ metric: labels, value: z.tuple([z.number(), z.coerce.number()]) })),
});

/** A rule as Prometheus has it. */
export type PrometheusRule = z.output<typeof rule>;

/** A single measurement with the trace in which it was made. */
export interface Exemplar {
  readonly series: Readonly<Record<string, string>>;
  readonly traceId: string;
  readonly value: number;
  readonly atMs: number;
}

export interface Sample {
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/** Where Prometheus is. Throws `configuration_invalid` where nobody has said. */
export function prometheusAddress(url: string | undefined): string {
  if (url !== undefined) return url;
  throw new UnmogrowpError('configuration_invalid', 'PROMETHEUS_URL is not set');
}

/** Every rule that Prometheus evaluates. Throws `prometheus_unavailable`. */
export async function readRules(address: string, signal: AbortSignal): Promise<PrometheusRule[]> {
  const url = new URL('/api/v1/rules?exclude_alerts=true', address);
  const { groups } = await askJson(PROMETHEUS, { url, schema: rulesSchema, signal });
  return groups.flatMap(({ rules }) => rules);
}

const STATUS_BAD_DATA = 400;
const TRACE_ID = /^[0-9a-f]{16,32}$/;

/**
 * Measurements with traces of the series that an expression reads; none for what is no PromQL, such as the expression of a
 * rule of Loki. Throws `prometheus_unavailable`.
 */
export async function readExemplars(
  address: string,
  question: { expression: string; fromMs: number; toMs: number },
  signal: AbortSignal,
): Promise<Exemplar[]> {
  const { expression, fromMs, toMs } = question;
  const form = { query: expression, start: String(fromMs / 1_000), end: String(toMs / 1_000) };
  const url = new URL('/api/v1/query_exemplars', address);
  const found = await askJson(PROMETHEUS, { url, form, schema: exemplarsSchema, signal }).catch((thrown: unknown) => {
    if (thrown instanceof UnmogrowpError && thrown.context['status'] === STATUS_BAD_DATA) return [];
    throw thrown;
  });
  return found.flatMap(({ seriesLabels, exemplars }) =>
    exemplars.flatMap(({ labels: { trace_id: traceId = '' }, value, timestamp }) =>
      TRACE_ID.test(traceId) ? [{ series: seriesLabels, traceId, value, atMs: Math.round(timestamp * 1_000) }] : [],
    ),
  );
}

/** What an expression shows now. Throws `prometheus_unavailable`. */
export async function readNow(address: string, expression: string, signal: AbortSignal): Promise<Sample[]> {
  const url = new URL('/api/v1/query', address);
  const { result } = await askJson(PROMETHEUS, { url, form: { query: expression }, schema: samplesSchema, signal });
  return result.map(({ metric, value }) => ({ labels: metric, value: value[1] }));
}
