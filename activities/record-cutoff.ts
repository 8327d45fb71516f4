import type { ActivityDependencies } from './dependencies.ts';
import { insertCutoff } from './replay-queries.ts';

/** Records how far the sink had come when it was asked: a replay can see later what was there then. */
export async function recordCutoff(dependencies: ActivityDependencies, committed: readonly number[]): Promise<void> {
  const { clickhouse, eventsTopic, nowMs } = dependencies;
  // The moment comes after the question: all of it was there at that moment.
  await insertCutoff(clickhouse, { cutoff: { [eventsTopic]: [...committed] }, recordedAtMs: nowMs() });
}
