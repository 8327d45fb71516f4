import type { Cutoff } from '../events/cutoff.ts';
import type { Granularity } from '../events/settings.ts';
import type { ReplayOperation } from '../postgres/replays.ts';
import type { WindowKey } from './contract.ts';

export type { ReplayOperation };

/** How a window of a replay stands or ended, in the order in which a window can reach them; stored in `replay_runs`. */
export type ReplayRunState =
  /** Nothing could be computed or published; the reason stands beside it. */
  | 'failed'
  /** The same credits as published, by the same settings. */
  | 'unchanged'
  /** Of a dry run: computed, and nobody sees it. */
  | 'computed'
  /** Not published, because something newer was. */
  | 'conflict'
  | 'published'
  /** Not rolled back, because something newer was published or nothing had been before. */
  | 'kept'
  | 'rolled_back';

/** What a replay hears of one window; a withdrawn one is as it was before. */
export type ReplayWindowResult = ReplayRunState | 'withdrawn';

/** How many windows ended how. */
export type ReplayCounts = Partial<Record<ReplayRunState, number>>;

/** Which replay, and what it does to a window. */
export interface ReplayTask {
  version: 1;
  replayId: string;
  operation: ReplayOperation;
}

/** What a replay needs to know to begin or to go on. */
export interface ReplayPlan {
  tenantId: string;
  granularity: Granularity;
  windowLengthMs: number;
  concurrency: number;
  isPaused: boolean;
  isCancelled: boolean;
  /** What had become of its windows before: not empty when it goes on after its workflow was lost. */
  counts: ReplayCounts;
}

/** A person or program changes how a replay goes on. `actionKey` makes a repeated one the same one. */
export interface ReplayChange {
  action: 'pause' | 'resume' | 'cancel' | 'concurrency';
  by: string;
  note: string;
  actionKey: string;
  concurrency?: number;
}

/** The I/O of the workflow `replay`. Every call may be repeated: twice is once. */
export interface ReplayActivities {
  beginReplay(input: ReplayTask): Promise<ReplayPlan>;
  /** Windows that begin after `afterMs` and have not ended in this operation, the oldest first. */
  replayPage(
    input: ReplayTask & { afterMs: number | null; windowsMax: number },
  ): Promise<{ windowStartsMs: number[]; remaining: number }>;
  /** Stores the change and writes it into the audit trail. */
  changeReplayState(input: ReplayTask & { change: ReplayChange }): Promise<void>;
  /** Tells windows that are under way to leave it, if they have not begun to publish. */
  withdrawWindows(input: ReplayTask & { windows: WindowKey[] }): Promise<void>;
  /** Stores that the operation has ended, and gives what became of all windows. */
  endReplay(input: ReplayTask & { isCancelled: boolean }): Promise<ReplayCounts>;
}

/** The waits of a replay: many at once, and each as long as its window takes. Served apart from what computes. */
export interface ReplayWaits {
  /** Asks the window's own workflow, and returns when it has ended. */
  replayWindow(input: ReplayTask & { window: WindowKey }): Promise<{ state: ReplayWindowResult }>;
}

/** What a window has to do for a replay. */
export interface LoadedReplayRun {
  /** Not null when there is nothing to do: it has ended here before, or the replay is being cancelled. */
  ended: ReplayWindowResult | null;
  isDryRun: boolean;
  settingsVersion: number;
  /** What was known at the moment of `--as-of`; null for all that has come. */
  cutoff: Cutoff | null;
  /** What is published now: the base that the run is compared with. */
  base: { version: number; runId: string } | null;
}

/** What is stored of one window of a replay. */
export interface ReplayRunRecord {
  state: ReplayRunState;
  runId: string | null;
  base: { version: number; runId: string } | null;
  /** As which version it was published; 0 when it was not. */
  publicationVersion: number;
  failure: { code: string; message: string } | null;
  recordedAtMs: number;
}

/** The I/O of a window that serves a replay. */
export interface WindowReplayActivities {
  loadReplayRun(input: { version: 1; replayId: string; window: WindowKey }): Promise<LoadedReplayRun>;
  /** Records how the run ended, unless it was withdrawn, counts it, and gives its turn to the next of its tenant. */
  leaveReplayRun(input: {
    version: 1;
    replayId: string;
    window: WindowKey;
    record: ReplayRunRecord | null;
    durationMs: number;
  }): Promise<void>;
  /** Publishes what a dry run computed, or returns to what was published before the replay, and records it. */
  publishReplayRun(input: {
    version: 1;
    replayId: string;
    operation: 'publish' | 'rollback';
    window: WindowKey;
    publishedAtMs: number;
  }): Promise<{
    state: ReplayWindowResult;
    publicationVersion: number;
    firstPublishedAtMs: number | null;
    settingsVersion: number;
    /** Whether rows have come since that the published run may not see. */
    isBehind: boolean;
  }>;
}
