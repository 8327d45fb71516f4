import { z } from 'zod';
import { UnmogrowpError } from './errors.ts';

const flag = z
  .enum(['true', 'false'])
  .default('false')
  .transform((text) => text === 'true');
const milliseconds = (fallback: number) => z.coerce.number().int().min(1).default(fallback);
const port = (fallback: number) => z.coerce.number().int().min(0).max(65_535).default(fallback);
const list = z.string().transform((text) => text.split(',').map((item) => item.trim()));

/**
 * Every variable that the processes read, parsed once at start. Units stand in the names. Addresses of the real parts
 * are the ones of a local stack by default; `stack/` passes the chosen ports to the processes it starts.
 */
const schema = z
  .object({
    LOG_LEVEL: z.enum(['trace', 'debug', 'info', 'warn', 'error', 'silent']).default('info'),
    ENVIRONMENT: z.string().min(1).default('local'),
    /** Where /metrics and /healthz of every process listen; in a container 0.0.0.0. */
    METRICS_HOST: z.string().default('127.0.0.1'),

    KAFKA_BROKERS: list.default(['127.0.0.1:9092']),
    KAFKA_SSL: flag,
    KAFKA_SASL_MECHANISM: z.enum(['plain', 'scram-sha-256', 'scram-sha-512']).optional(),
    KAFKA_SASL_USERNAME: z.string().optional(),
    KAFKA_SASL_PASSWORD: z.string().optional(),
    /** Put before every topic and group name, so that several installations can share one cluster. */
    KAFKA_PREFIX: z
      .string()
      .regex(/^[a-z0-9-]*$/)
      .default(''),
    KAFKA_REPLICATION_FACTOR: z.coerce.number().int().min(1).default(1),
    KAFKA_EVENTS_PARTITIONS: z.coerce.number().int().min(1).max(1_000).default(8),
    KAFKA_EVENTS_RETENTION_MS: milliseconds(7 * 86_400_000),

    CLICKHOUSE_URL: z.url().default('http://127.0.0.1:8123'),
    CLICKHOUSE_USERNAME: z.string().default('default'),
    CLICKHOUSE_PASSWORD: z.string().default(''),
    CLICKHOUSE_DATABASE: z
      .string()
      .regex(/^[a-z][a-z0-9_]*$/)
      .default('unmogrowp'),
    /** Name of a ClickHouse cluster; empty for a single server. */
    CLICKHOUSE_CLUSTER: z.string().default(''),

    POSTGRES_URL: z.string().default('postgres://postgres:postgres@127.0.0.1:5432/postgres'),

    TEMPORAL_ADDRESS: z.string().default('127.0.0.1:7233'),
    TEMPORAL_NAMESPACE: z.string().default('default'),
    TEMPORAL_TLS: flag,
    TEMPORAL_API_KEY: z.string().optional(),
    TEMPORAL_TASK_QUEUE: z.string().default('unmogrowp'),

    OTEL_EXPORTER_OTLP_ENDPOINT: z.string().optional(),
    TRACE_SAMPLE_RATIO: z.coerce.number().min(0).max(1).default(1),
    JAEGER_QUERY_URL: z.url().default('http://127.0.0.1:16686'),

    INGEST_HOST: z.string().default('127.0.0.1'),
    INGEST_PORT: port(8080),
    INGEST_METRICS_PORT: port(9464),
    INGEST_PRODUCE_TIMEOUT_MS: milliseconds(5_000),
    INGEST_SPOOL_DIRECTORY: z.string().default('.unmogrowp/spool'),
    INGEST_SPOOL_BYTES_MAX: z.coerce.number().int().min(0).default(1_073_741_824),
    INGEST_BODY_TIMEOUT_MS: milliseconds(10_000),
    INGEST_SHUTDOWN_TIMEOUT_MS: milliseconds(15_000),
    INGEST_KEY_CACHE_MS: milliseconds(5_000),

    SINK_METRICS_PORT: port(9465),
    SINK_BATCH_ROWS_MAX: z.coerce.number().int().min(1).max(500_000).default(100_000),
    SINK_BATCH_WAIT_MS: milliseconds(200),
    SINK_RETRY_WAIT_MS_MAX: milliseconds(10_000),

    WORKER_METRICS_PORT: port(9466),
    WORKER_TEMPORAL_METRICS_PORT: port(9467),
    WORKER_RECONCILE_INTERVAL_MS: milliseconds(60_000),
    WORKER_ARRIVAL_POLL_MS: milliseconds(500),
  })
  .superRefine((env, context) => {
    const refuse = (path: string, message: string) => context.addIssue({ code: 'custom', path: [path], message });
    if (env.INGEST_KEY_CACHE_MS > 10_000) {
      refuse('INGEST_KEY_CACHE_MS', 'over 10000 a revoked write key would still be accepted after the promised 10 s');
    }
    if (env.INGEST_SHUTDOWN_TIMEOUT_MS <= env.INGEST_PRODUCE_TIMEOUT_MS) {
      refuse(
        'INGEST_SHUTDOWN_TIMEOUT_MS',
        'must exceed INGEST_PRODUCE_TIMEOUT_MS, or a stop cuts off requests whose events are on their way to Kafka',
      );
    }
    if ((env.KAFKA_SASL_MECHANISM === undefined) !== (env.KAFKA_SASL_USERNAME === undefined)) {
      refuse('KAFKA_SASL_MECHANISM', 'and KAFKA_SASL_USERNAME go together: one without the other connects to nothing');
    }
    if (env.TEMPORAL_API_KEY !== undefined && !env.TEMPORAL_TLS) {
      refuse('TEMPORAL_TLS', 'must be true with TEMPORAL_API_KEY, or the key would travel in clear');
    }
  });

export type Env = z.infer<typeof schema>;

/** The parsed environment. Throws `configuration_invalid` that names every wrong variable and what to do about it. */
export function parseEnv(variables: Record<string, string | undefined>): Env {
  const present = Object.fromEntries(
    Object.entries(variables).filter(([, value]) => value !== undefined && value !== ''),
  );
  const result = schema.safeParse(present);
  if (result.success) return result.data;
  const problems = result.error.issues.map((issue) => `  ${issue.path.join('.')}: ${issue.message}`);
  throw new UnmogrowpError('configuration_invalid', `The environment cannot be used:\n${problems.join('\n')}`);
}
