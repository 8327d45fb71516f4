import { setTimeout as wait } from 'node:timers/promises';
import {
  type BenchOptions,
  type BenchReport,
  type Goal,
  formatNumber,
  measureInTurn,
  median,
  ratios,
} from './bench.ts';
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
import { divideProcessors, moveTo } from './processors.ts';

const COST_GOAL = 0.05;
/** As often as Prometheus does here. */
const SCRAPE_INTERVAL_MS = 5_000;
/** Two processes of the same program are never compiled the same: each set starts its own. */
const SETS = 5;
/**
 * So long V8 goes on compiling under load: its threads take 7 % of the CPU in the first seconds, and less than 2 % afterwards.
 * What has more code pays for longer, but once in the life of a process.
 */
const WARM_UP_MS = 30_000;
const QUICK_WARM_UP_MS = 1_000;
/** What else the machine does changes within seconds, by more than the goal: the processes of a set are measured in turns. */
const TURNS = 3;
/** A process rests while the others have their turn: it is measured from the first request on, and again when it has worked for a while. */
const PHASES = ['after a rest', 'steady'] as const;
const PHASE_MS = 4_000;
const QUICK_PHASE_MS = 1_000;
/** What shares the other processors with the driver. */
const NEEDED = ['kafka', 'postgres', 'jaeger'] as const;
const OBSERVERS = ['loki'] as const;

/** What is measured: each shape in each phase of its turns. */
const CASES = SHAPES.flatMap((shape) => PHASES.map((phase) => ({ shape, phase })));
type Case = (typeof CASES)[number];

/** What one set measured of one case, over all turns. */
interface SetResult {
  readonly off: Measurement;
  readonly on: Measurement;
  /** A second process without telemetry: how far it is from the first is what this machine cannot tell apart. */
  readonly offAgain: Measurement;
}

/** All sets of one case. */
type CaseResult = Case & { readonly [Name in keyof SetResult]: readonly Measurement[] };

/** What all the telemetry of ingest costs: metrics that are scraped, traces of a share of the requests, the log to Loki. */
export async function benchTelemetry(options: BenchOptions): Promise<BenchReport> {
  const processors = divideProcessors();
  const parts = await startBenchParts(NEEDED, { observers: OBSERVERS });
  try {
    moveTo(processors.ofOthers, [process.pid, ...[...NEEDED, ...OBSERVERS].map((part) => parts.pidOf(part))]);
    await createTopics(parts.env, [`${parts.env.KAFKA_PREFIX}events`]);
    const writeKey = await createBenchTenant(parts, parts.env.CLICKHOUSE_DATABASE);
    const sets: SetResult[][] = [];
    for (let set = 0; set < (options.quick ? 1 : SETS); set += 1) {
      options.onProgress(`set ${set + 1}: new processes`);
      sets.push(await measureSet(parts, { writeKey, processor: processors.ofMeasured }, options));
    }
    return report(
      CASES.map((which, index) =>
        ofCase(
          which,
          sets.map((results) => results[index] as SetResult),
        ),
      ),
      parts,
    );
  } finally {
    await parts.stop();
    moveTo(processors.all, [process.pid]);
  }
}

const ofCase = (which: Case, results: readonly SetResult[]): CaseResult => ({
  ...which,
  off: results.map(({ off }) => off),
  on: results.map(({ on }) => on),
  offAgain: results.map(({ offAgain }) => offAgain),
});

/** All cases, in their order, on a process with telemetry and two without. Only one of the three works at a time. */
async function measureSet(
  parts: BenchParts,
  { writeKey, processor }: { writeKey: string; processor: string },
  options: BenchOptions,
): Promise<SetResult[]> {
  const off = await startWithout(parts, 'off');
  const on = await startIngest(parts, { LOG_LEVEL: 'info' });
  const offAgain = await startWithout(parts, 'off-again');
  const servers = [off, on, offAgain];
  moveTo(
    processor,
    servers.map(({ pid }) => pid),
  );
  const stopScraping = scrape(on.metricsUrl);
  try {
    const results: SetResult[] = [];
    for (const shape of SHAPES) {
      const requests = buildRequests(shape, writeKey);
      const warmUpMs = options.quick ? QUICK_WARM_UP_MS : WARM_UP_MS;
      options.onProgress(
        `${shape.eventsPerRequest} per request: ${servers.length} times ${warmUpMs / 1_000} s of load before`,
      );
      for (const { port, pid } of servers) await warmUp({ port, pid, requests }, shape, warmUpMs);
      const measure =
        (name: string, { port, pid }: Pick<Server, 'port' | 'pid'>) =>
        (): Promise<Measurement[]> =>
          measurePhases({ name, port, pid, requests }, shape, options);
      const turns = await measureInTurn(options.quick ? 1 : TURNS, {
        off: measure('telemetry off', off),
        on: measure('telemetry on', on),
        offAgain: measure('telemetry off again', offAgain),
      });
      PHASES.forEach((_, phase) => {
        const of = (all: Measurement[][]): Measurement => meanOf(all.map((turn) => turn[phase] as Measurement));
        results.push({ off: of(turns.off), on: of(turns.on), offAgain: of(turns.offAgain) });
      });
    }
    return results;
  } finally {
    await stopScraping();
    await Promise.all(servers.map(({ child }) => stopChild(child)));
  }
}

/** One turn of one process: its phases follow each other without a pause. */
async function measurePhases(server: Server, shape: Shape, options: BenchOptions): Promise<Measurement[]> {
  const { quick, onProgress } = options;
  const durationMs = quick ? QUICK_PHASE_MS : PHASE_MS;
  const measurements: Measurement[] = [];
  for (const phase of PHASES) {
    const name = `${server.name}, ${phase}`;
    measurements.push(await measureServer({ ...server, name }, shape, { durationMs, onProgress }));
  }
  return measurements;
}

const startWithout = (parts: BenchParts, name: string): ReturnType<typeof startIngest> =>
  startIngest(parts, {
    // Spans are recorded only where they have somewhere to go, and lines only of a level.
    OTEL_EXPORTER_OTLP_ENDPOINT: '',
    LOKI_URL: '',
    LOG_LEVEL: 'silent',
    INGEST_SPOOL_DIRECTORY: `${parts.env.INGEST_SPOOL_DIRECTORY}-${name}`,
    NODE_OPTIONS: `--import ${new URL('./telemetry-off.ts', import.meta.url).href}`,
  });

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

function report(results: readonly CaseResult[], parts: BenchParts): BenchReport {
  return {
    title: 'Telemetry: what it costs',
    how:
      '`bin/ingest.ts` with all of its telemetry (metrics scraped every five seconds, traces of ' +
      `${formatNumber(TRACED_SHARE * 100, 0)} % of the requests to Jaeger, its log at level info to Loki) against the same ` +
      'program with none: its metrics count nothing, it exports no spans and writes no log. Two processes are without: where one differs ' +
      `from the other, the machine does. Medians of ${results[0]?.on.length ?? 0} sets of three new processes, which are ` +
      'measured in turns, each time for four seconds after it rested and for four more; CPU is that of the process. What is measured has a processor for itself; ' +
      'the driver, the broker, Jaeger and Loki share the others.',
    tables: [
      {
        head: ['telemetry', ...MEASUREMENT_HEAD],
        rows: results.flatMap(({ shape, phase, off, on, offAgain }) => [
          tableRow(`off, ${phase}`, shape, off),
          tableRow(`off again, ${phase}`, shape, offAgain),
          tableRow(`on, ${phase}`, shape, on),
        ]),
      },
    ],
    goals: results.flatMap(goalsOf),
    notes: results.map(spreadOf),
    versions: parts.versions,
  };
}

const ratiosOf = (ours: readonly Measurement[], floor: readonly Measurement[], key: keyof Measurement): number[] =>
  ratios(
    ours.map((measurement) => measurement[key]),
    floor.map((measurement) => measurement[key]),
  );

/** What the two processes without telemetry come to together, by set. */
const floorOf = (off: readonly Measurement[], offAgain: readonly Measurement[]): Measurement[] =>
  off.map((one, set) => meanOf([one, offAgain[set] as Measurement]));

function goalsOf({ shape, phase, off, on, offAgain }: CaseResult): Goal[] {
  const floor = floorOf(off, offAgain);
  const goal = (what: string, cost: number): Goal => ({
    text: `${shape.eventsPerRequest} per request, ${phase}: at most ${COST_GOAL * 100} % ${what}`,
    measured: `${formatNumber(cost * 100)} %`,
    isMet: cost <= COST_GOAL,
  });
  return [
    goal('fewer events per second', 1 - median(ratiosOf(on, floor, 'eventsPerSecond'))),
    goal('more CPU per event', median(ratiosOf(on, floor, 'cpuSecondsPerMillion')) - 1),
  ];
}

/** The mean: what happens seldom, such as a full collection, counts by how often it does. */
function meanOf(measurements: readonly Measurement[]): Measurement {
  const of = (key: keyof Measurement): number =>
    measurements.reduce((sum, measurement) => sum + measurement[key], 0) / measurements.length;
  return {
    eventsPerSecond: of('eventsPerSecond'),
    cpuSecondsPerMillion: of('cpuSecondsPerMillion'),
    latencyMsP50: of('latencyMsP50'),
    latencyMsP99: of('latencyMsP99'),
  };
}

/** How far the sets are from each other: what one number cannot tell. */
function spreadOf({ shape, phase, off, on, offAgain }: CaseResult): string {
  const percents = (ours: readonly Measurement[], floor: readonly Measurement[]): string =>
    ratiosOf(ours, floor, 'cpuSecondsPerMillion')
      .map((ratio) => formatNumber((ratio - 1) * 100))
      .join(', ');
  return (
    `${shape.eventsPerRequest} per request, ${phase}, % more CPU per event by set: on against off ` +
    `${percents(on, floorOf(off, offAgain))}; off again against off ${percents(offAgain, off)}.`
  );
}
