import { GRANULARITY_SECONDS } from '../events/settings.ts';
import type { RunTurn } from '../postgres/run-turns.ts';
import type { TouchedWindow } from '../postgres/touched-windows.ts';
import type { ActivityDependencies } from './dependencies.ts';
import { chunksOf } from './chunks.ts';
import { storeLateRows } from './late-rows.ts';
import { findTouched } from './late-touches.ts';
import { readWindowStates } from './late-queries.ts';
import { readReaches } from './late-reach.ts';
import { type ConcernedWindow, type ExaminedSlice, WINDOWS_AT_ONCE } from './late-slice.ts';
import { type LateWindowFacts, arrivalsOf, decideLate } from './late-windows.ts';

/**
 * Which windows of some tenants have to be told about the rows of a slice. Rows that judged runs have not seen are kept,
 * with what came too late for windows that are frozen.
 */
export async function findLateWindows(
  dependencies: ActivityDependencies,
  examined: ExaminedSlice,
): Promise<TouchedWindow[]> {
  const { topic } = examined.slice;
  const at = { topic, nowMs: dependencies.nowMs() };
  const reaches = await readReaches(dependencies, examined.tenants, runningUntil(examined.running));
  const changing = await findTouched(dependencies, examined, reaches);
  const concerned = mergeRows(ownRows(examined), changing);
  const facts = await readFacts(dependencies, examined, concerned);
  const decided = concerned.map((window, index) => ({
    window,
    facts: facts[index] as LateWindowFacts,
    decision: decideLate(facts[index] as LateWindowFacts, window, at),
  }));
  const late = decided.filter(({ decision }) => decision === 'reopen' || decision === 'beyond');
  await storeLateRows(dependencies, examined, { reaches, late });
  return decided
    .filter(({ decision }) => decision === 'reopen' || decision === 'start')
    .map(({ window, decision }) => ({
      tenant_id: window.tenantId,
      window_start: new Date(window.windowStartMs),
      arrivals: decision === 'reopen' ? arrivalsOf(topic, window.changing) : null,
    }));
}

/** Windows in whose own time rows of the slice lie. */
function ownRows({ arrivals, tenants }: ExaminedSlice): ConcernedWindow[] {
  const lengths = new Map(
    tenants.map(({ tenant_id, settings }) => [tenant_id, GRANULARITY_SECONDS[settings.granularity] * 1_000]),
  );
  return arrivals.flatMap(({ tenantId, hourMs, partition, until }) => {
    const lengthMs = lengths.get(tenantId);
    if (lengthMs === undefined) return [];
    const windowStartMs = Math.floor(hourMs / lengthMs) * lengthMs;
    return [{ tenantId, windowStartMs, own: new Map([[partition, until]]), changing: new Map<number, number>() }];
  });
}

/** Each window once, with the farthest row of each partition. */
function mergeRows(...lists: readonly (readonly ConcernedWindow[])[]): ConcernedWindow[] {
  const merged = new Map<string, ConcernedWindow>();
  for (const window of lists.flat()) {
    const name = `${window.tenantId}/${window.windowStartMs}`;
    const before = merged.get(name);
    merged.set(name, {
      ...window,
      own: farthest(before?.own, window.own),
      changing: farthest(before?.changing, window.changing),
    });
  }
  return [...merged.values()];
}

function farthest(
  left: ReadonlyMap<number, number> = new Map(),
  right: ReadonlyMap<number, number> = new Map(),
): Map<number, number> {
  const result = new Map(left);
  for (const [partition, until] of right) result.set(partition, Math.max(until, result.get(partition) ?? 0));
  return result;
}

async function readFacts(
  { clickhouse }: ActivityDependencies,
  { tenants, running, signal }: ExaminedSlice,
  windows: readonly ConcernedWindow[],
): Promise<LateWindowFacts[]> {
  const states = new Map<string, Awaited<ReturnType<typeof readWindowStates>>[number]>();
  for (const some of chunksOf(windows, WINDOWS_AT_ONCE)) {
    const asked = {
      tenantIds: some.map(({ tenantId }) => tenantId),
      windowStartsMs: some.map(({ windowStartMs }) => windowStartMs),
    };
    for (const state of await readWindowStates(clickhouse, asked, { signal })) {
      states.set(`${state.tenantId}/${state.windowStartMs}`, state);
    }
  }
  const runs = new Set(running.map((turn) => `${turn.tenant_id}/${turn.window_start.getTime()}`));
  const horizons = new Map(
    tenants.map(({ tenant_id, settings }) => [tenant_id, settings.late_horizon_seconds * 1_000]),
  );
  return windows.map(({ tenantId, windowStartMs }) => {
    const name = `${tenantId}/${windowStartMs}`;
    const state = states.get(name);
    return {
      seen: state?.cutoff ?? null,
      firstPublishedAtMs: state === undefined || state.firstPublishedAtMs === 0 ? null : state.firstPublishedAtMs,
      lateHorizonMs: horizons.get(tenantId) ?? 0,
      isRunning: runs.has(name),
    };
  });
}

/** Of each tenant the end of the newest window whose run is under way. */
function runningUntil(running: readonly RunTurn[]): Map<string, number> {
  const ends = new Map<string, number>();
  for (const { tenant_id: tenantId, window_start: start, granularity } of running) {
    const endMs = start.getTime() + GRANULARITY_SECONDS[granularity] * 1_000;
    ends.set(tenantId, Math.max(endMs, ends.get(tenantId) ?? 0));
  }
  return ends;
}
