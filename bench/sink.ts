import { randomBytes } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import type { ClickHouse } from '../clickhouse/client.ts';
import type { Env } from '../env.ts';
import { ROW_COLUMNS } from '../events/row.ts';
import { packRecords } from '../ingest/records.ts';
import { createRecordProducer } from '../kafka/producer.ts';
import {
  type BenchOptions,
  type BenchReport,
  formatCount,
  formatNumber,
  measureInTurn,
  median,
  medianRatio,
} from './bench.ts';
import { cpuSeconds, stopChild } from './child.ts';
import { dropDatabase, openDatabase, select, startSink } from './clickhouse.ts';
import { clientEvents, eventRows } from './events.ts';
import { type BenchParts, TRACED_SHARE, createTopics, startBenchParts, withKafkaAdmin } from './parts.ts';

const USERS = 50_000;
const EVENTS_PER_REQUEST = 100;
/** Rows that are made and sent at once while a topic is filled. */
const EVENTS_PER_FILL = 10_000;
const RATIO_GOAL = 1.5;
/** Records of ours hold a dozen rows: with the default, one poll would be a block of a million rows. */
const ENGINE_POLL_RECORDS_MAX = { packed: 8_192, single: 65_536 };
const LOOK_INTERVAL_MS = 20;
const GIVE_UP_MS = 120_000;
/**
 * What is measured lies between a tenth and nine tenths of the rows: the start of a process and the last block, for
 * which ClickHouse's engine waits, are left out of both.
 */
const FROM_SHARE = 0.1;
const TO_SHARE = 0.9;

interface Measurement {
  readonly rowsPerSecond: number;
  /** Of the sink and ClickHouse, or of ClickHouse alone. */
  readonly cpuSecondsPerMillion: number;
}

type Loader = 'engine' | 'engineOneRow' | 'sink';

/** What one round needs. */
interface Round {
  readonly parts: BenchParts;
  readonly database: string;
  readonly topic: string;
  readonly rows: number;
  readonly options: BenchOptions;
}

/** The sink against ClickHouse's own Kafka engine: the same events into the same tables, in the same run. */
export async function benchSink(options: BenchOptions): Promise<BenchReport> {
  const parts = await startBenchParts(['clickhouse', 'kafka', 'jaeger']);
  try {
    const { env } = parts;
    const [packed = '', single = '', deadLetters = ''] = ['events', 'single', 'dead-letters'].map(
      (name) => env.KAFKA_PREFIX + name,
    );
    await createTopics(env, [packed, single, deadLetters]);
    const rows = options.quick ? 1_000_000 : 2_000_000;
    await fillTopics({ env, packed, single, rows });
    options.onProgress(`${formatCount(rows)} rows on Kafka`);
    const round = (name: Loader, topic: string, number: number): Round => ({
      parts,
      database: `${env.CLICKHOUSE_DATABASE}_${name.toLowerCase()}_${number}`,
      topic,
      rows,
      options,
    });
    const results = await measureInTurn(options.quick ? 1 : 3, {
      engine: (number) =>
        measureEngine(
          'Kafka engine, the same records',
          round('engine', packed, number),
          ENGINE_POLL_RECORDS_MAX.packed,
        ),
      engineOneRow: (number) =>
        measureEngine(
          'Kafka engine, a record per row',
          round('engineOneRow', single, number),
          ENGINE_POLL_RECORDS_MAX.single,
        ),
      sink: (number) => measureSink(round('sink', packed, number)),
    });
    return report(parts, rows, results);
  } finally {
    await parts.stop();
  }
}

/** The same rows twice: packed as ingest does, and one in each record as is usual elsewhere. */
async function fillTopics(fill: { env: Env; packed: string; single: string; rows: number }): Promise<void> {
  const { env, packed, single, rows } = fill;
  const producer = createRecordProducer(
    { brokers: env.KAFKA_BROKERS, clientId: 'bench' },
    { compression: env.KAFKA_COMPRESSION },
  );
  for (let sent = 0; sent < rows; sent += EVENTS_PER_FILL) {
    const all = eventRows(clientEvents(EVENTS_PER_FILL, USERS, sent), 'bench');
    const requests = Array.from({ length: EVENTS_PER_FILL / EVENTS_PER_REQUEST }, (_, index) =>
      all.slice(index * EVENTS_PER_REQUEST, (index + 1) * EVENTS_PER_REQUEST),
    );
    const records = requests.flatMap((request, index) =>
      packRecords(request, env.KAFKA_EVENTS_PARTITIONS, { tenantId: 'bench', traceparent: traceparentOf(index) }),
    );
    const singles = records.flatMap(({ value, ...rest }) =>
      value
        .toString()
        .split('\n')
        .map((line) => ({ ...rest, value: Buffer.from(line) })),
    );
    await producer.produce(packed, records, { timeoutMs: 60_000 });
    await producer.produce(single, singles, { timeoutMs: 60_000 });
  }
  await producer.close();
}

/** Of a sampled request every now and then. */
function traceparentOf(request: number): string {
  const isSampled = request % (1 / TRACED_SHARE) === 0;
  return `00-${randomBytes(16).toString('hex')}-${randomBytes(8).toString('hex')}-${isSampled ? '01' : '00'}`;
}

async function measureSink(round: Round): Promise<Measurement> {
  const { parts, database } = round;
  const clickhouse = await openDatabase(parts.env, database);
  const { child } = await startSink({ ...parts.variables, CLICKHOUSE_DATABASE: database });
  try {
    return await measureDrain('sink', round, clickhouse, [child.pid, parts.pidOf('clickhouse')]);
  } finally {
    await stopChild(child);
    await forgetOffsets(parts.env);
    await dropDatabase(clickhouse);
  }
}

/** So that the next round reads the topic from its beginning again. */
async function forgetOffsets(env: Env): Promise<void> {
  await withKafkaAdmin(env, async (admin) => {
    const { groups } = await admin.listGroups();
    await admin.deleteGroups(groups.map(({ groupId }) => groupId).filter((id) => id.startsWith(env.KAFKA_PREFIX)));
  });
}

async function measureEngine(name: string, round: Round, pollRecordsMax: number): Promise<Measurement> {
  const { parts, database } = round;
  const clickhouse = await openDatabase(parts.env, database);
  try {
    for (const query of engineStatements(round, pollRecordsMax)) await clickhouse.client.command({ query });
    return await measureDrain(name, round, clickhouse, [parts.pidOf('clickhouse')]);
  } finally {
    await dropDatabase(clickhouse);
  }
}

/**
 * The Kafka engine with its own defaults, but blocks as large as the sink's: without a bound it holds rows back for up to
 * 7.5 s. A record may hold several lines, which the engine reads as several rows.
 */
function engineStatements({ parts: { env }, database, topic }: Round, pollRecordsMax: number): string[] {
  const types: Partial<Record<string, string>> = {
    user_key: 'UUID',
    event_id: 'UUID',
    occurred_at: "DateTime64(3, 'UTC')",
    received_at: "DateTime64(3, 'UTC')",
    event_type: `Enum8('click' = 1, 'impression' = 2, 'install' = 3, 'conversion' = 4)`,
    revenue: 'Decimal(18, 6)',
    properties: 'String',
    trace_id: 'FixedString(32)',
  };
  const columns = ROW_COLUMNS.map((column) => `${column} ${types[column] ?? 'LowCardinality(String)'}`);
  return [
    `CREATE TABLE events_queue (${columns.join(', ')}) ENGINE = Kafka SETTINGS
       kafka_broker_list = '${env.KAFKA_BROKERS.join(',')}', kafka_topic_list = '${topic}',
       kafka_group_name = '${database}', kafka_format = 'JSONCompactEachRow',
       kafka_max_block_size = ${env.SINK_BATCH_ROWS_MAX}, kafka_poll_max_batch_size = ${pollRecordsMax}`,
    `CREATE MATERIALIZED VIEW events_queue_mv TO events_raw_v1 AS
       SELECT ${ROW_COLUMNS.join(', ')}, _topic AS kafka_topic, _partition AS kafka_partition, _offset AS kafka_offset,
              _offset AS batch_offset_first, _offset AS batch_offset_last
       FROM events_queue`,
  ];
}

async function measureDrain(
  name: string,
  { rows: total, options }: Round,
  clickhouse: ClickHouse,
  pids: readonly (number | undefined)[],
): Promise<Measurement> {
  const waitForRows = async (wanted: number) => ({ ...(await waitForBlock(clickhouse, wanted)), cpu: cpuOf(pids) });
  const from = await waitForRows(total * FROM_SHARE);
  const to = await waitForRows(total * TO_SHARE);
  const rows = to.rows - from.rows;
  const measurement = {
    rowsPerSecond: (rows / (to.atMs - from.atMs)) * 1_000,
    cpuSecondsPerMillion: ((to.cpu - from.cpu) / rows) * 1_000_000,
  };
  options.onProgress(
    `${name}: ${formatCount(measurement.rowsPerSecond)} rows/s, ${formatNumber(measurement.cpuSecondsPerMillion)} CPU-s per million`,
  );
  return measurement;
}

/** The moment at which a block became visible that brought the rows to at least `wanted`. */
async function waitForBlock(clickhouse: ClickHouse, wanted: number): Promise<{ rows: number; atMs: number }> {
  const started = performance.now();
  let before: number | undefined;
  for (;;) {
    const rows = await countRows(clickhouse);
    const atMs = performance.now();
    if (rows >= wanted && before !== undefined && rows > before) return { rows, atMs };
    before = rows;
    if (atMs - started > GIVE_UP_MS) throw new Error(`only ${rows} of ${wanted} rows came within ${GIVE_UP_MS} ms`);
    await delay(LOOK_INTERVAL_MS);
  }
}

async function countRows(clickhouse: ClickHouse): Promise<number> {
  const rows = await select<{ rows: number }>(clickhouse, 'SELECT count() AS rows FROM events_raw_v1');
  return Number(rows[0]?.rows ?? 0);
}

function cpuOf(pids: readonly (number | undefined)[]): number {
  return pids.reduce<number>((sum, pid) => sum + (pid === undefined ? Number.NaN : cpuSeconds(pid)), 0);
}

function report(parts: BenchParts, rows: number, results: Record<Loader, readonly Measurement[]>): BenchReport {
  const speeds = (loader: Loader) => results[loader].map(({ rowsPerSecond }) => rowsPerSecond);
  const costs = (loader: Loader) => results[loader].map(({ cpuSecondsPerMillion }) => cpuSecondsPerMillion);
  const row = (name: string, loader: Loader): string[] => [
    name,
    formatCount(median(speeds(loader))),
    formatNumber(median(costs(loader))),
    formatNumber(medianRatio(speeds('sink'), speeds(loader)), 2),
  ];
  const ratio = medianRatio(speeds('sink'), speeds('engine'));
  return {
    title: 'Sink: rows from Kafka into ClickHouse',
    how:
      "`bin/sink.ts` (exactly once, dead letters) against ClickHouse's own Kafka engine with a materialized view (at least once): " +
      `the same ${formatCount(rows)} events, from the same records as ingest packs them (requests of ${EVENTS_PER_REQUEST} events), ` +
      'and from one record per row as is usual elsewhere. All of them fill tables made by the same migrations with the same ' +
      `materialized views behind them. Medians of ${results.sink.length} rounds in turn, between a tenth and nine tenths of the rows. ` +
      'CPU is that of the sink and ClickHouse together, or of ClickHouse alone; the broker shares the machine.',
    tables: [
      {
        head: ['loader', 'rows/s', 'CPU-s per million rows', 'sink against it'],
        rows: [
          row('Kafka engine, one record per row', 'engineOneRow'),
          row('Kafka engine, the same records', 'engine'),
          row('sink', 'sink'),
        ],
      },
    ],
    goals: [
      {
        text: `at least ${RATIO_GOAL} times the rows per second of the Kafka engine on the same records`,
        measured: formatNumber(ratio, 2),
        isMet: ratio >= RATIO_GOAL,
      },
    ],
    versions: parts.versions,
  };
}
