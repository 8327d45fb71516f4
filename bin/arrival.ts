import { setTimeout as wait } from 'node:timers/promises';
import type { Env } from '../env.ts';
import { UnmogrowpError } from '../errors.ts';
import { hasReached, recordsMissing } from '../events/cutoff.ts';
import { createKafkaAdmin } from '../kafka/admin.ts';
import { sinkGroup, topicName } from '../kafka/topics.ts';
import type { PostgresPool } from '../postgres/pool.ts';
import { openSpools } from '../postgres/spools.ts';
import { kafkaAdminConfig } from './kafka-connection.ts';
import { type ProgressBar, startProgressBar } from './progress-bar.ts';

const POLL_MS = 100;

/**
 * Waits until everything that was accepted before the call is in ClickHouse, and gives how far on Kafka that is: the next
 * offset of each partition. Throws `arrival_incomplete`.
 */
export async function waitForSink(options: {
  env: Env;
  pool: PostgresPool;
  giveUpAt: number;
  signal: AbortSignal | undefined;
}): Promise<number[]> {
  const { env, pool, giveUpAt, signal } = options;
  const askedAt = new Date();
  const pause = async (message: string): Promise<void> => {
    signal?.throwIfAborted();
    if (performance.now() > giveUpAt) throw new UnmogrowpError('arrival_incomplete', message);
    await wait(POLL_MS);
  };
  // The spools first, for what leaves a spool is on Kafka before it is gone from the list.
  while ((await openSpools(pool)).some((spool) => spool.oldest_received_at <= askedAt)) {
    await pause('Accepted events are still on the spool of an ingest process: is Kafka there?');
  }
  const admin = createKafkaAdmin(kafkaAdminConfig(env, 'unmogrowp-arrival'));
  const topic = topicName(env.KAFKA_PREFIX, 'events');
  let bar: ProgressBar | undefined;
  try {
    const ends = await admin.endOffsets(topic);
    const target = { [topic]: ends };
    const read = async () => ({ [topic]: await admin.committedOffsets(sinkGroup(env.KAFKA_PREFIX), topic) });
    let reached = await read();
    const total = recordsMissing(reached, target);
    while (!hasReached(reached, target)) {
      const missing = recordsMissing(reached, target);
      bar ??= startProgressBar('arriving', total);
      bar.update(total - missing, `${missing} records are not in ClickHouse yet`);
      await pause(
        `${missing} records on Kafka have not arrived in ClickHouse. Does the sink run? See: unmogrowp status`,
      );
      reached = await read();
    }
    bar?.update(total, 'all is in ClickHouse');
    return ends;
  } finally {
    bar?.stop();
    await admin.close();
  }
}
