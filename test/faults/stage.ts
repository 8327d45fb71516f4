import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { clickHouseConnection } from '../../bin/clickhouse-connection.ts';
import { kafkaAdminConfig } from '../../bin/kafka-connection.ts';
import { type ClickHouse, createClickHouse } from '../../clickhouse/client.ts';
import { migrateClickHouse } from '../../clickhouse/migrate.ts';
import { type Env, parseEnv } from '../../env.ts';
import type { Random } from '../../events/generator-random.ts';
import { type KafkaAdmin, createKafkaAdmin } from '../../kafka/admin.ts';
import { migratePostgres } from '../../postgres/migrate.ts';
import { type PostgresPool, createPostgresPool } from '../../postgres/pool.ts';
import { type PortBook, openPortBook } from '../../stack/ports.ts';
import { type Stack, startStack } from '../../stack/stack.ts';
import { PART_NAMES, PIPELINE_PROCESSES, type PartName, type PipelineProcess } from '../../stack/types.ts';
import { type ClickHouseLine, startClickHouseLine } from './clickhouse-line.ts';
import { type Disk, mountDisk } from './disk.ts';
import { type Line, inspectKafka, startLine } from './line.ts';
import { type OwnProcess, createOwnProcess } from './own-process.ts';
import { type Part, startPart } from './part.ts';

export const DISK_NAMES = ['spool', 'kafka', 'clickhouse'] as const;
export type DiskName = (typeof DISK_NAMES)[number];

/** Room for the data of a run; full is full whatever the size. */
const DISK_BYTES: Readonly<Record<DiskName, number>> = {
  spool: 64_000_000,
  kafka: 2_000_000_000,
  clickhouse: 4_000_000_000,
};
const SUPERVISE_MS = 200;

/** Everything that a fault can touch, and what looks at the outcome past all faults. */
export interface Stage {
  readonly env: Env;
  /** The same for a command of ours: past the lines, straight to the parts. */
  readonly variables: Readonly<Record<string, string>>;
  readonly ingestUrl: string;
  readonly parts: Readonly<Record<PartName, Part>>;
  /** Between our processes and each part. */
  readonly lines: Readonly<Record<PartName, Line>> & { readonly clickhouse: ClickHouseLine };
  readonly processes: Readonly<Record<PipelineProcess, OwnProcess>>;
  /** Host and port at which each process serves its metrics. */
  readonly metrics: Readonly<Record<PipelineProcess, string>>;
  /** One more process beside the usual one, not started yet. */
  another(kind: PipelineProcess, number: number): Promise<OwnProcess>;
  readonly disks: Readonly<Partial<Record<DiskName, Disk>>>;
  readonly clickhouse: ClickHouse;
  readonly postgres: PostgresPool;
  readonly kafka: KafkaAdmin;
  stop(): Promise<void>;
}

export interface StageOptions {
  readonly directory: string;
  readonly disks: readonly DiskName[];
  readonly random: Random;
  /** Over the settings of our processes. */
  readonly settings?: Readonly<Record<string, string>>;
  readonly signal: AbortSignal;
}

/** How our processes run here: windows do not wait a minute for what has come, and the audit comes often. */
const SETTINGS = {
  LOG_LEVEL: 'warn',
  TRACE_SAMPLE_RATIO: '0.1',
  WORKER_RECONCILE_INTERVAL_MS: '1000',
  WORKER_AUDIT_INTERVAL_MS: '5000',
  WORKER_ARRIVAL_POLL_MS: '100',
  SINK_RETRY_WAIT_MS_MAX: '2000',
  INGEST_PRODUCE_TIMEOUT_MS: '2000',
} as const;

const HEALTH_PORTS: Readonly<Record<PipelineProcess, Readonly<Record<string, number>>>> = {
  ingest: { INGEST_METRICS_PORT: 0, INGEST_PORT: 0 },
  sink: { SINK_METRICS_PORT: 0 },
  worker: { WORKER_METRICS_PORT: 0, WORKER_TEMPORAL_METRICS_PORT: 0 },
};

/** Starts parts, lines and processes, all of them the harness's own; what was begun is ended when it fails. */
export async function openStage(options: StageOptions): Promise<Stage> {
  const ends: (() => Promise<unknown>)[] = [];
  const stop = async (): Promise<void> => {
    for (const end of ends.splice(0).toReversed()) await end();
  };
  try {
    return await openAll(options, ends, stop);
  } catch (error) {
    await stop();
    throw error;
  }
}

async function openAll(
  options: StageOptions,
  ends: (() => Promise<unknown>)[],
  stop: () => Promise<void>,
): Promise<Stage> {
  const { directory, signal } = options;
  const ports = openPortBook({ file: join(directory, 'ports.json'), preferDefaults: false });
  const linePorts = await ports.choose('lines', Object.fromEntries(PART_NAMES.map((name) => [name, 0])));
  const disks = await mountDisks(options, ends);
  const home = await startStack({ directory: join(directory, 'home'), environment: {}, parts: [], freePorts: true });
  const parts = await startParts(directory, { advertised: linePorts['kafka'] ?? 0, signal, ends });
  const lines = await startLines(parts, linePorts, options.random);
  ends.push(() => Promise.all(Object.values(lines).map((line) => line.cut())));
  const own = {
    ...SETTINGS,
    ...options.settings,
    INGEST_SPOOL_DIRECTORY: join(directory, 'spool'),
    TEMPORAL_TASK_QUEUE: 'faults',
  };
  const addresses = Object.values(parts).flatMap(({ variables }) => Object.entries(variables));
  const env = parseEnv({ ...Object.fromEntries(addresses), ...own });
  const clients = await connect(env, ends);
  const variables = { ...plain(process.env), ...throughLines(parts, linePorts), ...own };
  const another = (kind: PipelineProcess, number: number) => newProcess({ home, ports, variables, kind, number });
  const [ingest, sink, worker] = await Promise.all(PIPELINE_PROCESSES.map((kind) => another(kind, 1)));
  if (ingest === undefined || sink === undefined || worker === undefined) throw new Error('a process is missing');
  ends.push(() => home.stop());
  const stopSupervision = supervise([ingest.process, sink.process, worker.process]);
  ends.push(async () => {
    await stopSupervision();
    for (const { process: each } of [ingest, sink, worker]) each.thaw();
  });
  for (const { process: each } of [ingest, sink, worker]) await each.start();
  return {
    env,
    variables: {
      ...Object.fromEntries(addresses),
      ...own,
      ...textOf({ ...ingest.ports, ...sink.ports, ...worker.ports }),
    },
    ingestUrl: `http://127.0.0.1:${ingest.ports['INGEST_PORT']}`,
    parts,
    lines,
    metrics: {
      ingest: metricsOf('ingest', ingest.ports),
      sink: metricsOf('sink', sink.ports),
      worker: metricsOf('worker', worker.ports),
    },
    processes: { ingest: ingest.process, sink: sink.process, worker: worker.process },
    another: async (kind, number) => (await another(kind, number)).process,
    disks,
    ...clients,
    stop,
  };
}

const textOf = (ports: Readonly<Record<string, number>>): Record<string, string> =>
  Object.fromEntries(Object.entries(ports).map(([variable, port]) => [variable, String(port)]));

const metricsOf = (kind: PipelineProcess, ports: Readonly<Record<string, number>>): string =>
  `127.0.0.1:${ports[`${kind.toUpperCase()}_METRICS_PORT`]}`;

async function mountDisks(
  { directory, disks }: StageOptions,
  ends: (() => Promise<unknown>)[],
): Promise<Partial<Record<DiskName, Disk>>> {
  const mounted: Partial<Record<DiskName, Disk>> = {};
  for (const name of disks) {
    // Only the data: what the keeper of a part writes down must not meet a full disk.
    const folder = name === 'spool' ? join(directory, 'spool') : join(directory, name, 'data', name);
    const disk = await mountDisk(folder, { bytes: DISK_BYTES[name], directory });
    mounted[name] = disk;
    ends.push(() => disk.unmount());
  }
  return mounted;
}

async function startParts(
  directory: string,
  { advertised, signal, ends }: { advertised: number; signal: AbortSignal; ends: (() => Promise<unknown>)[] },
): Promise<Record<PartName, Part>> {
  mkdirSync(directory, { recursive: true });
  const starting = PART_NAMES.map(async (name) => {
    const tuning = name === 'kafka' ? { kafkaAdvertisedPort: advertised } : {};
    const part = await startPart(name, { directory, tuning, signal });
    ends.push(() => part.stop());
    return [name, part] as const;
  });
  const results = await Promise.allSettled(starting);
  const failed = results.find((result) => result.status === 'rejected');
  if (failed !== undefined) throw failed.reason;
  return Object.fromEntries(await Promise.all(starting)) as Record<PartName, Part>;
}

async function startLines(
  parts: Readonly<Record<PartName, Part>>,
  ports: Readonly<Record<string, number>>,
  random: Random,
): Promise<Stage['lines']> {
  const line = (name: PartName) => startLine(ports[name] ?? 0, targetOf(parts[name]), ...inspectionOf(name));
  const url = parts.clickhouse.variables['CLICKHOUSE_URL'] ?? '';
  return {
    clickhouse: await startClickHouseLine(ports['clickhouse'] ?? 0, { url, next: () => random.next() }),
    postgres: await line('postgres'),
    kafka: await line('kafka'),
    temporal: await line('temporal'),
    jaeger: await line('jaeger'),
  };
}

const inspectionOf = (name: PartName) => (name === 'kafka' ? [inspectKafka] : []);

/** The variable by which our processes find each part. */
const VARIABLES: Readonly<Record<PartName, string>> = {
  clickhouse: 'CLICKHOUSE_URL',
  postgres: 'POSTGRES_URL',
  kafka: 'KAFKA_BROKERS',
  temporal: 'TEMPORAL_ADDRESS',
  jaeger: 'OTEL_EXPORTER_OTLP_ENDPOINT',
};

function targetOf({ name, variables }: Part): { host: string; port: number } {
  const port = /:(\d+)(?:\/|$)/.exec(variables[VARIABLES[name]] ?? '')?.[1];
  return { host: '127.0.0.1', port: Number(port) };
}

/** The addresses of the parts with the ports of the lines in front of them. */
function throughLines(
  parts: Readonly<Record<PartName, Part>>,
  ports: Readonly<Record<string, number>>,
): Record<string, string> {
  return Object.fromEntries(
    PART_NAMES.map((name) => {
      const address = parts[name].variables[VARIABLES[name]] ?? '';
      return [VARIABLES[name], address.replace(/:(\d+)(\/|$)/, `:${ports[name]}$2`)];
    }),
  );
}

async function connect(env: Env, ends: (() => Promise<unknown>)[]) {
  const postgres = createPostgresPool({ url: env.POSTGRES_URL, applicationName: 'faults' });
  const clickhouse = createClickHouse(clickHouseConnection(env, 'faults'));
  const kafka = createKafkaAdmin(kafkaAdminConfig(env, 'faults'));
  ends.push(() => Promise.all([postgres.end(), clickhouse.close(), kafka.close()]));
  await Promise.all([
    migratePostgres(postgres),
    migrateClickHouse(clickHouseConnection(env, 'faults'), { cluster: '' }),
    kafka.ensureTopics(),
  ]);
  return { postgres, clickhouse, kafka };
}

async function newProcess(options: {
  home: Stack;
  ports: PortBook;
  variables: Readonly<Record<string, string>>;
  kind: PipelineProcess;
  number: number;
}): Promise<{ process: OwnProcess; ports: Readonly<Record<string, number>> }> {
  const { home, kind, number } = options;
  const name = number === 1 ? kind : `${kind}-${number}`;
  const ports = await options.ports.choose(name, HEALTH_PORTS[kind]);
  // Ingest says more about itself where it takes events.
  const [healthPort, path] =
    kind === 'ingest'
      ? [ports['INGEST_PORT'], 'readyz']
      : [ports[kind === 'sink' ? 'SINK_METRICS_PORT' : 'WORKER_METRICS_PORT'], 'healthz'];
  const environment = { ...options.variables, ...textOf(ports) };
  const healthUrl = `http://127.0.0.1:${healthPort}/${path}`;
  return { process: createOwnProcess({ home, kind, name, environment, healthUrl }), ports };
}

/** Starts again what ends by itself, until it is stopped. */
function supervise(processes: readonly OwnProcess[]): () => Promise<void> {
  const stopping = new AbortController();
  const running = (async () => {
    while (!stopping.signal.aborted) {
      for (const each of processes) await each.supervise().catch(() => {});
      await wait(SUPERVISE_MS);
    }
  })();
  return async () => {
    stopping.abort();
    await running;
  };
}

const plain = (environment: NodeJS.ProcessEnv): Record<string, string> =>
  Object.fromEntries(Object.entries(environment).filter((entry): entry is [string, string] => entry[1] !== undefined));
