import type { ActivityDependencies } from './dependencies.ts';
import { insertCutoff } from './replay-queries.ts';

/** Records how far the sink has come: a replay can see later what was there now. */
export async function recordCutoff(dependencies: ActivityDependencies): Promise<void> {
  const { clickhouse, kafkaAdmin, eventsTopic, sinkGroup, nowMs } = dependencies;
  const offsets = await kafkaAdmin.committedOffsets(sinkGroup, eventsTopic);
  // The moment comes last: all of it was there at that moment.
  await insertCutoff(clickhouse, { cutoff: { [eventsTopic]: offsets }, recordedAtMs: nowMs() });
}
