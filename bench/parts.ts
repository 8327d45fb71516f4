import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Kafka, logLevel } from 'kafkajs';
import { type Env, parseEnv } from '../env.ts';
import { type PostgresPool, createPostgresPool } from '../postgres/pool.ts';
import { createProgressPrinter } from '../stack/progress.ts';
import { startStack } from '../stack/stack.ts';
import type { ObserverName, PartName, StackPartName } from '../stack/types.ts';

/** The real parts of one bench. */
export interface BenchParts {
  /** The parsed environment, with names that nothing else uses. */
  readonly env: Env;
  /** The same for a child process. */
  readonly variables: Readonly<Record<string, string>>;
  readonly versions: Readonly<Record<string, string>>;
  /** A folder for files of this bench, removed at the end. */
  readonly directory: string;
  /** Process of a part, or undefined when somebody else runs it at an address of the environment. */
  pidOf(part: StackPartName): number | undefined;
  stop(): Promise<void>;
}

/** Traces are recorded as under production load: not all of them, and not none. */
export const TRACED_SHARE = 0.01;

const CLICKHOUSE_MEMORY_BYTES_MAX = 4_000_000_000;

/**
 * Starts the parts that a bench needs, on free ports and in a folder of its own; a part with an address in the
 * environment is used as it is. Kafka compiles fully, as a broker in production does.
 */
export async function startBenchParts(
  parts: readonly PartName[],
  options: { clickhouseMemoryBytesMax?: number; observers?: readonly ObserverName[] } = {},
): Promise<BenchParts> {
  const { clickhouseMemoryBytesMax = CLICKHOUSE_MEMORY_BYTES_MAX, observers = [] } = options;
  const directory = mkdtempSync(join(tmpdir(), 'unmogrowp-bench-'));
  const printer = createProgressPrinter();
  const stack = await startStack({
    directory: join(directory, 'stack'),
    environment: process.env,
    parts,
    observers,
    freePorts: true,
    onProgress: printer.onProgress,
    tuning: { kafkaCompileFully: true, clickhouseMemoryBytesMax },
  });
  printer.close();
  const name = `bench_${Date.now().toString(36)}`;
  const variables = {
    ...stack.environment,
    KAFKA_PREFIX: `${name.replace('_', '-')}-`,
    CLICKHOUSE_DATABASE: name,
    TEMPORAL_TASK_QUEUE: name,
    INGEST_SPOOL_DIRECTORY: join(directory, 'spool'),
    INGEST_PORT: '0',
    INGEST_METRICS_PORT: '0',
    SINK_METRICS_PORT: '0',
    WORKER_METRICS_PORT: '0',
    WORKER_TEMPORAL_METRICS_PORT: '0',
    TRACE_SAMPLE_RATIO: String(TRACED_SHARE),
    LOG_LEVEL: 'warn',
  };
  return {
    env: parseEnv(variables),
    variables,
    versions: Object.fromEntries(stack.parts.map((part) => [part.title, part.version])),
    directory,
    pidOf: (wanted) => stack.parts.find((part) => part.name === wanted)?.pid,
    stop: async () => {
      await stack.stop();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

/** Runs some work with the bench's PostgreSQL. */
export async function withPool<Result>(env: Env, work: (pool: PostgresPool) => Promise<Result>): Promise<Result> {
  const pool = createPostgresPool({ url: env.POSTGRES_URL, applicationName: 'bench' });
  try {
    return await work(pool);
  } finally {
    await pool.end();
  }
}

/** Runs some work with the administration of the bench's Kafka. */
export async function withKafkaAdmin<Result>(
  env: Env,
  work: (admin: ReturnType<Kafka['admin']>) => Promise<Result>,
): Promise<Result> {
  const admin = new Kafka({ brokers: env.KAFKA_BROKERS, logLevel: logLevel.NOTHING }).admin();
  await admin.connect();
  try {
    return await work(admin);
  } finally {
    await admin.disconnect();
  }
}

/** Makes topics for one bench, with the partitions that ingest counts on. */
export async function createTopics(env: Env, topics: readonly string[]): Promise<void> {
  await withKafkaAdmin(env, async (admin) => {
    const wanted = topics.map((topic) => ({ topic, numPartitions: env.KAFKA_EVENTS_PARTITIONS }));
    await admin.createTopics({ topics: wanted, waitForLeaders: true });
  });
}
