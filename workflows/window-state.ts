import type { LoadedWindow, RunReason, WindowKey } from '../activities/contract.ts';
import { mergeCutoffs } from '../events/cutoff.ts';
import type { ReopenRequest, WindowOutcome, WindowPhase, WindowState } from './messages.ts';

/** How long after a failure that nobody expected a run is tried again: fixed code or a mended table then heals it. */
const FAILED_RETRY_MS = 600_000;

/** Another run was published meanwhile, or this one came too late: a new run is all that is needed, and soon. */
const OVERTAKEN: ReadonlySet<string> = new Set(['publication_conflict', 'run_expired']);

/** What a window has to do next. Decided from state and time alone, so that a table of cases can prove it. */
export type NextStep =
  | { kind: 'run'; reason: RunReason }
  | { kind: 'wait'; phase: WindowPhase; untilMs: number | null; waitsFor: string }
  | { kind: 'freeze' };

/** The state of a window about which nothing is known yet. */
export function newWindowState(): WindowState {
  return {
    allowedLatenessMs: 0,
    lateHorizonMs: 0,
    reopenIntervalMs: 0,
    publicationVersion: 0,
    firstPublishedAtMs: null,
    lastRunStartedAtMs: null,
    reopen: null,
    lastOutcome: null,
    trouble: null,
  };
}

/** Takes over what the state of record says; it was asked about the late data of `asked`. */
export function withLoaded(state: WindowState, loaded: LoadedWindow, asked: ReopenRequest | null): WindowState {
  return {
    ...state,
    allowedLatenessMs: loaded.allowedLatenessMs,
    lateHorizonMs: loaded.lateHorizonMs,
    reopenIntervalMs: loaded.reopenIntervalMs,
    publicationVersion: loaded.publication?.version ?? 0,
    firstPublishedAtMs: loaded.publication?.firstPublishedAtMs ?? null,
    // Late data that the newest run has seen is late no more; what was told while we asked may not have been seen.
    reopen: loaded.isCovered && state.reopen === asked ? null : state.reopen,
  };
}

/** Remembers late data. A burst is one request: a run that sees the farthest rows of each partition sees all of them. */
export function withReopen(state: WindowState, request: ReopenRequest): WindowState {
  if (state.reopen === null) return { ...state, reopen: request };
  const [before, after] = [state.reopen.arrivals, request.arrivals];
  const arrivals = before === null || after === null ? null : mergeCutoffs(before, after);
  return { ...state, reopen: { version: 1, arrivals } };
}

/** Remembers how a run ended. */
export function withOutcome(state: WindowState, outcome: WindowOutcome): WindowState {
  const { state: ended, finishedAtMs } = outcome;
  const isTrouble = ended === 'inconsistent' || ended === 'failed';
  const isOvertaken = OVERTAKEN.has(outcome.failure?.code ?? '');
  const retryAfterMs = isOvertaken ? state.reopenIntervalMs : FAILED_RETRY_MS;
  return {
    ...state,
    lastOutcome: outcome,
    lastRunStartedAtMs: outcome.startedAtMs,
    publicationVersion: outcome.publicationVersion,
    firstPublishedAtMs:
      ended === 'published' && state.firstPublishedAtMs === null ? finishedAtMs : state.firstPublishedAtMs,
    trouble: isTrouble
      ? {
          phase: ended,
          sinceMs: finishedAtMs,
          retryAtMs: ended === 'failed' ? finishedAtMs + retryAfterMs : null,
        }
      : null,
  };
}

/** When a published window stops taking late data; null before its first publication. */
export function freezesAtMs(state: WindowState): number | null {
  return state.firstPublishedAtMs === null ? null : state.firstPublishedAtMs + state.lateHorizonMs;
}

/** Whether the horizon has passed. */
function isFrozen(state: WindowState, nowMs: number): boolean {
  const at = freezesAtMs(state);
  return at !== null && nowMs >= at;
}

/** What the window does now, or until when it waits for what. */
export function nextStep(
  state: WindowState,
  facts: { window: WindowKey; isCloseRequested: boolean; nowMs: number },
): NextStep {
  const { window, nowMs } = facts;
  const isCommanded = facts.isCloseRequested;
  if (isCommanded && (state.trouble !== null || !isFrozen(state, nowMs))) return { kind: 'run', reason: 'command' };
  if (state.trouble !== null) return afterTrouble(state, nowMs);
  if (state.publicationVersion === 0) return beforeFirstClose(state, window, nowMs);
  if (state.reopen !== null && !isCommanded) return reopenWhenDue(state, nowMs);
  if (isFrozen(state, nowMs)) return { kind: 'freeze' };
  return { kind: 'wait', phase: 'open', untilMs: freezesAtMs(state), waitsFor: 'late data, until the late horizon' };
}

function beforeFirstClose(state: WindowState, window: WindowKey, nowMs: number): NextStep {
  const dueMs = window.windowEndMs + state.allowedLatenessMs;
  if (nowMs >= dueMs) return { kind: 'run', reason: 'close' };
  return { kind: 'wait', phase: 'waiting', untilMs: dueMs, waitsFor: 'the end of the window and the allowed lateness' };
}

function reopenWhenDue(state: WindowState, nowMs: number): NextStep {
  const dueMs = (state.lastRunStartedAtMs ?? 0) + state.reopenIntervalMs;
  if (nowMs >= dueMs) return { kind: 'run', reason: 'reopen' };
  return { kind: 'wait', phase: 'open', untilMs: dueMs, waitsFor: 'the interval between two reopens' };
}

function afterTrouble(state: WindowState, nowMs: number): NextStep {
  const { phase, retryAtMs } = state.trouble as NonNullable<WindowState['trouble']>;
  const reason: RunReason = state.publicationVersion === 0 ? 'close' : 'reopen';
  if (retryAtMs !== null && nowMs >= retryAtMs) return { kind: 'run', reason };
  const newDataDueMs = (state.lastRunStartedAtMs ?? 0) + state.reopenIntervalMs;
  if (state.reopen !== null && nowMs >= newDataDueMs) return { kind: 'run', reason };
  const untilMs = state.reopen !== null ? Math.min(newDataDueMs, retryAtMs ?? newDataDueMs) : retryAtMs;
  return { kind: 'wait', phase, untilMs, waitsFor: 'a command (unmogrowp windows close), new data or the next try' };
}
