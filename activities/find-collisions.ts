import { loadCollisionReads, saveCollisionReads } from '../postgres/collision-reads.ts';
import { countCollidingEvents, insertCollisions } from './collision-queries.ts';
import type { ActivityDependencies } from './dependencies.ts';
import { readFirstArrivals } from './late-queries.ts';
import { nextRanges, sliceParameters } from './late-slice.ts';

/** As many as the exact search for late data takes at once. */
const RECORDS_PER_SLICE = 10_000;

/**
 * Finds the events among what has come up to some offsets of which copies differ in what they say, and keeps all their
 * copies, so that readers see only the first. Nothing is searched twice. Whoever computes credits calls it with its
 * cut-off before, so no run ever counts a copy that it could have known not to count.
 */
export async function findCollisions(
  { clickhouse, postgres, eventsTopic: topic }: Pick<ActivityDependencies, 'clickhouse' | 'postgres' | 'eventsTopic'>,
  until: readonly number[],
  signal: AbortSignal,
): Promise<void> {
  for (;;) {
    const searched = await loadCollisionReads(postgres, topic);
    const first = searched.length < until.length ? await readFirstArrivals(clickhouse, { topic }) : [];
    const ranges = nextRanges({ committed: until, examined: searched, first, recordsMax: RECORDS_PER_SLICE });
    if (ranges.length === 0) return;
    signal.throwIfAborted();
    const slice = sliceParameters(topic, ranges);
    const [colliding] = await countCollidingEvents(clickhouse, slice, { signal });
    if ((colliding?.events ?? 0) > 0) await insertCollisions(clickhouse, slice, { signal });
    const reads = ranges.map(({ partition, until: offset }) => ({ partition, next_offset: offset }));
    await saveCollisionReads(postgres, topic, reads);
  }
}
