import { randomUUID } from 'node:crypto';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { Kafka, logLevel } from 'kafkajs';
import { afterAll } from 'vitest';
import { windowAt } from '../../activities/window-range.ts';
import type { WindowKey } from '../../activities/contract.ts';
import type { WindowClient } from '../../activities/client.ts';
import { clickHouseConnection } from '../../bin/clickhouse-connection.ts';
import { kafkaAdminConfig } from '../../bin/kafka-connection.ts';
import { connectTemporal } from '../../bin/temporal.ts';
import { type ClickHouse, createClickHouse, insertBytes } from '../../clickhouse/client.ts';
import { migrateClickHouse } from '../../clickhouse/migrate.ts';
import { encodeRow } from '../../events/encode.ts';
import { POSITION_COLUMNS, ROW_COLUMNS, type EventRow } from '../../events/row.ts';
import { type Settings, settingsSchema } from '../../events/settings.ts';
import { createKafkaAdmin } from '../../kafka/admin.ts';
import { sinkGroup, topicName } from '../../kafka/topics.ts';
import { migratePostgres } from '../../postgres/migrate.ts';
import { type PostgresPool, createPostgresPool } from '../../postgres/pool.ts';
import { createTenant } from '../../postgres/tenants.ts';
import { createOffsetCommitter } from '../support/committed-offsets.ts';
import { testEnv, testVariables } from '../support/parts.ts';

export const TOPIC = topicName(testEnv.KAFKA_PREFIX, 'events');
export const DAY_MS = 86_400_000;

/** The real parts with tables and topics, and what a test needs to play ingest and sink on them. */
export interface Parts {
  clickhouse: ClickHouse;
  pool: PostgresPool;
  windows: WindowClient;
  /** Puts events on Kafka without anybody inserting them: a sink that stands still. */
  produce(rows: readonly EventRow[]): Promise<void>;
  /** What the sink does: inserts everything that is on Kafka and commits it. */
  sink(): Promise<void>;
}

/** Migrates the databases of this test file, makes its topics, and connects. */
export async function startParts(): Promise<Parts> {
  const config = clickHouseConnection(testEnv, 'test');
  const pool = createPostgresPool({ url: testEnv.POSTGRES_URL, applicationName: 'test' });
  const admin = createKafkaAdmin(kafkaAdminConfig(testEnv, 'test'));
  await Promise.all([migrateClickHouse(config, { cluster: '' }), migratePostgres(pool), admin.ensureTopics()]);
  const clickhouse = createClickHouse(config);
  const windows = await connectTemporal(testEnv);
  const kafka = new Kafka({ brokers: testEnv.KAFKA_BROKERS, logLevel: logLevel.NOTHING });
  const producer = kafka.producer();
  const committer = createOffsetCommitter(testEnv.KAFKA_BROKERS);
  await producer.connect();
  afterAll(async () => {
    await endWorkflows(windows);
    await Promise.all([producer.disconnect(), committer.close(), admin.close(), windows.close()]);
    await Promise.all([pool.end(), clickhouse.close()]);
  });
  const waiting: { row: EventRow; partition: number; offset: number }[] = [];

  async function produce(rows: readonly EventRow[]): Promise<void> {
    for (const row of rows) {
      const partition = waiting.length % testEnv.KAFKA_EVENTS_PARTITIONS;
      const message = { partition, value: encodeRow(row) };
      const [sent] = await producer.send({ topic: TOPIC, messages: [message], acks: -1 });
      waiting.push({ row, partition, offset: Number(sent?.baseOffset ?? 0) });
    }
  }

  async function sink(): Promise<void> {
    const rows = waiting.splice(0);
    const lines = rows.map(({ row, partition, offset }) => {
      const position = JSON.stringify([TOPIC, partition, offset, offset, offset]).slice(0, -1);
      return `${position},${encodeRow(row).slice(1)}\n`;
    });
    if (lines.length > 0) {
      const columns = [...POSITION_COLUMNS, ...ROW_COLUMNS];
      const bytes = Readable.from(lines);
      const statement = { name: 'test_insert', table: 'events_raw_v1', columns, format: 'JSONCompactEachRow', bytes };
      await insertBytes(clickhouse, statement);
    }
    const ends = await admin.endOffsets(TOPIC);
    await committer.commit(sinkGroup(testEnv.KAFKA_PREFIX), TOPIC, ends);
  }

  return { clickhouse, pool, windows, produce, sink };
}

/** Nothing of this file goes on in the shared Temporal after it. */
async function endWorkflows({ temporal, taskQueue }: WindowClient): Promise<void> {
  for (const workflow of ['reconcile', 'audit', 'ledger']) {
    await temporal.schedule
      .getHandle(`${taskQueue}-${workflow}`)
      .delete()
      .catch(() => {});
  }
  for await (const { workflowId } of temporal.workflow.list({
    query: `TaskQueue = '${taskQueue}' AND ExecutionStatus = 'Running'`,
  })) {
    await temporal.workflow
      .getHandle(workflowId)
      .terminate('the test has ended')
      .catch(() => {});
  }
}

/** A tenant that no other test uses, whose windows close as soon as they end. */
export async function newTenant(pool: PostgresPool, settings: Partial<Settings> = {}): Promise<string> {
  const tenantId = `windows-${randomUUID()}`;
  await createTenant(pool, {
    tenantId,
    settings: settingsSchema.parse({ allowed_lateness_seconds: 0, models: ['linear', 'last_touch'], ...settings }),
  });
  return tenantId;
}

/** A finished day some days ago. */
export function pastDay(tenantId: string, daysAgo: number): WindowKey {
  return windowAt(tenantId, '1d', (Math.floor(Date.now() / DAY_MS) - daysAgo) * DAY_MS);
}

/** An event of a user at a moment; a click of the channel `search` unless `more` says otherwise. */
export function event(tenantId: string, userKey: string, occurredAtMs: number, more: Partial<EventRow> = {}): EventRow {
  return {
    tenant_id: tenantId,
    app_id: 'shop',
    user_key: userKey,
    occurred_at: occurredAtMs,
    event_id: randomUUID(),
    event_type: 'click',
    name: '',
    channel: 'search',
    campaign: 'brand',
    ad_group: '',
    creative: '',
    country: 'DE',
    platform: 'ios',
    revenue: '0',
    currency: '',
    identifier_type: 'user_id',
    properties: '{}',
    received_at: Date.now(),
    trace_id: randomUUID().replaceAll('-', ''),
    ...more,
  };
}

/** A click and an hour later a purchase of 10 EUR by the same new user. */
export function journey(tenantId: string, clickAtMs: number, channel = 'search'): EventRow[] {
  const userKey = randomUUID();
  return [event(tenantId, userKey, clickAtMs, { channel }), purchase(tenantId, userKey, clickAtMs + 3_600_000)];
}

/** A purchase of 10 EUR. */
export function purchase(
  tenantId: string,
  userKey: string,
  occurredAtMs: number,
  more: Partial<EventRow> = {},
): EventRow {
  return event(tenantId, userKey, occurredAtMs, {
    event_type: 'conversion',
    name: 'purchase',
    channel: '',
    campaign: '',
    revenue: '10',
    currency: 'EUR',
    ...more,
  });
}

const WORKER = fileURLToPath(new URL('../../bin/worker.ts', import.meta.url));

/** bin/worker.ts while it runs. */
export interface WorkerProcess {
  child: ChildProcess;
  metricsUrl: string;
  end(signal: NodeJS.Signals): Promise<number | string>;
}

/** Nothing comes by itself: with an interval of minutes a test that runs at a full hour would meet what it does not expect. */
export const WITHOUT_SCHEDULES = {
  WORKER_RECONCILE_INTERVAL_MS: '10000000000',
  WORKER_AUDIT_INTERVAL_MS: '10000000000',
  WORKER_LEDGER_INTERVAL_MS: '10000000000',
};

/** Starts the worker process on the parts of this test file and waits until it is ready. */
export async function startWorker(variables: Record<string, string> = {}): Promise<WorkerProcess> {
  const child = spawn(process.execPath, [WORKER], {
    env: {
      ...process.env,
      ...testVariables,
      WORKER_RECONCILE_INTERVAL_MS: '1000',
      WORKER_ARRIVAL_POLL_MS: '50',
      ...variables,
    },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ended = once(child, 'exit').then(([code, signal]) => (code ?? signal) as number | string);
  const ready = Promise.withResolvers<string>();
  let text = '';
  child.stdout.on('data', (chunk: Buffer) => {
    text += chunk.toString();
    const lines = text.split('\n');
    text = lines.pop() ?? '';
    for (const line of lines) {
      if (line.startsWith('{"metrics"')) ready.resolve(line);
      else if (process.env['WORKER_LOG'] !== undefined) process.stderr.write(`${line}\n`);
    }
  });
  const first = await Promise.race([ready.promise, ended]);
  if (typeof first !== 'string' || !first.startsWith('{')) throw new Error(`worker ended with ${String(first)}`);
  return {
    child,
    metricsUrl: (JSON.parse(first) as { metrics: string }).metrics,
    end: (signal) => {
      child.kill(signal);
      return ended;
    },
  };
}

/** The credits that readers see of a window: model, channel and credit. */
export async function publishedCredits(
  clickhouse: ClickHouse,
  { tenantId, windowStartMs }: WindowKey,
): Promise<[string, string, number][]> {
  const result = await clickhouse.client.query({
    query: `SELECT model, channel, sum(credit) AS credit FROM credits
      WHERE tenant_id = {tenantId:String} AND window_start = toDateTime({seconds:UInt32}, 'UTC')
      GROUP BY model, channel ORDER BY model, channel`,
    query_params: { tenantId, seconds: windowStartMs / 1_000 },
    format: 'JSONEachRow',
  });
  const rows = await result.json<{ model: string; channel: string; credit: string }>();
  return rows.map(({ model, channel, credit }) => [model, channel, Number(credit)]);
}
