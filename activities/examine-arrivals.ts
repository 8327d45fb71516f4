import { turnsUnderWay } from '../postgres/run-turns.ts';
import { loadTenants } from '../postgres/tenants.ts';
import { type ExaminedPartition, loadExamined, saveExamination } from '../postgres/touched-windows.ts';
import { chunksOf } from './chunks.ts';
import type { ReconcileActivities } from './contract.ts';
import type { ActivityDependencies } from './dependencies.ts';
import { findCollisions } from './find-collisions.ts';
import { findLateWindows } from './find-late-windows.ts';
import { withHeartbeat } from './heartbeat.ts';
import { listArrivals, readFirstArrivals } from './late-queries.ts';
import { type OffsetRange, nextRanges, sliceParameters } from './late-slice.ts';
import { recordCutoff } from './record-cutoff.ts';

/** A record holds the events of one request: some hundred thousand rows, which take ClickHouse a second at most. */
const RECORDS_PER_SLICE = 10_000;
/** Tenants in one question to ClickHouse. */
const TENANTS_AT_ONCE = 50;

/**
 * Examines a slice of the log that nobody has examined: which windows do its rows concern whose runs have not seen them?
 * The log says what is new, so no row is looked at twice and none is missed, however late it was inserted. What was found
 * is stored together with how far the log was examined; windows are told afterwards.
 */
export function createExamineArrivals(dependencies: ActivityDependencies): ReconcileActivities['examineArrivals'] {
  const { clickhouse, postgres, kafkaAdmin, eventsTopic: topic, sinkGroup, metrics } = dependencies;
  return function examineArrivals() {
    return withHeartbeat(undefined, async (signal) => {
      const committed = await kafkaAdmin.committedOffsets(sinkGroup, topic);
      const examined = await loadExamined(postgres, topic);
      const ranges = await rangesOf(dependencies, committed, examined);
      if (ranges.length === 0) {
        metrics.unexaminedRecords.set(0);
        return { isMore: false };
      }
      await recordCutoff(dependencies, committed);
      await findCollisions(dependencies, committed, signal);
      // Before ClickHouse is asked what was judged: a run that ends in between is seen there, one that begins in between
      // sees all that was committed above, and any other stands here.
      const running = await turnsUnderWay(postgres);
      const slice = sliceParameters(topic, ranges);
      const arrivals = await listArrivals(clickhouse, slice, { signal });
      const arrived = new Set(arrivals.map(({ tenantId }) => tenantId));
      const tenants = (await loadTenants(postgres)).filter(({ tenant_id: tenantId }) => arrived.has(tenantId));
      const windows = [];
      const partitions = committed.length;
      for (const some of chunksOf(tenants, TENANTS_AT_ONCE)) {
        const part = { slice, arrivals, running, tenants: some, partitions, signal };
        windows.push(...(await findLateWindows(dependencies, part)));
      }
      const until = ranges.map(({ partition, until: offset }): ExaminedPartition => ({
        partition,
        next_offset: offset,
      }));
      await saveExamination(postgres, { topic, examined: until, windows });
      metrics.examinedRecords.inc(ranges.reduce((sum, range) => sum + range.until - range.from, 0));
      const left = recordsLeft(committed, examined, ranges);
      metrics.unexaminedRecords.set(left);
      return { isMore: left > 0 };
    });
  };
}

async function rangesOf(
  { clickhouse, eventsTopic: topic }: ActivityDependencies,
  committed: readonly number[],
  examined: readonly ExaminedPartition[],
): Promise<OffsetRange[]> {
  const first = examined.length < committed.length ? await readFirstArrivals(clickhouse, { topic }) : [];
  return nextRanges({ committed, examined, first, recordsMax: RECORDS_PER_SLICE });
}

/** How many records are committed and not examined after these ranges. */
function recordsLeft(
  committed: readonly number[],
  examined: readonly ExaminedPartition[],
  ranges: readonly OffsetRange[],
): number {
  return committed.reduce((sum, end, partition) => {
    const range = ranges.find((one) => one.partition === partition);
    const until = range?.until ?? examined.find((one) => one.partition === partition)?.next_offset ?? end;
    return sum + Math.max(0, end - until);
  }, 0);
}
