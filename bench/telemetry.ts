import { setTimeout as wait } from 'node:timers/promises';
import { type BenchOptions, type BenchReport, type Goal, formatNumber, measureInTurn, medianRatio } from './bench.ts';
import { stopChild } from './child.ts';
import {
  MEASUREMENT_HEAD,
  type Measurement,
  SHAPES,
  type Server,
  type Shape,
  buildRequests,
  createBenchTenant,
  measureServer,
  startIngest,
  tableRow,
  warmUp,
} from './ingest.ts';
import { type BenchParts, TRACED_SHARE, createTopics, startBenchParts } from './parts.ts';

const COST_GOAL = 0.05;
/** As often as Prometheus does here. */
const SCRAPE_INTERVAL_MS = 5_000;

interface ShapeResult {
  readonly shape: Shape;
  readonly off: readonly Measurement[];
  readonly on: readonly Measurement[];
}

/** What all the telemetry of ingest costs: metrics that are scraped, traces of a share of the requests, the log to Loki. */
export async function benchTelemetry(options: BenchOptions): Promise<BenchReport> {
  const parts = await startBenchParts(['kafka', 'postgres', 'jaeger'], { observers: ['loki'] });
  try {
    await createTopics(parts.env, [`${parts.env.KAFKA_PREFIX}events`]);
    const writeKey = await createBenchTenant(parts, parts.env.CLICKHOUSE_DATABASE);
    const on = await startIngest(parts, { LOG_LEVEL: 'info' });
    const off = await startIngest(parts, {
      // Spans are recorded only where they have somewhere to go, and lines only of a level.
      OTEL_EXPORTER_OTLP_ENDPOINT: '',
      LOKI_URL: '',
      LOG_LEVEL: 'silent',
      INGEST_SPOOL_DIRECTORY: `${parts.env.INGEST_SPOOL_DIRECTORY}-off`,
      NODE_OPTIONS: `--import ${new URL('./telemetry-off.ts', import.meta.url).href}`,
    });
    const stopScraping = scrape(on.metricsUrl);
    try {
      const results: ShapeResult[] = [];
      for (const shape of SHAPES) {
        const requests = buildRequests(shape, writeKey);
        for (const { port, pid } of [off, on])
          await warmUp({ port, pid, requests }, shape, options.quick ? 1_000 : 8_000);
        const measure =
          (name: string, { port, pid }: Pick<Server, 'port' | 'pid'>) =>
          () =>
            measureServer({ name, port, pid, requests }, shape, options);
        const contestants = { off: measure('telemetry off', off), on: measure('telemetry on', on) };
        results.push({ shape, ...(await measureInTurn(options.quick ? 1 : 9, contestants)) });
      }
      return report(results, parts);
    } finally {
      await stopScraping();
      await Promise.all([on, off].map(({ child }) => stopChild(child)));
    }
  } finally {
    await parts.stop();
  }
}

/** Reads a page of metrics again and again, as Prometheus would; gives what ends that. */
function scrape(url: string): () => Promise<void> {
  const ending = new AbortController();
  const { signal } = ending;
  const work = (async () => {
    while (!signal.aborted) {
      const page = await fetch(`${url}/metrics`, { headers: { connection: 'close' } });
      if (!(await page.text()).includes('unmogrowp_ingest_request_duration_seconds_count'))
        throw new Error('the process that is to have telemetry has no metrics');
      await wait(SCRAPE_INTERVAL_MS, undefined, { signal }).catch(() => undefined);
    }
  })();
  return () => {
    ending.abort();
    return work;
  };
}

function report(results: readonly ShapeResult[], parts: BenchParts): BenchReport {
  return {
    title: 'Telemetry: what it costs',
    how:
      '`bin/ingest.ts` with all of its telemetry (metrics scraped every five seconds, traces of ' +
      `${formatNumber(TRACED_SHARE * 100, 0)} % of the requests to Jaeger, its log at level info to Loki) against the same ` +
      'program with none: its metrics count nothing, it exports no spans and writes no log. Medians of ' +
      `${results[0]?.on.length ?? 0} rounds in turn; CPU is that of the process; the driver, the broker, Jaeger and Loki share the machine.`,
    tables: [
      {
        head: ['telemetry', ...MEASUREMENT_HEAD],
        rows: results.flatMap(({ shape, off, on }) => [tableRow('off', shape, off), tableRow('on', shape, on)]),
      },
    ],
    goals: results.flatMap(goalsOf),
    versions: parts.versions,
  };
}

function goalsOf({ shape, off, on }: ShapeResult): Goal[] {
  const ratioOf = (key: keyof Measurement): number =>
    medianRatio(
      on.map((measurement) => measurement[key]),
      off.map((measurement) => measurement[key]),
    );
  const goal = (what: string, cost: number): Goal => ({
    text: `${shape.eventsPerRequest} per request: at most ${COST_GOAL * 100} % ${what}`,
    measured: `${formatNumber(cost * 100)} %`,
    isMet: cost <= COST_GOAL,
  });
  return [
    goal('fewer events per second', 1 - ratioOf('eventsPerSecond')),
    goal('more CPU per event', ratioOf('cpuSecondsPerMillion') - 1),
  ];
}
