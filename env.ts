import { z } from 'zod';
import { UnmogrowpError } from './errors.ts';

const flag = z
  .enum(['true', 'false'])
  .default('false')
  .transform((text) => text === 'true');
const number = z.coerce.number({ error: ({ code }) => (code === 'invalid_type' ? 'is not a number' : undefined) });
const milliseconds = (fallback: number) => number.int().min(1).default(fallback);
const port = (fallback: number) => number.int().min(0).max(65_535).default(fallback);
/** Without the protocol `localhost:8123` would pass for an address of the protocol `localhost`. */
const webAddress = z.url({ protocol: /^https?$/, error: 'is an address that begins with http:// or https://' });
const address = z.string().regex(/^[^\s/,]+:\d{1,5}$/, 'is no host:port, such as 127.0.0.1:9092');
const addresses = z
  .string()
  .transform((text) => text.split(',').map((item) => item.trim()))
  .pipe(z.array(address));

const linkKey = z.string().min(32, 'is a key of at least 32 characters, such as `openssl rand -hex 32` prints');
const isMailServer = (text: string): boolean => /^smtps?:\/\//.test(text) && (URL.parse(text)?.hostname ?? '') !== '';

/**
 * Every variable that the processes read, parsed once at start. Units stand in the names. Addresses of the real parts
 * are the ones of a local stack by default; `stack/` passes the chosen ports to the processes it starts.
 */
const schema = z
  .object({
    LOG_LEVEL: z
      .enum(['trace', 'debug', 'info', 'warn', 'error', 'silent'])
      .default('info')
      .describe('Least level that is logged.'),
    ENVIRONMENT: z.string().min(1).default('local').describe('Name of the installation, on every log line and span.'),
    METRICS_HOST: z
      .string()
      .default('127.0.0.1')
      .describe('Where `/metrics` and `/healthz` of every process listen; in a container `0.0.0.0`.'),

    KAFKA_BROKERS: addresses.default(['127.0.0.1:9092']).describe('Brokers, with commas between them.'),
    KAFKA_SSL: flag.describe('Talk to the brokers over TLS.'),
    KAFKA_SASL_MECHANISM: z
      .enum(['plain', 'scram-sha-256', 'scram-sha-512'])
      .optional()
      .describe('How to log in to the brokers; without it nobody logs in.'),
    KAFKA_SASL_USERNAME: z.string().optional().describe('User for the brokers.'),
    KAFKA_SASL_PASSWORD: z.string().optional().describe('Password for the brokers.'),
    KAFKA_PREFIX: z
      .string()
      .regex(/^[a-z0-9-]*$/)
      .default('')
      .describe('Put before every topic and group name, so that several installations can share one cluster.'),
    KAFKA_REPLICATION_FACTOR: number.int().min(1).default(1).describe('Replicas of new topics; 3 on a cluster.'),
    KAFKA_EVENTS_PARTITIONS: number
      .int()
      .min(1)
      .max(1_000)
      .default(8)
      .describe(
        'Partitions of the topic of events. Never change it on a topic that holds events: one user’s events would lie on two partitions.',
      ),
    KAFKA_COMPRESSION: z
      .enum(['none', 'zstd'])
      .default('zstd')
      .describe(
        'How ingest compresses requests to Kafka of 32 KiB and more. Zstandard makes events about a sixth, on the network and on the brokers, for a sixth more CPU of ingest.',
      ),
    KAFKA_EVENTS_RETENTION_MS: milliseconds(7 * 86_400_000).describe(
      'How long Kafka keeps events; the time that ClickHouse or the sink may be away. `unmogrowp migrate` applies a new value.',
    ),
    KAFKA_DEAD_LETTERS_RETENTION_MS: milliseconds(30 * 86_400_000).describe(
      'How long Kafka keeps dead letters; the time in which somebody has to look at them. `unmogrowp migrate` applies a new value.',
    ),
    KAFKA_DEAD_LETTERS_BYTES_MAX: number
      .int()
      .min(16_777_216)
      .default(1_073_741_824)
      .describe(
        'Size of the topic of dead letters: beyond it the oldest are deleted, whether somebody has looked at them or not. `unmogrowp migrate` applies a new value.',
      ),

    CLICKHOUSE_URL: webAddress.default('http://127.0.0.1:8123').describe('HTTP or HTTPS address of ClickHouse.'),
    CLICKHOUSE_USERNAME: z.string().default('default').describe('User of ClickHouse.'),
    CLICKHOUSE_PASSWORD: z.string().default('').describe('Password of ClickHouse.'),
    CLICKHOUSE_DATABASE: z
      .string()
      .regex(/^[a-z][a-z0-9_]*$/)
      .default('unmogrowp')
      .describe('Database; made by the migrations.'),
    CLICKHOUSE_CLUSTER: z
      .string()
      .regex(/^[\w.-]*$/)
      .default('')
      .describe(
        'Name of a ClickHouse cluster: tables are replicated on it. Empty for a single server and for ClickHouse Cloud.',
      ),

    POSTGRES_URL: z
      .string()
      .regex(
        /^(?:postgres|postgresql|socket):/,
        'is a connection string such as postgres://user:password@host:5432/database',
      )
      .default('postgres://postgres:postgres@127.0.0.1:5432/postgres')
      .describe('Connection string of PostgreSQL.'),

    TEMPORAL_ADDRESS: address.default('127.0.0.1:7233').describe('Host and port of Temporal’s frontend.'),
    TEMPORAL_NAMESPACE: z.string().default('default').describe('Namespace of the workflows.'),
    TEMPORAL_TLS: flag.describe('Talk to Temporal over TLS.'),
    TEMPORAL_API_KEY: z.string().optional().describe('API key of Temporal Cloud.'),
    TEMPORAL_TASK_QUEUE: z.string().default('unmogrowp').describe('Task queue of the workflows; one per installation.'),

    OTEL_EXPORTER_OTLP_ENDPOINT: z
      .string()
      .optional()
      .describe('OTLP gRPC address that takes spans; without it none are exported.'),
    TRACE_SAMPLE_RATIO: number
      .min(0)
      .max(1)
      .default(1)
      .describe(
        'Share of the traces of requests that begin here which are recorded; what a client has decided is kept. Windows and replays are always recorded.',
      ),
    JAEGER_QUERY_URL: webAddress.default('http://127.0.0.1:16686').describe('Where traces are read from.'),

    LOKI_URL: webAddress
      .optional()
      .describe('Loki that takes a copy of the log; without it the log stands on standard output alone.'),
    LOKI_USERNAME: z.string().optional().describe('User of Loki, if it asks for one.'),
    LOKI_PASSWORD: z.string().optional().describe('Password of Loki.'),
    LOKI_TENANT: z.string().optional().describe('Tenant of a Loki that serves several.'),

    PROMETHEUS_URL: webAddress
      .optional()
      .describe('Prometheus that `unmogrowp up --observability` looks at instead of starting one.'),
    ALERTMANAGER_URL: webAddress.optional().describe('The same for Alertmanager.'),
    ALERT_WEBHOOK_URL: webAddress
      .optional()
      .describe(
        'Where the Alertmanager that is started tells alerts instead of the incidents process, each receiver at its name: `/pager`, `/tickets`, `/watchdog`.',
      ),
    ALERT_DIRECT_URL: webAddress
      .optional()
      .describe(
        'Webhook of a chat, as Slack and Mattermost have them, that Alertmanager tells by itself when Temporal or the incidents process is away: nothing of ours stands between.',
      ),
    GRAFANA_HOME: z
      .string()
      .optional()
      .describe('Folder of an unpacked Grafana, which `unmogrowp up --observability` starts with the boards.'),
    GRAFANA_URL: webAddress.optional().describe('Grafana that it looks at instead.'),

    INGEST_HOST: z.string().default('127.0.0.1').describe('Where ingest listens; in a container `0.0.0.0`.'),
    INGEST_PORT: port(8080).describe('Port of `POST /v1/events`.'),
    INGEST_METRICS_PORT: port(9464).describe('Port of ingest’s `/metrics`.'),
    INGEST_PRODUCE_TIMEOUT_MS: milliseconds(5_000).describe(
      'How long Kafka may take to acknowledge; after it events go to the spool.',
    ),
    INGEST_SPOOL_DIRECTORY: z
      .string()
      .default('.unmogrowp/spool')
      .describe('Where events wait while Kafka is away. Needs a disk that outlives the process.'),
    INGEST_SPOOL_BYTES_MAX: number
      .int()
      .min(0)
      .default(1_073_741_824)
      .describe('Size of the spool; when it is full, ingest answers 503. 0 turns it off.'),
    INGEST_BODY_TIMEOUT_MS: milliseconds(10_000).describe('How long a client may take to send a request.'),
    INGEST_SHUTDOWN_TIMEOUT_MS: milliseconds(15_000).describe('How long a stop waits for requests under way.'),
    INGEST_KEY_CACHE_MS: milliseconds(5_000).describe('How long a write key is believed without asking PostgreSQL.'),

    UNMOGROWP_DIRECTORY: z
      .string()
      .optional()
      .describe(
        'Folder of the stack that `unmogrowp up` runs and that the other commands find; without it `.unmogrowp` of the checkout.',
      ),
    UNMOGROWP_CACHE_DIRECTORY: z
      .string()
      .optional()
      .describe(
        'Where built parts are kept for the next start; without it `unmogrowp` in the cache folder of the user.',
      ),

    UNMOGROWP_WRITE_KEY: z
      .string()
      .optional()
      .describe('Of the tenant that `unmogrowp import` sends events for; arguments are shown to others, this is not.'),

    SINK_METRICS_PORT: port(9465).describe('Port of the sink’s `/metrics`.'),
    SINK_BATCH_ROWS_MAX: number.int().min(1).max(500_000).default(100_000).describe('Most rows of one insert.'),
    SINK_BATCH_WAIT_MS: milliseconds(300).describe('How long an insert waits for more rows.'),
    SINK_RETRY_WAIT_MS_MAX: milliseconds(10_000).describe(
      'Longest pause between two attempts while ClickHouse is away.',
    ),

    WORKER_METRICS_PORT: port(9466).describe('Port of the worker’s `/metrics`.'),
    WORKER_TEMPORAL_METRICS_PORT: port(9467).describe(
      'Port on loopback of the metrics of Temporal’s SDK inside the worker, which stand on the worker’s `/metrics`; 0 for any.',
    ),
    WORKER_DEPLOYMENT_NAME: z
      .string()
      .regex(/^[\w-]+$/, 'is made of letters, digits, - and _')
      .optional()
      .describe(
        'Name of the worker deployment in Temporal: workers then get work only while their version is the current one (docs/deploying.md). Without it every worker gets work.',
      ),
    WORKER_BUILD_ID: z
      .string()
      .regex(/^[\w.+-]+$/, 'is made of letters, digits, ., +, - and _')
      .optional()
      .describe(
        'Which version of the deployment this worker is; without it the version of the package with a fingerprint of its workflows.',
      ),
    WORKER_RECONCILE_INTERVAL_MS: milliseconds(60_000).describe(
      'How often what has arrived is examined for windows that must be opened or reopened, and how long a window rests between two reopens.',
    ),
    WORKER_AUDIT_INTERVAL_MS: milliseconds(600_000).describe(
      'How often all windows are compared with the data, to find what a message or Temporal has lost.',
    ),
    WORKER_RECHECK_AFTER_MS: milliseconds(259_200_000).describe(
      'A window that was judged longer ago and is not frozen is computed again when anything has come into its reach: a check of what decides about late data.',
    ),
    WORKER_LEDGER_INTERVAL_MS: milliseconds(600_000).describe(
      'How often the hours of receipt that are over are measured: what was accepted, arrived, and became of it.',
    ),
    WORKER_TENANT_RUNS_MAX: number
      .int()
      .min(1)
      .max(20)
      .default(4)
      .describe(
        'How many windows of one tenant are computed at once, over all workers; the others wait for their turn, and replays leave one turn to live windows.',
      ),
    WORKER_ARRIVAL_POLL_MS: milliseconds(500).describe(
      'How often a window that waits for its data asks whether it is there.',
    ),

    INCIDENT_HOST: z
      .string()
      .default('127.0.0.1')
      .describe('Where the incidents process listens; in a container `0.0.0.0`.'),
    INCIDENT_PORT: port(8090).describe('Port of `POST /v1/alerts/alertmanager` and of the commands of people.'),
    INCIDENT_METRICS_PORT: port(9468).describe('Port of `/metrics` of the incidents process.'),
    INCIDENT_TOKEN: z
      .string()
      .min(16, 'is shorter than 16 characters: somebody could guess it')
      .regex(/^[\x21-\x7e]*$/, 'holds something that no header can carry, such as a space')
      .optional()
      .describe(
        'Who sends it may tell alerts and command incidents. The incidents process does not start without one; `unmogrowp up` makes one for its folder.',
      ),
    INCIDENT_URL: webAddress
      .optional()
      .describe('Where `unmogrowp incident` finds the incidents process; without it INCIDENT_PORT of this machine.'),
    INCIDENT_POLICY_FILE: z
      .string()
      .optional()
      .describe('Who is told of what, when and how (docs/incident-policy.md); without it the policy that comes along.'),
    SMTP_URL: z
      .string()
      .refine(isMailServer, 'is a mail server such as smtps://user:password@mail.example.org:465')
      .optional()
      .describe(
        'Mail server for notices of incidents, with its password if it has one; without it mail is refused and the next contact is told. A password goes over TLS only, unless the address ends with `?requireTLS=false`.',
      ),
    SMTP_FROM: z
      .string()
      .regex(/^[^\r\n]*@[^\s@]+$/, 'is an address such as pager@example.org or "Pager <pager@example.org>"')
      .default('unmogrowp@localhost')
      .describe('Address that mail about incidents comes from.'),

    INCIDENT_PUBLIC_URL: webAddress
      .optional()
      .describe(
        'Where people reach the process of incidents; links of messages lead there. Without it there are none.',
      ),
    INCIDENT_LINK_SECRET: z
      .string()
      .transform((text) => text.split(',').map((key) => key.trim()))
      .pipe(
        z
          .tuple([linkKey], linkKey)
          .refine((keys) => keys.length <= 2, 'holds at most two keys: the one that signs and the one before it'),
      )
      .optional()
      .describe(
        'Key of the links in messages, at least 32 characters. To change it, put the new one before the old one with a comma between them; after a day the old one can go.',
      ),
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
    if (env.WORKER_BUILD_ID !== undefined && env.WORKER_DEPLOYMENT_NAME === undefined) {
      refuse('WORKER_BUILD_ID', 'needs WORKER_DEPLOYMENT_NAME: without a deployment the worker would have no version');
    }
    if (env.INCIDENT_PUBLIC_URL !== undefined && env.INCIDENT_LINK_SECRET === undefined) {
      refuse('INCIDENT_PUBLIC_URL', 'needs INCIDENT_LINK_SECRET: nobody could trust a link that is not signed');
    }
    if (env.TEMPORAL_API_KEY !== undefined && !env.TEMPORAL_TLS) {
      refuse('TEMPORAL_TLS', 'must be true with TEMPORAL_API_KEY, or the key would travel in clear');
    }
  });

export type Env = z.infer<typeof schema>;

/** Every variable with its meaning and its default (absent where there is none), for docs/configuration.md. */
export function describeEnv(): { name: string; meaning: string; fallback?: string }[] {
  const defaults: Readonly<Record<string, string | number | boolean | readonly string[] | undefined>> = schema.parse(
    {},
  );
  return Object.entries(schema.shape).map(([name, { description }]) => {
    if (description === undefined) throw new UnmogrowpError('bug', `${name} has no description in env.ts`);
    const fallback = defaults[name];
    return { name, meaning: description, ...(fallback === undefined ? {} : { fallback: String(fallback) }) };
  });
}

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
