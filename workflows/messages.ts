import type {
  PublicationReason,
  ReconcileCounts,
  ReconcileCursor,
  RunSummary,
  WindowKey,
} from '../activities/contract.ts';
import type { ReplayCounts, ReplayOperation, ReplayPlan } from '../activities/replay-contract.ts';
import type { Cutoff } from '../events/cutoff.ts';

/** Where a window stands. */
export type WindowPhase =
  | 'loading'
  | 'waiting'
  | 'importing'
  | 'queued'
  | 'arriving'
  | 'running'
  | 'verifying'
  | 'publishing'
  | 'open'
  | 'inconsistent'
  | 'failed'
  | 'frozen';

/** How one run of a window ended. */
export interface WindowOutcome {
  state: 'published' | 'unchanged' | 'inconsistent' | 'failed';
  reason: PublicationReason;
  /** The version that is the truth after this run; 0 when the window has never been published. */
  publicationVersion: number;
  settingsVersion: number;
  startedAtMs: number;
  finishedAtMs: number;
  traceId: string;
  summary: RunSummary | null;
  failure: { code: string; message: string } | null;
}

/** Late data was found that the window has not seen. */
export interface ReopenRequest {
  version: 1;
  /** As far on Kafka a run has to see to have seen it; null when nobody knows, and only a run can tell. */
  arrivals: Cutoff | null;
}

/** A person or a program asks for a run now. */
export interface CloseRequest {
  version: 1;
}

/** The window has its turn: its tenant has room for one more run. */
export interface TurnNotice {
  version: 1;
}

/** A replay is being cancelled: a window that has not begun to publish for it leaves it. */
export interface WithdrawRequest {
  version: 1;
  replayId: string;
}

/** What of a window's life goes over into the next run of its workflow. */
export interface WindowState {
  allowedLatenessMs: number;
  lateHorizonMs: number;
  reopenIntervalMs: number;
  /** 0 before the first publication. */
  publicationVersion: number;
  firstPublishedAtMs: number | null;
  lastRunStartedAtMs: number | null;
  reopen: ReopenRequest | null;
  lastOutcome: WindowOutcome | null;
  /** Why the last run published nothing although it should have; cleared by the next run. */
  trouble: { phase: 'inconsistent' | 'failed'; sinceMs: number; retryAtMs: number | null } | null;
}

/** The one argument of the workflow `window`. */
export interface WindowInput {
  version: 1;
  window: WindowKey;
  carried?: WindowState;
  /** Only for tests: continue as new when the history has become this long, instead of when the server suggests it. */
  continueAsNewAfterEvents?: number;
}

/** The answer of the query `describe`. */
export interface WindowDescription {
  version: 1;
  window: WindowKey;
  phase: WindowPhase;
  phaseSinceMs: number;
  /** In words, for people. */
  waitsFor: string;
  nextDeadlineMs: number | null;
  publicationVersion: number;
  firstPublishedAtMs: number | null;
  freezesAtMs: number | null;
  isReopenPending: boolean;
  closeRequestsPending: number;
  replaysPending: number;
  lastOutcome: WindowOutcome | null;
}

/** The one argument of the workflows `reconcile` and `audit`. */
export interface ReconcileInput {
  version: 1;
  /** Whether the log holds more to examine after these windows were told. */
  isMore?: boolean;
  after?: ReconcileCursor;
  startedAtMs?: number;
  counts?: ReconcileCounts;
  windowsPerPage?: number;
  pagesPerRun?: number;
}

/** The one argument of the workflow `replay`. */
export interface ReplayInput {
  version: 1;
  replayId: string;
  operation: ReplayOperation;
  carried?: ReplayCarried;
  windowsPerPage?: number;
  /** How many windows are begun before the workflow continues as new. */
  windowsPerRun?: number;
}

/** What of a replay goes over into the next run of its workflow. */
export interface ReplayCarried {
  plan: ReplayPlan;
  startedAtMs: number;
  windowsTotal: number;
  windowsEnded: number;
  counts: ReplayCounts;
  isPaused: boolean;
  concurrency: number;
  /** Windows that begin until here were begun. */
  afterMs: number | null;
  /** Starts of the windows that are under way. */
  inFlightMs: number[];
}

/** The answer of the query `progress`. */
export interface ReplayProgress {
  version: 1;
  operation: ReplayOperation;
  state: 'starting' | 'running' | 'paused' | 'cancelling';
  /** What is left to do is the closing of the workflow. */
  hasEnded: boolean;
  startedAtMs: number;
  concurrency: number;
  /** How many windows the operation is about; 0 until that is known. */
  windowsTotal: number;
  /** How many of them this operation has ended. */
  windowsEnded: number;
  counts: ReplayCounts;
  inFlightMs: number[];
}
