import { setTimeout as wait } from 'node:timers/promises';
import type { ClickHouse } from '../clickhouse/client.ts';
import { readDisks, readTableHealth } from '../clickhouse/server-health.ts';
import { type ErrorCode, UnmogrowpError } from '../errors.ts';
import type { KafkaAdmin } from '../kafka/admin.ts';
import type { Metrics } from '../otel/metrics.ts';
import type { PARTS_METRICS } from '../otel/registry/parts.ts';
import type { PostgresPool } from '../postgres/pool.ts';
import { readPostgresHealth } from '../postgres/server-health.ts';

/** A part that has not answered for so long counts as away. */
const ANSWER_MS_MAX = 5_000;

/** What asks the parts how they are, for their gauges. Of a part that is away only that is known. */
export function createPartGauges(options: {
  clickhouse: ClickHouse;
  postgres: PostgresPool;
  kafkaAdmin: Pick<KafkaAdmin, 'countBrokers' | 'describeLog' | 'committedOffsets'>;
  /** Whose topic and group on Kafka. */
  topic: string;
  group: string;
  metrics: Metrics<typeof PARTS_METRICS>;
  onError: (error: unknown) => void;
}): () => Promise<void> {
  const { clickhouse, postgres, kafkaAdmin, topic, group, metrics, onError } = options;

  async function readClickHouse(): Promise<void> {
    const [health] = await timed(metrics.clickhouseQueryDuration, readTableHealth(clickhouse, {}));
    metrics.parts.set(health?.parts ?? 0);
    metrics.partitionPartsMax.set(health?.partitionPartsMax ?? 0);
    metrics.tableBytes.set(health?.bytes ?? 0);
    metrics.mutationsUnfinished.set(health?.mutationsUnfinished ?? 0);
    for (const { disk, freeBytes, totalBytes } of await readDisks(clickhouse, {})) {
      metrics.diskFree.set({ disk }, freeBytes);
      metrics.diskSize.set({ disk }, totalBytes);
    }
  }

  async function readPostgres(): Promise<void> {
    const health = await timed(metrics.postgresQueryDuration, readPostgresHealth(postgres));
    for (const state of ['active', 'idle', 'other'] as const) metrics.postgresConnections.set({ state }, health[state]);
    metrics.postgresConnectionsMax.set(health.connectionsMax);
    metrics.postgresBytes.set(health.databaseBytes);
  }

  async function readKafka(): Promise<void> {
    metrics.kafkaBrokers.set(await kafkaAdmin.countBrokers());
    const [{ starts, ends }, committed] = await Promise.all([
      kafkaAdmin.describeLog(topic),
      kafkaAdmin.committedOffsets(group, topic),
    ]);
    for (const [index, end] of ends.entries()) {
      const labels = { topic, partition: String(index) };
      const next = Math.max(committed[index] ?? 0, starts[index] ?? 0);
      metrics.kafkaEndOffset.set(labels, end);
      metrics.kafkaGroupLag.set(labels, Math.max(0, end - next));
    }
  }

  const ask = (up: { set(value: number): void }, silence: ErrorCode, read: () => Promise<void>): Promise<void> =>
    answered(read(), silence).then(
      () => up.set(1),
      (error: unknown) => {
        up.set(0);
        onError(error);
      },
    );

  return async function readParts() {
    await Promise.all([
      ask(metrics.clickhouseUp, 'clickhouse_timeout', readClickHouse),
      ask(metrics.postgresUp, 'postgres_unavailable', readPostgres),
      ask(metrics.kafkaUp, 'kafka_timeout', readKafka),
    ]);
  };
}

async function answered(work: Promise<void>, silence: ErrorCode): Promise<void> {
  const late = wait(ANSWER_MS_MAX, undefined, { ref: false }).then(() => {
    throw new UnmogrowpError(silence, `No answer to the question how it is for ${ANSWER_MS_MAX / 1_000} s`);
  });
  await Promise.race([work, late]);
}

async function timed<Result>(duration: { observe(seconds: number): void }, work: Promise<Result>): Promise<Result> {
  const started = performance.now();
  const result = await work;
  duration.observe((performance.now() - started) / 1_000);
  return result;
}
