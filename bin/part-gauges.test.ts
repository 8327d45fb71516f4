import { expect, it } from 'vitest';
import { createClickHouse } from '../clickhouse/client.ts';
import { parseEnv } from '../env.ts';
import { createKafkaAdmin } from '../kafka/admin.ts';
import { createMetrics } from '../otel/metrics.ts';
import { PARTS_METRICS } from '../otel/registry/parts.ts';
import { createPostgresPool } from '../postgres/pool.ts';
import { clickHouseConnection } from './clickhouse-connection.ts';
import { kafkaAdminConfig } from './kafka-connection.ts';
import { createPartGauges } from './part-gauges.ts';

const NOBODY = '127.0.0.1:1';

it('parts that are away are told as down, each with its error, and nothing else is told of them', async () => {
  const env = parseEnv({ CLICKHOUSE_URL: `http://${NOBODY}`, KAFKA_BROKERS: NOBODY });
  const clickhouse = createClickHouse(clickHouseConnection(env, 'test'));
  const postgres = createPostgresPool({ url: `postgres://${NOBODY}/x`, applicationName: 'test' });
  const kafkaAdmin = createKafkaAdmin(kafkaAdminConfig(env, 'test'));
  const { metrics, register } = createMetrics(PARTS_METRICS);
  const codes: unknown[] = [];
  const onError = (error: unknown): void => void codes.push((error as { code: unknown }).code);
  const topic = 'events';
  const read = createPartGauges({ clickhouse, postgres, kafkaAdmin, topic, group: 'sink', metrics, onError });
  await read();
  const page = await register.metrics();
  for (const part of ['clickhouse', 'postgres', 'kafka']) expect(page).toContain(`unmogrowp_${part}_up 0\n`);
  expect(page).not.toMatch(/^unmogrowp_(?:clickhouse_disk|kafka_group)\w+\{/m);
  expect(new Set(codes)).toEqual(new Set(['clickhouse_unavailable', 'kafka_unavailable', 'postgres_unavailable']));
  await Promise.all([clickhouse.close(), postgres.end(), kafkaAdmin.close()]);
}, 30_000);
