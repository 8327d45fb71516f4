import { fileURLToPath } from 'node:url';
import type { WindowClient } from '../activities/client.ts';
import { kafkaAdminConfig } from '../bin/kafka-connection.ts';
import { createKafkaAdmin } from '../kafka/admin.ts';
import { migratePostgres } from '../postgres/migrate.ts';
import { startNode } from './child.ts';
import { type BenchParts, withPool } from './parts.ts';

/** So long an interval that nothing comes between: schedules would start windows that a bench does not ask for. */
const NEVER_MS = 10_000_000_000;

/** Tables of PostgreSQL and topics of Kafka, as a worker needs them. */
export async function prepareStores({ env }: BenchParts): Promise<void> {
  const admin = createKafkaAdmin(kafkaAdminConfig(env, 'bench'));
  try {
    await Promise.all([withPool(env, migratePostgres), admin.ensureTopics()]);
  } finally {
    await admin.close();
  }
}

/** Starts bin/worker.ts on the parts of a bench, with other variables than the usual ones where some are given. */
export function startWorker({ variables }: BenchParts, more: Readonly<Record<string, string>> = {}) {
  const program = fileURLToPath(new URL('../bin/worker.ts', import.meta.url));
  return startNode([program], { ...variables, ...more }, (line) => line.startsWith('{"metrics"'));
}

/** A worker whose schedules rest. */
export const startQuietWorker = (parts: BenchParts) =>
  startWorker(parts, {
    WORKER_RECONCILE_INTERVAL_MS: String(NEVER_MS),
    WORKER_AUDIT_INTERVAL_MS: String(NEVER_MS),
    WORKER_LEDGER_INTERVAL_MS: String(NEVER_MS),
  });

/** Removes what a worker has scheduled on a Temporal that may be somebody else's. */
export async function removeSchedules({ temporal, taskQueue }: WindowClient): Promise<void> {
  for await (const { scheduleId } of temporal.schedule.list()) {
    if (scheduleId.startsWith(`${taskQueue}-`)) await temporal.schedule.getHandle(scheduleId).delete();
  }
}
