import type { Command } from 'commander';
import { migrateClickHouse } from '../../clickhouse/migrate.ts';
import { type Env, parseEnv } from '../../env.ts';
import { createKafkaAdmin } from '../../kafka/admin.ts';
import { migratePostgres } from '../../postgres/migrate.ts';
import { createPostgresPool } from '../../postgres/pool.ts';
import { clickHouseConnection } from '../clickhouse-connection.ts';
import { kafkaAdminConfig } from '../kafka-connection.ts';
import { printJson, printLine } from '../output.ts';

const APPLICATION = 'unmogrowp migrate';

/** `unmogrowp migrate`: tables and topics as this version needs them. Twice is once. */
export function register(program: Command): void {
  program
    .command('migrate')
    .description('brings the tables of Postgres and ClickHouse and the topics of Kafka to the newest state')
    .option('--json', 'print JSON')
    .action(migrate);
}

async function migrate({ json }: { json?: boolean }): Promise<void> {
  const env = parseEnv(process.env);
  const applied = {
    postgres: await migrateControlData(env),
    clickhouse: await migrateTables(env),
    kafka: await createTopics(env),
  };
  if (json === true) {
    printJson(applied);
    return;
  }
  const lines = Object.entries(applied).flatMap(([part, names]) => names.map((name) => `${part}: ${name}`));
  for (const line of lines.length > 0 ? lines : ['nothing to do']) printLine(line);
}

async function migrateControlData(env: Env): Promise<string[]> {
  const pool = createPostgresPool({ url: env.POSTGRES_URL, applicationName: APPLICATION });
  try {
    return await migratePostgres(pool);
  } finally {
    await pool.end();
  }
}

function migrateTables(env: Env): Promise<string[]> {
  return migrateClickHouse(clickHouseConnection(env, APPLICATION), { cluster: env.CLICKHOUSE_CLUSTER });
}

async function createTopics(env: Env): Promise<string[]> {
  const admin = createKafkaAdmin(kafkaAdminConfig(env, 'unmogrowp-migrate'));
  try {
    return await admin.ensureTopics();
  } finally {
    await admin.close();
  }
}
