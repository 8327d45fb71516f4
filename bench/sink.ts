import { setTimeout as delay } from 'node:timers/promises';
import type { ClickHouse } from '../clickhouse/client.ts';
import { ROW_COLUMNS } from '../events/row.ts';
import { packRecords } from '../ingest/records.ts';
import { createRecordProducer } from '../kafka/producer.ts';
import { type BenchOptions, type BenchReport, formatCount, formatNumber, measureInPairs, median } from './bench.ts';
import { cpuSeconds, stopChild } from './child.ts';
import { dropDatabase, openDatabase, select, startSink } from './clickhouse.ts';
import { clientEvents, eventRows } from './events.ts';
import { type BenchParts, createTopics, startBenchParts, withKafkaAdmin } from './parts.ts';

const USERS = 50_000;
const EVENTS_PER_REQUEST = 100;
const RATIO_GOAL = 1.5;
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

/** The sink against ClickHouse's own Kafka engine: the same topic into the same tables, in the same run. */
export async function benchSink(options: BenchOptions): Promise<BenchReport> {
  const parts = await startBenchParts(['clickhouse', 'kafka']);
  try {
    const { env } = parts;
    const topics = ['events', 'dead-letters'].map((name) => `${env.KAFKA_PREFIX}${name}`);
    await createTopics(env, topics);
    const rows = options.quick ? 400_000 : 3_000_000;
    await fillTopic(parts, rows, options);
    const pairs = await measureInPairs(
      options.quick ? 1 : 3,
      (pair) => measureEngine(parts, `${env.CLICKHOUSE_DATABASE}_engine_${pair}`, rows, options),
      (pair) => measureSink(parts, `${env.CLICKHOUSE_DATABASE}_sink_${pair}`, rows, options),
    );
    return report(parts, rows, pairs);
  } finally {
    await parts.stop();
  }
}

async function fillTopic({ env }: BenchParts, rows: number, options: BenchOptions): Promise<void> {
  const producer = createRecordProducer({ brokers: env.KAFKA_BROKERS, clientId: 'bench' });
  const topic = `${env.KAFKA_PREFIX}events`;
  const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00';
  for (let sent = 0; sent < rows; sent += EVENTS_PER_REQUEST * 100) {
    const all = eventRows(clientEvents(EVENTS_PER_REQUEST * 100, USERS, sent), 'bench');
    const requests = Array.from({ length: 100 }, (_, index) =>
      all.slice(index * EVENTS_PER_REQUEST, (index + 1) * EVENTS_PER_REQUEST),
    );
    await Promise.all(
      requests.map((request) => {
        const records = packRecords(request, env.KAFKA_EVENTS_PARTITIONS, { tenantId: 'bench', traceparent });
        return producer.produce(topic, records, { timeoutMs: 30_000 });
      }),
    );
  }
  await producer.close();
  options.onProgress(`${formatCount(rows)} rows on Kafka`);
}

async function measureSink(
  parts: BenchParts,
  database: string,
  rows: number,
  options: BenchOptions,
): Promise<Measurement> {
  const clickhouse = await openDatabase(parts.env, database);
  const { child } = await startSink({ ...parts.variables, CLICKHOUSE_DATABASE: database });
  try {
    return await measureDrain('sink', { clickhouse, rows, pids: [child.pid, parts.pidOf('clickhouse')] }, options);
  } finally {
    await stopChild(child);
    // The next round reads the topic from its beginning again.
    await withKafkaAdmin(parts.env, async (admin) => {
      const { groups } = await admin.listGroups();
      const ours = groups.map(({ groupId }) => groupId).filter((id) => id.startsWith(parts.env.KAFKA_PREFIX));
      await admin.deleteGroups(ours);
    });
    await dropDatabase(clickhouse);
  }
}

async function measureEngine(
  parts: BenchParts,
  database: string,
  rows: number,
  options: BenchOptions,
): Promise<Measurement> {
  const clickhouse = await openDatabase(parts.env, database);
  try {
    for (const query of engineStatements(parts, database)) await clickhouse.client.command({ query });
    return await measureDrain('engine', { clickhouse, rows, pids: [parts.pidOf('clickhouse')] }, options);
  } finally {
    await dropDatabase(clickhouse);
  }
}

/**
 * The Kafka engine in the settings that were fastest here: two consumers on two cores, blocks as large as the sink's.
 * A record holds several lines, which the engine reads as several rows.
 */
function engineStatements({ env }: BenchParts, database: string): string[] {
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
       kafka_broker_list = '${env.KAFKA_BROKERS.join(',')}', kafka_topic_list = '${env.KAFKA_PREFIX}events',
       kafka_group_name = '${database}', kafka_format = 'JSONCompactEachRow',
       kafka_num_consumers = 2, kafka_thread_per_consumer = 1, kafka_max_block_size = ${env.SINK_BATCH_ROWS_MAX}`,
    `CREATE MATERIALIZED VIEW events_queue_mv TO events_raw_v1 AS
       SELECT ${ROW_COLUMNS.join(', ')}, _topic AS kafka_topic, _partition AS kafka_partition, _offset AS kafka_offset,
              _offset AS batch_offset_first, _offset AS batch_offset_last
       FROM events_queue`,
  ];
}

interface Drain {
  readonly clickhouse: ClickHouse;
  readonly rows: number;
  readonly pids: readonly (number | undefined)[];
}

async function measureDrain(name: string, drain: Drain, options: BenchOptions): Promise<Measurement> {
  const from = await waitForRows(drain, drain.rows * FROM_SHARE);
  const to = await waitForRows(drain, drain.rows * TO_SHARE);
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
async function waitForRows(drain: Drain, wanted: number): Promise<{ rows: number; atMs: number; cpu: number }> {
  const started = performance.now();
  let before: number | undefined;
  for (;;) {
    const rows = await countRows(drain.clickhouse);
    const atMs = performance.now();
    if (rows >= wanted && before !== undefined && rows > before) return { rows, atMs, cpu: cpuOf(drain.pids) };
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

function report(
  parts: BenchParts,
  rows: number,
  pairs: readonly { floor: Measurement; ours: Measurement }[],
): BenchReport {
  const row = (name: string, measurements: readonly Measurement[]): string[] => [
    name,
    formatCount(median(measurements.map(({ rowsPerSecond }) => rowsPerSecond))),
    formatNumber(median(measurements.map(({ cpuSecondsPerMillion }) => cpuSecondsPerMillion))),
  ];
  const ratio = median(pairs.map(({ floor, ours }) => ours.rowsPerSecond / floor.rowsPerSecond));
  const cpuRatio = median(pairs.map(({ floor, ours }) => ours.cpuSecondsPerMillion / floor.cpuSecondsPerMillion));
  return {
    title: 'Sink: rows from Kafka into ClickHouse',
    how:
      "`bin/sink.ts` (exactly once, dead letters) against ClickHouse's own Kafka engine with a materialized view (at least once): the " +
      `same topic of ${formatCount(rows)} rows, packed as ingest packs requests of ${EVENTS_PER_REQUEST} events, into tables made by the same ` +
      `migrations, all their materialized views included. Medians of ${pairs.length} interleaved pairs, between a tenth and nine tenths of the ` +
      'rows. CPU is that of the sink and ClickHouse together, or of ClickHouse alone; the broker shares the machine.',
    tables: [
      {
        head: ['loader', 'rows/s', 'CPU-s per million rows'],
        rows: [
          row(
            'Kafka engine',
            pairs.map(({ floor }) => floor),
          ),
          row(
            'sink',
            pairs.map(({ ours }) => ours),
          ),
        ],
      },
    ],
    goals: [
      {
        text: `at least ${RATIO_GOAL} times the rows per second of the Kafka engine`,
        measured: formatNumber(ratio, 2),
        isMet: ratio >= RATIO_GOAL,
      },
    ],
    notes: [`CPU of the sink and ClickHouse: ${formatNumber(cpuRatio, 2)} of the engine's.`],
    versions: parts.versions,
  };
}
