import type { ReconcileCounts, ReconcileCursor, RunReason, RunSummary, WindowKey } from '../activities/contract.ts';
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
  reason: RunReason;
  /** The version that is the truth after this run; 0 when the window has never been published. */
  publicationVersion: number;
  settingsVersion: number;
  startedAtMs: number;
  finishedAtMs: number;
  traceId: string;
  summary: RunSummary | null;
  failure: { code: string; message: string } | null;
}

/** Late data was found: how far the newest arrivals of the window and its lookback lie on Kafka. */
export interface ReopenRequest {
  version: 1;
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
  lastOutcome: WindowOutcome | null;
}

/** The one argument of the workflow `reconcile`. */
export interface ReconcileInput {
  version: 1;
  after?: ReconcileCursor;
  startedAtMs?: number;
  counts?: ReconcileCounts;
  windowsPerPage?: number;
  pagesPerRun?: number;
}
