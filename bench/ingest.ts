import { fileURLToPath } from 'node:url';
import { migratePostgres } from '../postgres/migrate.ts';
import { createTenant } from '../postgres/tenants.ts';
import {
  type BenchOptions,
  type BenchReport,
  type Goal,
  formatCount,
  formatNumber,
  measureInTurn,
  median,
  medianRatio,
} from './bench.ts';
import { cpuSeconds, startNode, stopChild } from './child.ts';
import { clientEvents } from './events.ts';
import { drive, postRequest, quantile } from './load.ts';
import { type BenchParts, TRACED_SHARE, createTopics, startBenchParts, withPool } from './parts.ts';

const USERS = 20_000;
/** Different events in turn: more than the caches of any server hold at once, less than the driver's memory. */
const EVENTS = 50_000;
const RATIO_GOAL = 0.6;

export interface Shape {
  readonly eventsPerRequest: number;
  /** Enough for the server to be busy all the time, so that what arrives together can go to Kafka together. */
  readonly connections: number;
}

export const SHAPES: readonly Shape[] = [
  { eventsPerRequest: 100, connections: 32 },
  { eventsPerRequest: 1, connections: 128 },
];

export interface Server {
  readonly name: string;
  readonly port: number;
  readonly pid: number;
  readonly requests: readonly Buffer[];
}

export interface Measurement {
  readonly eventsPerSecond: number;
  readonly cpuSecondsPerMillion: number;
  readonly latencyMsP50: number;
  readonly latencyMsP99: number;
}

interface ShapeResult {
  readonly shape: Shape;
  readonly floor: readonly Measurement[];
  readonly ingest: readonly Measurement[];
  readonly compressing: readonly Measurement[];
}

/** Ingest against the least that a Node program must do to take events honestly, on the same Kafka in the same run. */
export async function benchIngest(options: BenchOptions): Promise<BenchReport> {
  const parts = await startBenchParts(['kafka', 'postgres', 'jaeger']);
  try {
    await createTopics(
      parts.env,
      ['events', 'floor'].map((name) => `${parts.env.KAFKA_PREFIX}${name}`),
    );
    const writeKey = await createBenchTenant(parts, parts.env.CLICKHOUSE_DATABASE);
    const ingest = await startIngest(parts, { KAFKA_COMPRESSION: 'none' });
    // A spool belongs to one process.
    const spool = `${parts.env.INGEST_SPOOL_DIRECTORY}-zstd`;
    const compressing = await startIngest(parts, { KAFKA_COMPRESSION: 'zstd', INGEST_SPOOL_DIRECTORY: spool });
    const floor = await startFloor(parts);
    try {
      const results: ShapeResult[] = [];
      const [warmUpMs, durationMs] = options.quick ? [500, 2_000] : [1_000, 8_000];
      for (const shape of SHAPES) {
        const requests = buildRequests(shape, writeKey);
        for (const server of [floor, ingest, compressing])
          await warmUp({ ...server, requests }, shape, options.quick ? 1_000 : 8_000);
        const measure = (name: string, server: Omit<Server, 'name' | 'requests'>) => async () => {
          // It rested while others were measured.
          await warmUp({ ...server, requests }, shape, warmUpMs);
          return measureServer({ ...server, name, requests }, shape, { durationMs, onProgress: options.onProgress });
        };
        const contestants = {
          floor: measure('floor', floor),
          ingest: measure('ingest', ingest),
          compressing: measure('ingest, zstd', compressing),
        };
        results.push({ shape, ...(await measureInTurn(options.quick ? 1 : 5, contestants)) });
      }
      return report(results, parts);
    } finally {
      await Promise.all([ingest, compressing, floor].map(({ child }) => stopChild(child)));
    }
  } finally {
    await parts.stop();
  }
}

/** A tenant with the tables that it needs; gives its write key. */
export function createBenchTenant({ env }: BenchParts, tenantId: string): Promise<string> {
  return withPool(env, async (pool) => {
    await migratePostgres(pool);
    return (await createTenant(pool, { tenantId, eventsPerSecondMax: 100_000_000 })).write_key;
  });
}

/** Starts bin/ingest.ts on the parts of a bench. */
export async function startIngest({ variables }: BenchParts, changed: Record<string, string> = {}) {
  const program = fileURLToPath(new URL('../bin/ingest.ts', import.meta.url));
  const { child, readyLine } = await startNode([program], { ...variables, ...changed }, (line) =>
    line.startsWith('{"listening"'),
  );
  const { listening, metrics } = JSON.parse(readyLine) as { listening: string; metrics: string };
  return { child, pid: child.pid ?? 0, port: Number(new URL(listening).port), metricsUrl: metrics };
}

async function startFloor({ env, variables }: BenchParts) {
  const program = fileURLToPath(new URL('./ingest-floor.ts', import.meta.url));
  const args = [program, env.KAFKA_BROKERS.join(','), `${env.KAFKA_PREFIX}floor`];
  const { child, readyLine } = await startNode(args, variables, (line) => line.startsWith('{"port"'));
  return { child, pid: child.pid ?? 0, port: (JSON.parse(readyLine) as { port: number }).port };
}

/** The whole load as HTTP requests. */
export function buildRequests({ eventsPerRequest }: Pick<Shape, 'eventsPerRequest'>, writeKey: string): Buffer[] {
  const events = clientEvents(EVENTS, USERS);
  const headers = { authorization: `Bearer ${writeKey}` };
  return Array.from({ length: EVENTS / eventsPerRequest }, (_, index) => {
    const some = events.slice(index * eventsPerRequest, (index + 1) * eventsPerRequest);
    return postRequest('/v1/events', JSON.stringify({ events: some }), headers);
  });
}

/** Until the compiler of the server's runtime has seen the work, which takes it some seconds. */
export async function warmUp(server: Omit<Server, 'name'>, shape: Shape, durationMs: number): Promise<void> {
  const { port, requests } = server;
  await drive({ host: '127.0.0.1', port, requests, connections: shape.connections, durationMs });
}

/** Events per second, their CPU and how long answers take, under as much load as a server takes, from the first request on. */
export async function measureServer(
  server: Server,
  shape: Shape,
  options: { durationMs: number; onProgress: BenchOptions['onProgress'] },
): Promise<Measurement> {
  const { durationMs, onProgress } = options;
  const load = { host: '127.0.0.1', port: server.port, requests: server.requests, connections: shape.connections };
  const cpuBefore = cpuSeconds(server.pid);
  const result = await drive({ ...load, durationMs });
  const cpu = cpuSeconds(server.pid) - cpuBefore;
  if (result.refused > 0) throw new Error(`${result.refused} of ${result.answered} requests were refused`);
  const events = result.answered * shape.eventsPerRequest;
  const measurement = {
    eventsPerSecond: events / result.seconds,
    cpuSecondsPerMillion: (cpu / events) * 1_000_000,
    latencyMsP50: quantile(result.latenciesMs, 0.5),
    latencyMsP99: quantile(result.latenciesMs, 0.99),
  };
  onProgress(
    `${server.name}, ${shape.eventsPerRequest} per request: ${formatCount(measurement.eventsPerSecond)} events/s, ` +
      `${formatNumber(measurement.cpuSecondsPerMillion)} CPU-s per million`,
  );
  return measurement;
}

function report(results: readonly ShapeResult[], parts: BenchParts): BenchReport {
  return {
    title: 'Ingest: events taken per second',
    how:
      '`bin/ingest.ts` with all that it does in production (keys, validation, user keys, rows, rate limit, metrics, ' +
      `traces of ${formatNumber(TRACED_SHARE * 100, 0)} % of the requests) against a floor of bare node:http, JSON.parse and one produce for all ` +
      'requests that arrived meanwhile. All answer after Kafka has acknowledged with acks from all replicas. The floor does not ' +
      'compress, so what is held against it does not either; by default ingest compresses larger requests with Zstandard. ' +
      `${formatCount(EVENTS)} different events of ${formatCount(USERS)} users in turn; medians of ${results[0]?.ingest.length ?? 0} ` +
      'rounds in turn. CPU is that of the server process; the driver and the broker share the machine.',
    tables: [
      {
        head: ['server', ...MEASUREMENT_HEAD],
        rows: results.flatMap(({ shape, floor, ingest, compressing }) => [
          tableRow('floor', shape, floor),
          tableRow('ingest', shape, ingest),
          tableRow('ingest, zstd', shape, compressing),
        ]),
      },
    ],
    goals: results.map(goalOf),
    versions: parts.versions,
  };
}

/** What a row of `tableRow` shows after the name. */
export const MEASUREMENT_HEAD = [
  'events per request',
  'events/s',
  'CPU-s per million events',
  'p50 ms',
  'p99 ms',
] as const;

/** The medians of one contestant. */
export function tableRow(name: string, shape: Shape, measurements: readonly Measurement[]): string[] {
  const of = (key: keyof Measurement) => median(measurements.map((measurement) => measurement[key]));
  return [
    name,
    String(shape.eventsPerRequest),
    formatCount(of('eventsPerSecond')),
    formatNumber(of('cpuSecondsPerMillion')),
    formatNumber(of('latencyMsP50')),
    formatNumber(of('latencyMsP99')),
  ];
}

function goalOf({ shape, floor, ingest }: ShapeResult): Goal {
  const speed = ({ eventsPerSecond }: Measurement) => eventsPerSecond;
  const ratio = medianRatio(ingest.map(speed), floor.map(speed));
  return {
    text: `${shape.eventsPerRequest} per request: at least ${RATIO_GOAL} of the floor's events per second`,
    measured: formatNumber(ratio, 2),
    isMet: ratio >= RATIO_GOAL,
  };
}
