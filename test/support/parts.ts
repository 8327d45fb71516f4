import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Kafka, logLevel } from 'kafkajs';
import pg from 'pg';
import { afterAll, inject } from 'vitest';
import { type Env, parseEnv } from '../../env.ts';

/**
 * The environment of one test file: the shared real parts under names that only this file uses. Databases and topics
 * are made here or by the test's own migrations, and dropped when the file ends.
 */
export const testEnv: Env = await createTestEnv();

/** What a child process needs to see the same parts and names as the test. */
export const testVariables: Record<string, string> = variablesOf(testEnv);

async function createTestEnv(): Promise<Env> {
  const id = `test_${randomBytes(5).toString('hex')}`;
  const prefix = `${id.replace('_', '-')}-`;
  const directory = mkdtempSync(join(tmpdir(), `unmogrowp-${id}-`));
  const addresses = inject('addresses');
  const postgresUrl = new URL(addresses['POSTGRES_URL'] ?? '');
  const administration = postgresUrl.href;
  postgresUrl.pathname = `/${id}`;
  const env = parseEnv({
    ...addresses,
    KAFKA_PREFIX: prefix,
    CLICKHOUSE_DATABASE: id,
    POSTGRES_URL: postgresUrl.href,
    TEMPORAL_TASK_QUEUE: id,
    INGEST_SPOOL_DIRECTORY: join(directory, 'spool'),
    INGEST_PORT: '0',
    INGEST_METRICS_PORT: '0',
    SINK_METRICS_PORT: '0',
    WORKER_METRICS_PORT: '0',
    WORKER_TEMPORAL_METRICS_PORT: '0',
    INCIDENT_PORT: '0',
    INCIDENT_METRICS_PORT: '0',
    LOG_LEVEL: process.env['LOG_LEVEL'] ?? 'warn',
  });
  await queryPostgres(administration, `CREATE DATABASE ${id}`);
  afterAll(async () => {
    await Promise.all([
      dropClickHouseDatabase(env),
      queryPostgres(administration, `DROP DATABASE IF EXISTS ${guarded(id)} WITH (FORCE)`),
      deleteTopics(env),
    ]);
    rmSync(directory, { recursive: true, force: true });
  });
  return env;
}

/** Refuses to destroy anything that was not made for a test. */
function guarded(name: string): string {
  if (!name.includes('test')) throw new Error(`${name} is not a test's name: refusing to drop it`);
  return name;
}

async function queryPostgres(url: string, sql: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await client.query(sql);
  } finally {
    await client.end();
  }
}

async function dropClickHouseDatabase(env: Env): Promise<void> {
  const response = await fetch(env.CLICKHOUSE_URL, {
    method: 'POST',
    headers: {
      'X-ClickHouse-User': env.CLICKHOUSE_USERNAME,
      'X-ClickHouse-Key': env.CLICKHOUSE_PASSWORD,
      connection: 'close',
    },
    body: `DROP DATABASE IF EXISTS ${guarded(env.CLICKHOUSE_DATABASE)} SYNC`,
  });
  if (!response.ok) throw new Error(await response.text());
  await response.text();
}

async function deleteTopics(env: Env): Promise<void> {
  const admin = new Kafka({ brokers: env.KAFKA_BROKERS, logLevel: logLevel.NOTHING }).admin();
  await admin.connect();
  try {
    const topics = (await admin.listTopics()).filter((topic) => topic.startsWith(guarded(env.KAFKA_PREFIX)));
    if (topics.length > 0) await admin.deleteTopics({ topics });
  } finally {
    await admin.disconnect();
  }
}

function variablesOf(env: Env): Record<string, string> {
  const variables: Record<string, string> = {};
  for (const [name, value] of Object.entries(env)) {
    if (value !== undefined) variables[name] = Array.isArray(value) ? value.join(',') : String(value);
  }
  return variables;
}
