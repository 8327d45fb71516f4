import { GRANULARITY_SECONDS } from '../events/settings.ts';
import { inTransaction } from '../postgres/pool.ts';
import { type ReplayState, addReplayAction, changeReplay, isCancelled, loadReplay } from '../postgres/replays.ts';
import { loadSettings } from '../postgres/settings.ts';
import type { ActivityDependencies } from './dependencies.ts';
import type { ReplayActivities, ReplayChange, ReplayCounts } from './replay-contract.ts';
import { countReplayRuns, findReplayRuns, findReplayWindows } from './replay-queries.ts';

/** Before every window. */
const BEFORE_ALL_MS = -1;

/** In the audit trail for what the platform does by itself. */
const PLATFORM = 'unmogrowp';

/** What a replay is about, and how far it has come already. */
export function createBeginReplay({ clickhouse, postgres }: ActivityDependencies): ReplayActivities['beginReplay'] {
  return async function beginReplay({ replayId }) {
    const replay = await loadReplay(postgres, replayId);
    const { settings } = await loadSettings(postgres, replay.tenant_id);
    return {
      tenantId: replay.tenant_id,
      granularity: settings.granularity,
      windowLengthMs: GRANULARITY_SECONDS[settings.granularity] * 1_000,
      concurrency: replay.concurrency,
      isPaused: replay.state === 'paused',
      isCancelled: isCancelled(replay),
      counts: toCounts(await countReplayRuns(clickhouse, { replayId })),
    };
  };
}

/** The next windows of an operation: of a run those in the data, of a publication or a rollback those it can apply to. */
export function createReplayPage(dependencies: ActivityDependencies): ReplayActivities['replayPage'] {
  const { clickhouse, postgres, nowMs } = dependencies;
  return async function replayPage({ replayId, operation, afterMs, windowsMax }) {
    const page = { replayId, afterMs: afterMs ?? BEFORE_ALL_MS, windowsMax };
    if (operation !== 'run') {
      const state = operation === 'publish' ? 'computed' : 'published';
      return toPage(await findReplayRuns(clickhouse, { ...page, state }));
    }
    const { tenant_id: tenantId, range_start: from, range_end: to } = await loadReplay(postgres, replayId);
    const { settings } = await loadSettings(postgres, tenantId);
    const found = await findReplayWindows(clickhouse, {
      ...page,
      tenantId,
      fromMs: from.getTime(),
      toMs: to.getTime(),
      windowSeconds: GRANULARITY_SECONDS[settings.granularity],
      latenessSeconds: settings.allowed_lateness_seconds,
      nowMs: nowMs(),
    });
    return toPage(found);
  };
}

function toPage(rows: readonly { windowStartMs: number; remaining: number }[]) {
  return { windowStartsMs: rows.map(({ windowStartMs }) => windowStartMs), remaining: rows[0]?.remaining ?? 0 };
}

const STATE_AFTER: Readonly<Record<ReplayChange['action'], ReplayState | undefined>> = {
  pause: 'paused',
  resume: 'running',
  cancel: 'cancelling',
  concurrency: undefined,
};

/** Stores how a replay goes on, with who wanted it, in one step. */
export function createChangeReplayState({ postgres }: ActivityDependencies): ReplayActivities['changeReplayState'] {
  return function changeReplayState({ replayId, change }) {
    const { action, actionKey, by, concurrency } = change;
    const state = STATE_AFTER[action];
    const note = concurrency === undefined ? change.note : `${concurrency} at once. ${change.note}`.trimEnd();
    return inTransaction(postgres, async (connection) => {
      await changeReplay(connection, replayId, {
        ...(state === undefined ? {} : { state }),
        ...(concurrency === undefined ? {} : { concurrency }),
      });
      await addReplayAction(connection, replayId, { key: actionKey, action, by, note });
    });
  };
}

/** Ends an operation: the range is free for others, and the audit trail says what became of the windows. */
export function createEndReplay({ clickhouse, postgres }: ActivityDependencies): ReplayActivities['endReplay'] {
  return async function endReplay({ replayId, operation, isCancelled }) {
    const counts = toCounts(await countReplayRuns(clickhouse, { replayId }));
    await inTransaction(postgres, async (connection) => {
      await changeReplay(connection, replayId, { state: isCancelled ? 'cancelled' : 'ended' });
      await addReplayAction(connection, replayId, {
        key: `${operation}-end-${JSON.stringify(counts)}`,
        action: `${operation} ${isCancelled ? 'cancelled' : 'ended'}`,
        by: PLATFORM,
        note: describeCounts(counts),
      });
    });
    return counts;
  };
}

function toCounts(rows: Awaited<ReturnType<typeof countReplayRuns>>): ReplayCounts {
  return Object.fromEntries(rows.map(({ state, windows }) => [state, windows]));
}

function describeCounts(counts: ReplayCounts): string {
  const parts = Object.entries(counts).map(([state, windows]) => `${windows} ${state.replaceAll('_', ' ')}`);
  return parts.length === 0 ? 'no windows' : `windows: ${parts.join(', ')}`;
}
