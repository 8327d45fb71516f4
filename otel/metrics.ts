import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';
import { TraceFlags, trace } from '@opentelemetry/api';
import { Gauge, Registry, type OpenMetricsContentType } from 'prom-client';
import { UnmogrowpError, toUnmogrowpError } from '../errors.ts';
import type { Values } from './by-labels.ts';
import { type Counter, type CounterSeries, createCounter } from './counter.ts';
import { type HistogramSeries, createHistogram } from './histogram.ts';
import { watchProcess } from './process.ts';
import {
  type CounterDeclaration,
  type GaugeDeclaration,
  type HistogramDeclaration,
  type LabelValues,
  type Labels,
  type MetricDeclaration,
  isClosed,
} from './registry/declare.ts';
import { PROCESS_METRICS } from './registry/process.ts';

type Declarations = Readonly<Record<string, MetricDeclaration>>;

/** Labels first, if the metric has any. */
type Arguments<L extends Labels, Rest extends unknown[]> = keyof L extends never
  ? Rest
  : [labels: LabelValues<L>, ...Rest];

export interface CounterMetric<L extends Labels> {
  inc(...values: Arguments<L, [value?: number]>): void;
  /** For what is counted with every request: its labels are not looked up, and its example is said, not looked for. */
  of(...labels: Arguments<L, []>): CounterSeries;
}

export interface GaugeMetric<L extends Labels> {
  set(...values: Arguments<L, [value: number]>): void;
  /** Takes the value off the page: not known is something else than 0. */
  remove(...values: Arguments<L, []>): void;
}

export interface HistogramMetric<L extends Labels> {
  observe(...values: Arguments<L, [value: number]>): void;
  /** For what is measured with every request, as of a counter. */
  of(...labels: Arguments<L, []>): HistogramSeries;
}

/** What a declaration becomes. */
type MetricOf<D> =
  D extends CounterDeclaration<infer L>
    ? CounterMetric<L>
    : D extends HistogramDeclaration<infer L>
      ? HistogramMetric<L>
      : D extends GaugeDeclaration<infer L>
        ? GaugeMetric<L>
        : never;

export type Metrics<D extends Declarations> = { readonly [Key in keyof D]: MetricOf<D[Key]> };

/** What /metrics shows. */
export interface MetricRegister {
  readonly contentType: string;
  metrics(): Promise<string>;
}

export interface CreatedMetrics<D extends Declarations> {
  readonly register: MetricRegister;
  readonly metrics: Metrics<D & typeof PROCESS_METRICS>;
  /**
   * Calls `update` before every scrape, or before the first one after `keptMs`: for gauges that are read, such as a
   * queue's length. What takes long because a part is away does not hold the page: it stands on a later one.
   */
  readonly beforeScrape: (update: Update, options?: { keptMs?: number }) => void;
  /** Adds metrics that a library keeps by itself, in the same format and without its end. */
  readonly addPage: (read: () => Promise<string>) => void;
}

type Update = () => void | Promise<void>;

/** Prometheus gives up after ten seconds by default. */
const SCRAPE_WAIT_MS_MAX = 2_000;
const END_OF_PAGE = '# EOF\n';

/**
 * Makes the metrics of one process from their declarations, with those that every process has. Whatever is not declared
 * cannot be measured; counters and histograms with closed labels start at 0, so that a rate is known from the beginning.
 */
export function createMetrics<D extends Declarations>(declarations: D): CreatedMetrics<D> {
  const registry = new Registry<OpenMetricsContentType>();
  registry.setContentType(Registry.OPENMETRICS_CONTENT_TYPE);
  const all = { ...declarations, ...PROCESS_METRICS };
  const made = Object.entries(all).map(([key, declaration]) => [key, createMetric(registry, declaration)]);
  const metrics = Object.fromEntries(made) as Metrics<D & typeof PROCESS_METRICS>;
  const updates: Update[] = [watchProcess(metrics as unknown as Metrics<typeof PROCESS_METRICS>)];
  const pages: (() => Promise<string>)[] = [];
  const register = {
    contentType: registry.contentType,
    metrics: async () => {
      const [others] = await Promise.all([
        Promise.all(pages.map((read) => read())),
        ...updates.map((update) => update()),
      ]);
      return (await registry.metrics()).replace(END_OF_PAGE, others.join('') + END_OF_PAGE);
    },
  };
  return {
    register,
    metrics,
    beforeScrape: (update, { keptMs = 0 } = {}) => void updates.push(inTime(update, keptMs)),
    addPage: (read) => void pages.push(read),
  };
}

/** One update at a time, none of them oftener than it may be, and none of them waited for for long. */
function inTime(update: Update, keptMs: number): Update {
  let begunAtMs = Number.NEGATIVE_INFINITY;
  let running: Promise<void> | undefined;
  return async function updateInTime() {
    if (running === undefined && performance.now() - begunAtMs >= keptMs) {
      begunAtMs = performance.now();
      running = Promise.resolve()
        .then(update)
        .finally(() => {
          running = undefined;
        });
    }
    await Promise.race([running, wait(SCRAPE_WAIT_MS_MAX, undefined, { ref: false })]);
  };
}

function createMetric(registry: Registry<OpenMetricsContentType>, declaration: MetricDeclaration): unknown {
  const { name, help, labels, kind } = declaration;
  const options = { name, help, labelNames: Object.keys(labels) };
  if (kind === 'gauge') return new Gauge({ ...options, registers: [registry] });
  const measure = declaration.exemplars ? withExemplar : withLabels;
  if (kind === 'counter') {
    const counter = createCounter(options);
    showFromZero(registry, counter, labels);
    return {
      inc: measure((values, value, traceId) => counter.of(values).inc(value, traceId)),
      of: (values: Values = NO_LABELS) => counter.of(values),
    };
  }
  const histogram = createHistogram({ ...options, buckets: declaration.buckets });
  showFromZero(registry, histogram, labels);
  return {
    observe: measure((values, value, traceId) => histogram.of(values).observe(value, traceId)),
    of: (values: Values = NO_LABELS) => histogram.of(values),
  };
}

function showFromZero(
  registry: Registry<OpenMetricsContentType>,
  { metric, of }: { metric: Counter['metric']; of: (labels: Values) => unknown },
  labels: Labels,
): void {
  registry.registerMetric(metric);
  for (const values of closedCombinations(labels)) of(values);
}

/** What a measurement is given: its labels, if the metric has any, and a value. */
type Measured = [first?: Values | number, second?: number];

const NO_LABELS: Values = {};

type Measure = (labels: Values, value: number, traceId?: string) => void;

const withLabels =
  (measure: Measure) =>
  (...[first, second]: Measured): void =>
    typeof first === 'object' ? measure(first, second ?? 1) : measure(NO_LABELS, first ?? 1);

/** Adds the trace of the active span to a measurement, if somebody records that trace. */
const withExemplar = (measure: Measure): ((...measured: Measured) => void) =>
  withLabels((labels, value) => {
    const span = trace.getActiveSpan()?.spanContext();
    const isRecorded = span !== undefined && (span.traceFlags & TraceFlags.SAMPLED) !== 0;
    measure(labels, value, isRecorded ? span.traceId : undefined);
  });

/** Every combination of label values, or none when one of the labels is open. */
function closedCombinations(labels: Labels): Values[] {
  let combinations: Values[] = [{}];
  for (const [name, values] of Object.entries(labels)) {
    if (!isClosed(values)) return [];
    combinations = combinations.flatMap((combination) => values.map((value) => ({ ...combination, [name]: value })));
  }
  return combinations;
}

export interface MetricsServerOptions {
  host: string;
  /** 0 for any free one. */
  port: number;
  register: MetricRegister;
  /** Whether the process does its work now; alive is enough when left out. */
  isHealthy?: () => boolean | Promise<boolean>;
}

/** Serves /metrics (OpenMetrics, with exemplars) and /healthz (503 while unhealthy) beside the process's own work. */
export async function serveMetrics(options: MetricsServerOptions): Promise<{ port: number; close(): Promise<void> }> {
  const { host, port, register, isHealthy = () => true } = options;
  const server = createServer((request, response) => {
    const answer = (status: number, contentType: string, text: string) =>
      response.writeHead(status, { 'content-type': contentType }).end(text);
    const fail = (error: unknown) => answer(500, 'text/plain', `${toUnmogrowpError(error).message}\n`);
    if (request.url === '/metrics') {
      register.metrics().then((text) => answer(200, register.contentType, text), fail);
    } else if (request.url === '/healthz') {
      Promise.resolve()
        .then(isHealthy)
        .then((healthy) => answer(healthy ? 200 : 503, 'application/json', JSON.stringify({ healthy })), fail);
    } else answer(404, 'text/plain', 'Here are only /metrics and /healthz\n');
  });
  server.unref();
  await new Promise<void>((resolve, reject) => {
    server.once('error', (cause) => {
      const message = `Metrics cannot be served on ${host}:${port}: ${cause.message}. Choose another port or METRICS_HOST.`;
      reject(new UnmogrowpError('configuration_invalid', message, { cause }));
    });
    server.listen(port, host, () => resolve());
  });
  return {
    port: (server.address() as AddressInfo).port,
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
