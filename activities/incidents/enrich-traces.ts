import { oneLine } from '../../incidents/page/text.ts';
import type { AlertDetails, PageRequest, PageTrace } from '../../incidents/page/types.ts';
import { type TraceSpan, fetchTrace } from '../../otel/jaeger.ts';
import { series } from '../../otel/promql.ts';
import { PROCESS_METRICS } from '../../otel/registry/process.ts';
import { relatedSeries } from './alert-data.ts';
import { gather } from './enrich-part.ts';
import { type Exemplar, type PrometheusRule, prometheusAddress, readExemplars, readRules } from './prometheus.ts';

const TRACES_MAX = 4;
/** Some of them are not in the trace store any more, or not yet. */
const CANDIDATES_MAX = 8;
/** An alert fires when its condition has held for some time. */
const BEFORE_ALERT_MS = 30 * 60_000;
const RANGE_MS_MAX = 6 * 3_600_000;
const STORY_CHARACTERS_MAX = 160;
const NOTHING_FAILED = 'nothing failed';
/** A trace store that hangs must not take the links with it. */
const STORY_MS_MAX = 1_500;

/** From when on measurements may have to do with an incident. */
export function beginOf({ alerts, openedAtMs }: Pick<PageRequest, 'alerts' | 'openedAtMs'>, nowMs: number): number {
  const firing = alerts.filter(({ status }) => status === 'firing');
  const firstMs = Math.min(openedAtMs, ...firing.map(({ startsAtMs }) => startsAtMs));
  return Math.max(firstMs - BEFORE_ALERT_MS, nowMs - RANGE_MS_MAX);
}

/**
 * Makes what finds single requests and runs behind an incident: measurements of the series of its alerts that name a trace; where
 * these have none, of series that break together with them; and at last errors of the same process.
 */
export function createFindTraces(options: {
  prometheusUrl: string | undefined;
  jaegerUrl: string;
  onError: (thrown: unknown) => void;
}) {
  return async function findTraces(
    request: PageRequest,
    nowMs: number,
    signal: AbortSignal,
  ): Promise<readonly PageTrace[]> {
    const prometheus = prometheusAddress(options.prometheusUrl);
    const rules = await readRules(prometheus, signal);
    const range = { fromMs: beginOf(request, nowMs), toMs: nowMs };
    for (const expression of expressionsOf(request.alerts, rules)) {
      const found = await readExemplars(prometheus, { expression, ...range }, signal);
      const candidates = worstFirst(found.filter((exemplar) => isOf(request.alerts, exemplar)));
      if (candidates.length > 0) return readStories(options, candidates);
    }
    return [];
  };
}

/** What is asked one after the other, until something is found. */
export function expressionsOf(alerts: readonly AlertDetails[], rules: readonly PrometheusRule[]): string[] {
  const own = alerts.flatMap((alert) => ownExpressions(alert, rules));
  const related = alerts.flatMap(({ labels }) => relatedSeries(labels['alertname'] ?? ''));
  return [anyOf(own), anyOf(related), series(PROCESS_METRICS.errors)].filter((expression) => expression !== '');
}

const anyOf = (expressions: readonly string[]): string =>
  [...new Set(expressions)].map((expression) => `(${expression})`).join(' or ');

/** The expression of an alert, and those of the series in it that rules record: only measured series have traces. */
function ownExpressions({ labels, generatorUrl }: AlertDetails, rules: readonly PrometheusRule[]): string[] {
  const fits = (rule: PrometheusRule): boolean =>
    Object.entries(rule.labels).every(([label, value]) => (labels[label] ?? value) === value);
  const written = rules.filter((rule) => rule.type === 'alerting' && rule.name === labels['alertname'] && fits(rule));
  const expressions = written.length > 0 ? written.map(({ query }) => query) : expressionIn(generatorUrl);
  const recorded = rules.filter(
    (rule) =>
      rule.type === 'recording' && fits(rule) && expressions.some((expression) => expression.includes(rule.name)),
  );
  return [...expressions, ...recorded.map(({ query }) => query)];
}

/** Prometheus' own page of an expression has it in its address. */
function expressionIn(generatorUrl: string | undefined): string[] {
  if (generatorUrl === undefined || !URL.canParse(generatorUrl)) return [];
  const expression = new URL(generatorUrl).searchParams.get('g0.expr');
  return expression === null ? [] : [expression];
}

/** Whether a series is about what one of the alerts is about: no label of both differs. */
const isOf = (alerts: readonly AlertDetails[], { series: of }: Exemplar): boolean =>
  alerts.some(({ labels }) =>
    Object.entries({ ...labels, ...jobOf(labels) }).every(([label, value]) => (of[label] ?? value) === value),
  );

/** A log line calls service what a target calls job. */
const jobOf = ({ service }: AlertDetails['labels']): Record<string, string> =>
  service === undefined ? {} : { job: service };

/** Each trace once: the largest measurement first, of equal ones the newest. */
function worstFirst(exemplars: readonly Exemplar[]): Exemplar[] {
  const sorted = exemplars.toSorted((left, right) => right.value - left.value || right.atMs - left.atMs);
  const once = new Map<string, Exemplar>();
  for (const exemplar of sorted) if (!once.has(exemplar.traceId)) once.set(exemplar.traceId, exemplar);
  return [...once.values()].slice(0, CANDIDATES_MAX);
}

/** What the trace store knows of each, what failed first. A store that is away leaves the links. */
async function readStories(
  { jaegerUrl, onError }: { jaegerUrl: string; onError: (thrown: unknown) => void },
  candidates: readonly Exemplar[],
): Promise<PageTrace[]> {
  const told = await Promise.all(
    candidates.map(async (exemplar) => {
      const spans = await gather(STORY_MS_MAX, () => fetchTrace(jaegerUrl, exemplar.traceId), onError);
      return traceOf(jaegerUrl, exemplar, storyOf(spans.state === 'found' ? (spans.value ?? []) : []));
    }),
  );
  return told.toSorted((left, right) => rankOf(left) - rankOf(right)).slice(0, TRACES_MAX);
}

/** What failed says most; what the trace store does not know says least. */
function rankOf({ story }: PageTrace): number {
  if (story === '') return 2;
  return story.startsWith(NOTHING_FAILED) ? 1 : 0;
}

const traceOf = (jaegerUrl: string, { traceId, atMs, value, series: of }: Exemplar, story: string): PageTrace => ({
  traceId,
  url: new URL(`/trace/${traceId}`, jaegerUrl).href,
  atMs,
  measured: measuredText(of, value),
  story,
});

/** `unmogrowp_sink_delay_seconds 12.4 of sink`; of a counter there is no value that says anything. */
function measuredText(of: Exemplar['series'], value: number): string {
  const name = (of['__name__'] ?? '').replace(/_bucket$/, '');
  const facts = ['code', 'outcome', 'status', 'reason', 'tenant'].flatMap((label) =>
    of[label] === undefined ? [] : [`${label} ${of[label]}`],
  );
  const amount = name.endsWith('_total') ? '' : ` ${Number(value.toPrecision(3))}`;
  const whose = of['job'] === undefined ? '' : ` of ${of['job']}`;
  return oneLine([`${name}${amount}${whose}`, ...facts].join(', '), STORY_CHARACTERS_MAX);
}

/** What failed deepest inside of a trace, or what took longest. */
export function storyOf(spans: readonly TraceSpan[]): string {
  const failed = spans
    .filter(({ isError }) => isError)
    .toSorted(byStart)
    .at(-1);
  if (failed !== undefined) {
    const { service, name, message = 'failed' } = failed;
    return oneLine(`${service} ${name}: ${message === '' ? 'failed' : message}`, STORY_CHARACTERS_MAX);
  }
  const parents = new Set(spans.map(({ parentSpanId }) => parentSpanId));
  const leaves = spans.filter(({ spanId }) => !parents.has(spanId));
  const longest = leaves.toSorted((left, right) => lengthOf(right) - lengthOf(left))[0];
  if (longest === undefined) return '';
  return oneLine(
    `${NOTHING_FAILED}; longest is ${longest.service} ${longest.name}, ${Number(lengthOf(longest).toPrecision(3))} s`,
    STORY_CHARACTERS_MAX,
  );
}

const byStart = (left: TraceSpan, right: TraceSpan): number => Number(left.startNanoseconds - right.startNanoseconds);
const lengthOf = ({ startNanoseconds, endNanoseconds }: TraceSpan): number =>
  Number(endNanoseconds - startNanoseconds) / 1e9;
