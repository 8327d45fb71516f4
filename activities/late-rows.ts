import { chunksOf } from './chunks.ts';
import type { ActivityDependencies } from './dependencies.ts';
import { type ConcernedWindow, type ExaminedSlice, WINDOWS_AT_ONCE } from './late-slice.ts';
import {
  type LateWindowParameters,
  insertLateByTime,
  insertLateConversions,
  insertLateMilestones,
  insertLateTouchpoints,
} from './late-queries.ts';
import type { TenantReach } from './late-reach.ts';
import { questionsOf } from './late-touches.ts';
import type { LateDecision, LateWindowFacts } from './late-windows.ts';

interface LateWindow {
  window: ConcernedWindow;
  facts: LateWindowFacts;
  decision: LateDecision;
}

/** Keeps the rows of a slice that these windows have not seen: why they were reopened, or what is missing in them. */
export async function storeLateRows(
  dependencies: ActivityDependencies,
  examined: ExaminedSlice,
  { reaches, late }: { reaches: readonly TenantReach[]; late: readonly LateWindow[] },
): Promise<void> {
  for (const some of chunksOf(late, WINDOWS_AT_ONCE)) {
    await storeSome(dependencies, examined, { reaches, late: some });
  }
}

async function storeSome(
  { clickhouse }: ActivityDependencies,
  examined: ExaminedSlice,
  { reaches, late }: { reaches: readonly TenantReach[]; late: readonly LateWindow[] },
): Promise<void> {
  const { signal } = examined;
  const windows = windowsOf(late, examined);
  const { conversions, milestones, touchpoints } = questionsOf(examined, reaches);
  const byTime = byTimeOf(late, examined, reaches);
  await Promise.all([
    byTime && insertLateByTime(clickhouse, byTime, { signal }),
    conversions && insertLateConversions(clickhouse, { ...conversions, ...windows }, { signal }),
    milestones && insertLateMilestones(clickhouse, { ...milestones, ...windows }, { signal }),
    touchpoints && insertLateTouchpoints(clickhouse, { ...touchpoints, ...windows }, { signal }),
  ]);
}

/** Of frozen windows also those rows count that only lie in them. */
function byTimeOf(late: readonly LateWindow[], examined: ExaminedSlice, reaches: readonly TenantReach[]) {
  const frozen = late.filter(({ decision }) => decision === 'beyond');
  if (frozen.length === 0) return undefined;
  return {
    ...examined.slice,
    tenantIds: reaches.map(({ tenantId }) => tenantId),
    windowMs: reaches.map(({ windowMs }) => windowMs),
    ...windowsOf(frozen, examined),
  };
}

function windowsOf(late: readonly LateWindow[], { slice, partitions }: ExaminedSlice): LateWindowParameters {
  const seenUntil = late.map(({ facts }) =>
    Array.from({ length: partitions }, (_, partition) => facts.seen?.[slice.topic]?.[partition] ?? 0),
  );
  return {
    windowTenantIds: late.map(({ window }) => window.tenantId),
    windowStartsMs: late.map(({ window }) => window.windowStartMs),
    areBeyondHorizon: late.map(({ decision }) => decision === 'beyond'),
    seenUntil,
  };
}
