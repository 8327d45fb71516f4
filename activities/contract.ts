import type { Cutoff } from '../events/cutoff.ts';
import type { Granularity } from '../events/settings.ts';

/** Which window: these facts name it in every workflow, activity and command. */
export interface WindowKey {
  tenantId: string;
  windowStartMs: number;
  windowEndMs: number;
  granularity: Granularity;
}

/** Why a window is computed, as stored with its runs and publications. */
export type RunReason = 'close' | 'reopen' | 'command' | 'replay';

/** Why a run is the truth: it was computed for that, or somebody returned to it. */
export type PublicationReason = RunReason | 'rollback';

/** What the state of record and the tenant's settings say about a window. */
export interface LoadedWindow {
  /** By which it is computed: those of its publication, or the newest that apply to it. */
  settingsVersion: number;
  allowedLatenessMs: number;
  lateHorizonMs: number;
  /** How long after the start of a run late data may start the next one. */
  reopenIntervalMs: number;
  publication: { version: number; runId: string; firstPublishedAtMs: number } | null;
  /** Whether a judged run saw all the arrivals that were asked about. */
  isCovered: boolean;
}

/** What one run saw and made; enough to compare it with the publication and to show it. */
export interface RunSummary {
  runId: string;
  conversions: number;
  conversionsAttributed: number;
  conversionsOrganic: number;
  touchpoints: number;
  credits: number;
  durationMs: number;
}

/** Where a run stands between its steps. */
export interface RunContext {
  version: 1;
  window: WindowKey;
  reason: RunReason;
  settingsVersion: number;
  cutoff: Cutoff;
  /** Of a run that is made for a replay. */
  replayId?: string;
}

/** Why a run cannot begin yet: a running import holds the window, or its tenant has as many runs as it may. */
export type RunHold = { kind: 'import'; expiresInMs: number } | { kind: 'turn'; ahead: number };

/** The I/O of the window workflow. Every call may be repeated: twice is once. */
export interface WindowActivities {
  loadWindow(input: { version: 1; window: WindowKey; arrivals: Cutoff | null }): Promise<LoadedWindow>;
  /** Takes a turn for the run; null when it may begin, and otherwise what it has to wait for. */
  enterRun(input: { version: 1; window: WindowKey; reason: RunReason }): Promise<RunHold | null>;
  /** The cut-off, if everything that was accepted before the call is in ClickHouse; null if something is on its way. */
  checkArrival(input: { version: 1; window: WindowKey }): Promise<{ cutoff: Cutoff } | null>;
  /** Returns when everything that was accepted before the call is in ClickHouse. */
  awaitArrival(input: { version: 1; window: WindowKey }): Promise<{ cutoff: Cutoff }>;
  computeRun(input: RunContext): Promise<{ runId: string; startedAtMs: number; finishedAtMs: number }>;
  /** Throws `run_inconsistent` when the credits do not add up to the events. */
  verifyRun(
    input: RunContext & { runId: string; startedAtMs: number; finishedAtMs: number },
  ): Promise<RunSummary & { isUnchanged: boolean; publicationVersion: number }>;
  /**
   * Throws `publication_conflict` when this or a newer version is taken by another run, and `run_expired` when the run
   * has waited for so long that its credits may have been removed.
   */
  publishRun(
    input: RunContext & { runId: string; publicationVersion: number; publishedAtMs: number },
  ): Promise<{ firstPublishedAtMs: number }>;
  /** Gives the turn of the run to the next of its tenant, and counts what it ended as. */
  leaveRun(input: {
    version: 1;
    window: WindowKey;
    reason: RunReason;
    state: 'published' | 'unchanged' | 'inconsistent' | 'failed';
    durationMs: number;
  }): Promise<void>;
}

/** The I/O of the workflow `ledger`. */
export interface LedgerActivities {
  /**
   * Measures hours of receipt that are due and were not measured since a moment, and lets the windows run again that their
   * faults concern.
   */
  keepLedger(input: { version: 1; sinceMs: number }): Promise<{ isMore: boolean }>;
}

/** Where a page of windows begins: after this window of this tenant. */
export interface ReconcileCursor {
  tenantId: string;
  windowStartMs: number;
}

export interface ReconcileCounts {
  started: number;
  reopened: number;
  held: number;
}

/** Windows of one page that were started, reopened or held back; `next` is null after the last page. */
type ReconciledPage = ReconcileCounts & { next: ReconcileCursor | null };
interface PageRequest {
  version: 1;
  after: ReconcileCursor | null;
  windowsMax: number;
}

/** The I/O of the workflows `reconcile` and `audit`. */
export interface ReconcileActivities {
  /** Finds the windows that rows concern which have come since it was asked last; stores them to be told. */
  examineArrivals(input: { version: 1 }): Promise<{ isMore: boolean }>;
  /** Starts and reopens windows that were found. */
  tellTouchedWindows(input: PageRequest): Promise<ReconciledPage>;
  /** Starts and reopens windows by comparing them with the data, whatever was found before. */
  auditPage(input: PageRequest): Promise<ReconciledPage>;
  /** Deletes the credits of runs that were never published. */
  removeUnpublishedRuns(input: { version: 1 }): Promise<void>;
  /** Takes turns from runs whose workflow is gone. */
  freeLostTurns(input: { version: 1 }): Promise<void>;
  recordReconcile(input: {
    version: 1;
    kind: 'reconcile' | 'audit';
    counts: ReconcileCounts;
    durationMs: number;
  }): Promise<void>;
}
