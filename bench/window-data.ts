import { readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { Kafka, logLevel } from 'kafkajs';
import { windowAt } from '../activities/window-range.ts';
import type { WindowKey } from '../activities/contract.ts';
import type { ClickHouse } from '../clickhouse/client.ts';
import type { Env } from '../env.ts';
import { MODELS, settingsSchema } from '../events/settings.ts';
import { sinkGroup, topicName } from '../kafka/topics.ts';
import { createTenant } from '../postgres/tenants.ts';
import { select } from './clickhouse.ts';
import { withKafkaAdmin, withPool } from './parts.ts';

const DAY_MS = 86_400_000;
/** Each user has eight touchpoints in the middle. */
const TOUCHPOINTS_PER_USER = 8;
/** Users of one INSERT: as many rows as a sink that catches up brings in some batches. */
const USERS_PER_FILL = 100_000;
/** Records on Kafka; the offsets of the rows lie among them. A record holds many rows, so rows share offsets. */
export const RECORDS_PER_PARTITION = 10_000;
const MERGES_LOOK_INTERVAL_MS = 500;

export const LOOKBACK_SECONDS = 7 * 86_400;

/** Five models, the same lookback for clicks and impressions, and no wait after the end of the window. */
export const SETTINGS = settingsSchema.parse({
  models: MODELS.filter((model) => model !== 'last_non_direct_touch' && model !== 'w_shaped'),
  lookback_click_seconds: LOOKBACK_SECONDS,
  lookback_impression_seconds: LOOKBACK_SECONDS,
  allowed_lateness_seconds: 0,
});

/** One tenant with the events of one window. */
export interface Size {
  readonly conversions: number;
  readonly touchpoints: number;
}

const sql = (name: string): string => readFileSync(new URL(`./${name}.sql`, import.meta.url), 'utf8');

/** Puts records on every partition of the topic of events and commits them all, as a sink that has read everything. */
export async function playSink(env: Env): Promise<void> {
  const topic = topicName(env.KAFKA_PREFIX, 'events');
  const producer = new Kafka({ brokers: env.KAFKA_BROKERS, logLevel: logLevel.NOTHING }).producer();
  await producer.connect();
  const records = Array.from({ length: RECORDS_PER_PARTITION }, () => ({ value: '' }));
  for (let partition = 0; partition < env.KAFKA_EVENTS_PARTITIONS; partition += 1) {
    await producer.send({ topic, messages: records.map((record) => ({ ...record, partition })), acks: -1 });
  }
  await producer.disconnect();
  await withKafkaAdmin(env, async (admin) => {
    const partitions = Array.from({ length: env.KAFKA_EVENTS_PARTITIONS }, (_, partition) => ({
      partition,
      offset: String(RECORDS_PER_PARTITION),
    }));
    await admin.setOffsets({ groupId: sinkGroup(env.KAFKA_PREFIX), topic, partitions });
  });
}

/** Makes a tenant with the events of one window of the past and of the days before it; gives the window. */
export async function fillWindow(
  { env, clickhouse, onProgress }: { env: Env; clickhouse: ClickHouse; onProgress: (text: string) => void },
  tenantId: string,
  size: Size,
): Promise<WindowKey> {
  await withPool(env, (pool) => createTenant(pool, { tenantId, settings: SETTINGS }));
  const window = windowAt(tenantId, '1d', (Math.floor(Date.now() / DAY_MS) - 2) * DAY_MS);
  const parameters = {
    tenantId,
    windowStartMs: window.windowStartMs,
    topic: topicName(env.KAFKA_PREFIX, 'events'),
    partitions: env.KAFKA_EVENTS_PARTITIONS,
    offsets: RECORDS_PER_PARTITION,
  };
  const insert = (name: string, more: Record<string, number>) =>
    clickhouse.client.command({ query: sql(name), query_params: { ...parameters, ...more } });
  const users = Math.round(size.touchpoints / TOUCHPOINTS_PER_USER);
  for (let firstUser = 0; firstUser < users; firstUser += USERS_PER_FILL) {
    await insert('window-touchpoints', { firstUser, users: Math.min(USERS_PER_FILL, users - firstUser) });
    if (firstUser % 1_000_000 === 0) onProgress(`users from ${firstUser} of ${users} have their touchpoints`);
  }
  await insert('window-conversions', { users, conversions: size.conversions });
  await waitForMerges(clickhouse);
  return window;
}

/** Until nothing is merged any more: merges would take the machine from whoever is measured next. */
export async function waitForMerges(clickhouse: ClickHouse): Promise<void> {
  for (;;) {
    const [row] = await select<{ merges: number }>(
      clickhouse,
      `SELECT count() AS merges FROM system.merges WHERE database = '${clickhouse.database}'`,
    );
    if (row?.merges === 0) return;
    await delay(MERGES_LOOK_INTERVAL_MS);
  }
}
