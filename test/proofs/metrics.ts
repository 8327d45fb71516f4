/**
 * `npm run prove:metrics`: the whole pipeline runs, and every declared metric is found in Prometheus with each value of its
 * closed labels, none that is not declared stands on our pages, and exemplars lead to traces that exist.
 */
import { setTimeout as wait } from 'node:timers/promises';
import { fetchTrace } from '../../otel/jaeger.ts';
import { AREAS } from '../../otel/registry/all.ts';
import { logFieldsAt } from '../../otel/registry/log-fields.ts';
import { PROCESS_NAMES, type ProcessName } from '../../stack/types.ts';
import { readMetrics, undeclared } from '../support/openmetrics.ts';
import { incidentsOf, tellIncidents } from './alerts/incidents-of.ts';
import {
  ABSENT_IN_HEALTH,
  type Expected,
  closedCombinations,
  expectedMetrics,
  seriesName,
} from './metrics-declared.ts';
import type { Pipeline } from './pipeline.ts';
import type { ProofSection } from './report.ts';
import { type ProofContext, runProof } from './run-proof.ts';
import { sendWorkload, startLoad } from './workload.ts';

/** Budgets are recorded every two minutes. */
const FOUND_MS_MAX = 180_000;
const POLL_MS = 1_000;
const OUTAGE_MS = 4_000;
const TRACES_PER_METRIC_MAX = 3;

async function proveMetrics(context: ProofContext): Promise<ProofSection> {
  const { pipeline, onProgress } = context;
  const fromMs = Date.now();
  const incidents = await incidentsOf(pipeline, context.signal);
  await sendWorkload(pipeline.stage, context);
  await provoke(context);
  await tellIncidents(incidents, 'metrics', 'firing');
  await tellIncidents(incidents, 'metrics', 'resolved');
  onProgress('asking Prometheus for every declared metric');
  const expected = expectedMetrics();
  const findings = await untilFound(expected, (each) => lookFor(pipeline, each, fromMs));
  const strangers = await undeclaredOnPages({ ...pipeline.stage.metrics, incidents: incidents.place.metrics });
  const missing = findings.flatMap(({ problem }) => (problem === undefined ? [] : [problem]));
  const problems = [...missing, ...strangers, ...(await logProblems(pipeline, fromMs))];
  const traces = findings.reduce((sum, { traces: found }) => sum + found, 0);
  const absent = findings.filter(({ isAbsent }) => isAbsent).length;
  return {
    summary:
      `${findings.length} metrics are declared; ${findings.length - missing.length - absent} of them were scraped with ` +
      `every value of their closed labels, ${absent} are shown by other programs only after their first time. ` +
      `${traces} exemplars were followed to a trace in Jaeger. ${strangers.length} names or values on our pages are not declared.`,
    table: {
      columns: ['metric', 'type', 'of', 'series', 'exemplars with a trace'],
      rows: findings.map(({ row }) => row),
    },
    problems,
  };
}

/** What happens seldom: Kafka away for some seconds, and a tenant that sends more than it may. */
async function provoke({ pipeline, seed, onProgress, signal }: ProofContext): Promise<void> {
  const { stage } = pipeline;
  onProgress('Kafka is away for some seconds, and a tenant sends more than it may');
  const load = await startLoad(stage, { seed, tenantId: 'busy', requestsPerSecond: 20, events: 2_000 });
  await stage.lines.kafka.cut();
  await wait(OUTAGE_MS, undefined, { signal });
  await stage.lines.kafka.restore();
  await pipeline.unmogrowp('tenant', 'limit', 'busy', '--events-per-second', '1');
  await wait(OUTAGE_MS, undefined, { signal });
  load.stop();
}

interface Finding {
  row: readonly string[];
  problem?: string;
  isAbsent: boolean;
  traces: number;
}

/** Looks again for what is not there yet: scrapes, spans and readings of parts take their time. */
async function untilFound(
  expected: readonly Expected[],
  look: (each: Expected) => Promise<Finding>,
): Promise<Finding[]> {
  const findings = new Map<Expected, Finding>();
  const giveUpAt = performance.now() + FOUND_MS_MAX;
  for (let open = [...expected]; open.length > 0;) {
    for (const each of open) findings.set(each, await look(each));
    open = open.filter((each) => findings.get(each)?.problem !== undefined);
    if (performance.now() > giveUpAt) break;
    if (open.length > 0) await wait(POLL_MS);
  }
  return [...findings.values()];
}

async function lookFor(pipeline: Pipeline, expected: Expected, fromMs: number): Promise<Finding> {
  const { declaration, jobs } = expected;
  const { name, kind, labels } = declaration;
  const all = await pipeline.prometheus.query(`{__name__="${seriesName(declaration)}"}`);
  const series = all.map(({ metric }) => metric).filter(({ job }) => jobs.length === 0 || jobs.includes(job ?? ''));
  const combinations = closedCombinations(expected);
  const unseen = combinations.filter((one) => !series.some((found) => contains(found, one)));
  const silent = jobs.filter((job) => !series.some((found) => found['job'] === job));
  const unlabelled = Object.keys(labels).filter((label) => !series.some((found) => (found[label] ?? '') !== ''));
  const isAbsent = series.length === 0 && ABSENT_IN_HEALTH[name] !== undefined;
  const followed = await followExemplars(pipeline, expected, fromMs);
  const [problem] = [
    ...(series.length === 0 && !isAbsent ? [`${name} was not scraped`] : []),
    ...(isAbsent ? [] : silent.map((job) => `${name} is not on the page of ${job}`)),
    ...(isAbsent || series.length === 0 ? [] : unlabelled.map((label) => `${name} never has the label ${label}`)),
    ...unseen.map((one) => `${name} was not scraped with ${JSON.stringify(one)}`),
    ...followed.problems,
  ];
  const told = isAbsent ? `none: ${ABSENT_IN_HEALTH[name]}` : String(series.length);
  const row = [`\`${name}\``, kind, jobs.join(', ') || 'Prometheus', told, followed.text];
  return { row, isAbsent, traces: followed.traces, ...(problem === undefined ? {} : { problem }) };
}

const contains = (found: Readonly<Record<string, string>>, wanted: Readonly<Record<string, string>>): boolean =>
  Object.entries(wanted).every(([label, value]) => found[label] === value);

interface Followed {
  text: string;
  traces: number;
  problems: string[];
}

/** Takes some exemplars of a metric, and asks Jaeger for their traces. */
async function followExemplars(pipeline: Pipeline, { declaration }: Expected, fromMs: number): Promise<Followed> {
  if (!('exemplars' in declaration) || !declaration.exemplars) return { text: '', traces: 0, problems: [] };
  const { name, kind } = declaration;
  const query = kind === 'histogram' ? `${name}_bucket` : name;
  const found = (await pipeline.prometheus.exemplars(query, { fromMs })).flatMap(({ exemplars }) => exemplars);
  const ids = [...new Set(found.flatMap(({ labels }) => labels['trace_id'] ?? []))];
  const asked = ids.slice(-TRACES_PER_METRIC_MAX);
  const traces = await Promise.all(asked.map((id) => fetchTrace(pipeline.stage.env.JAEGER_QUERY_URL, id)));
  const lost = asked.filter((_, index) => traces[index] === undefined);
  return {
    text: ids.length === 0 ? 'none' : `${asked.length - lost.length} of ${ids.length}`,
    traces: asked.length - lost.length,
    problems: [
      ...(ids.length === 0 ? [`${name} has no exemplar`] : []),
      ...lost.map((id) => `an exemplar of ${name} leads to ${id}, of which Jaeger has no trace`),
    ],
  };
}

/** Whether lines stand in Loki under the declared labels alone, and are found by their trace. */
async function logProblems({ loki }: Pipeline, fromMs: number): Promise<string[]> {
  const declared = new Set<string>(logFieldsAt('label'));
  const labels = await loki.labels({ fromMs });
  const found = await loki.lines('{service="ingest"} | trace_id=~".+"', { fromMs });
  return [
    ...labels.filter((label) => !declared.has(label)).map((label) => `log streams have the label ${label}`),
    ...[...declared].filter((label) => !labels.includes(label)).map((label) => `no log stream has the label ${label}`),
    ...(found.length > 0 ? [] : ['no line of the log is found by its trace']),
  ];
}

/** What stands on the pages of our processes and is not declared; Temporal's SDK has more than we use. */
async function undeclaredOnPages(addresses: Readonly<Record<ProcessName, string>>): Promise<string[]> {
  const own = Object.values(AREAS).flatMap((declarations) => Object.values(declarations));
  const pages = await Promise.all(
    PROCESS_NAMES.map(async (name) => undeclared(await readMetrics(`http://${addresses[name]}`), own)),
  );
  return pages.flatMap((names, index) =>
    names
      .filter((name) => !name.startsWith('temporal_'))
      .map((name) => `the page of ${PROCESS_NAMES[index]} shows ${name}, which is not declared`),
  );
}

await runProof('metrics', {}, proveMetrics);
