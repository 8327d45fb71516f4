import { SpanStatusCode, trace } from '@opentelemetry/api';
import {
  ActivityFailure,
  ApplicationFailure,
  TemporalFailure,
  condition,
  isCancellation,
  sleep,
} from '@temporalio/workflow';
import type { PublicationReason, RunReason, RunSummary } from '../activities/contract.ts';
import type { Cutoff } from '../events/cutoff.ts';
import type { WindowOutcome } from './messages.ts';
import {
  awaitArrival,
  checkArrival,
  computeRun,
  enterRun,
  leaveRun,
  loadWindow as load,
  publishRun,
  verifyRun,
} from './window-activities.ts';
import { showPhase } from './window-phase.ts';
import { nextStep, withLoaded, withOutcome } from './window-state.ts';
import type { WindowLife } from './window.ts';

const LEASE_POLL_MS_MAX = 15_000;
/** Whoever gives a turn back tells the next; this is for the day on which that gets lost. */
const TURN_POLL_MS = 60_000;

/** Name of the span of one run; the registry of spans declares it. */
const RUN_SPAN = 'window.run';

/** Reads settings and publication anew. False, with the failure as the outcome, when that cannot succeed by itself. */
export async function loadWindow(life: WindowLife): Promise<boolean> {
  const startedAtMs = Date.now();
  try {
    const { reopen } = life.state;
    const loaded = await load({ version: 1, window: life.input.window, arrivals: reopen?.arrivals ?? null });
    life.state = withLoaded({ ...life.state, trouble: life.isLoaded ? life.state.trouble : null }, loaded, reopen);
    life.settingsVersion = loaded.settingsVersion;
    life.isLoaded = true;
    return true;
  } catch (error) {
    finishRun(life, { ...failedOutcome(life, 'close', error), startedAtMs, finishedAtMs: Date.now() });
    showTrouble(life);
    return false;
  }
}

/**
 * One run: load, lease and turn, arrival barrier, compute, verify, publish. Its outcome lies in the state afterwards.
 * What was loaded this moment, with nothing waited for since, is not loaded again.
 */
export async function runWindow(
  life: WindowLife,
  reason: RunReason,
  { isJustLoaded }: { isJustLoaded: boolean },
): Promise<void> {
  if (!isJustLoaded) {
    if (!(await loadWindow(life))) return;
    if (!isStillDue(life)) return;
  }
  await waitForTurn(life, reason);
  // What was asked for until here is served by this run; what comes later may not be seen by it and gets its own.
  const closesServed = life.closesRequested;
  life.state = { ...life.state, reopen: null };
  const outcome = await tracedRun(life, reason, (traceId) => outcomeOfRun(life, reason, traceId));
  finishRun(life, outcome, closesServed);
  if (life.state.trouble !== null) showTrouble(life);
}

/** Newer settings may have moved the first close, and the last run may have seen what was late. */
function isStillDue(life: WindowLife): boolean {
  const isCloseRequested = life.closesRequested > life.closesServed;
  return nextStep(life.state, { window: life.input.window, isCloseRequested, nowMs: Date.now() }).kind === 'run';
}

/** Waits for imports that hold the window, and then until its tenant has room for one more run. */
export async function waitForTurn(life: WindowLife, reason: RunReason): Promise<void> {
  for (;;) {
    const { turns } = life;
    const hold = await enterRun({ version: 1, window: life.input.window, reason });
    if (hold === null) return;
    if (hold.kind === 'import') {
      const untilMs = Date.now() + hold.expiresInMs;
      showPhase(life, 'importing', { waitsFor: 'a running import that holds the window by a lease', untilMs });
      // An import may end long before its lease does.
      await sleep(Math.min(Math.max(hold.expiresInMs, 1), LEASE_POLL_MS_MAX));
    } else {
      const waitsFor = `its turn: its tenant has as many runs as it may, and ${hold.ahead} wait before it`;
      showPhase(life, 'queued', { waitsFor, untilMs: null });
      // The turn may have come while we asked.
      await condition(() => life.turns !== turns, TURN_POLL_MS);
    }
  }
}

/** A run is a trace of its own: the workflow lives for weeks, and its span would end only then. */
export function tracedRun<Outcome extends { state: string; failure: { code: string } | null }>(
  { input: { window } }: WindowLife,
  reason: PublicationReason,
  work: (traceId: string) => Promise<Outcome>,
): Promise<Outcome> {
  return trace.getTracer('windows').startActiveSpan(RUN_SPAN, { root: true }, async (span) => {
    span.setAttributes({
      'unmogrowp.tenant_id': window.tenantId,
      'unmogrowp.window_start': new Date(window.windowStartMs).toISOString(),
      'unmogrowp.reason': reason,
    });
    try {
      const outcome = await work(span.spanContext().traceId);
      span.setAttribute('unmogrowp.outcome', outcome.state);
      if (outcome.failure !== null) span.setStatus({ code: SpanStatusCode.ERROR, message: outcome.failure.code });
      return outcome;
    } finally {
      span.end();
    }
  });
}

async function outcomeOfRun(life: WindowLife, reason: RunReason, traceId: string): Promise<WindowOutcome> {
  const startedAtMs = Date.now();
  let outcome: WindowOutcome;
  try {
    outcome = { ...(await computeAndPublish(life, reason)), startedAtMs, finishedAtMs: Date.now(), traceId };
  } catch (error) {
    outcome = { ...failedOutcome(life, reason, error), startedAtMs, finishedAtMs: Date.now(), traceId };
  }
  const durationMs = outcome.finishedAtMs - startedAtMs;
  await leaveRun({ version: 1, window: life.input.window, reason, state: outcome.state, durationMs });
  return outcome;
}

type Unfinished = Omit<WindowOutcome, 'startedAtMs' | 'finishedAtMs' | 'traceId'>;

async function computeAndPublish(life: WindowLife, reason: RunReason): Promise<Unfinished> {
  const { window } = life.input;
  const { settingsVersion } = life;
  const cutoff = await arrivedCutoff(life);
  const context = { version: 1 as const, window, reason, settingsVersion, cutoff };
  showPhase(life, 'running', { waitsFor: 'ClickHouse to compute the credits', untilMs: null });
  const run = await computeRun(context);
  showPhase(life, 'verifying', { waitsFor: 'the check that the credits add up', untilMs: null });
  const { isUnchanged, publicationVersion, ...summary } = await verifyRun({ ...context, ...run });
  const outcome = (state: 'published' | 'unchanged', version: number, of: RunSummary): Unfinished => ({
    state,
    reason,
    publicationVersion: version,
    settingsVersion,
    summary: of,
    failure: null,
  });
  if (isUnchanged) return outcome('unchanged', publicationVersion, summary);
  showPhase(life, 'publishing', { waitsFor: 'the publication to be written', untilMs: null });
  // The moment comes from here, so that a repeated call writes the same row.
  const next = publicationVersion + 1;
  const published = { ...context, runId: run.runId, publicationVersion: next, publishedAtMs: Date.now() };
  const { firstPublishedAtMs } = await publishRun(published);
  life.state = { ...life.state, firstPublishedAtMs };
  return outcome('published', next, summary);
}

/** The end of everything that was accepted until now, once it is in ClickHouse. */
export async function arrivedCutoff(life: WindowLife): Promise<Cutoff> {
  const question = { version: 1 as const, window: life.input.window };
  const arrived = await checkArrival(question);
  if (arrived !== null) return arrived.cutoff;
  showPhase(life, 'arriving', { waitsFor: 'the sink: all that was accepted has to be in ClickHouse', untilMs: null });
  return (await awaitArrival(question)).cutoff;
}

/** An error that no retry mends is an outcome, not the end of the workflow. A cancelled window ends. */
function failedOutcome(
  life: WindowLife,
  reason: RunReason,
  error: unknown,
): Omit<WindowOutcome, 'startedAtMs' | 'finishedAtMs'> {
  const { code, message } = failureOf(error);
  return {
    state: code === 'run_inconsistent' ? 'inconsistent' : 'failed',
    reason,
    publicationVersion: life.state.publicationVersion,
    settingsVersion: life.settingsVersion,
    traceId: '',
    summary: null,
    failure: { code, message },
  };
}

/**
 * Code and reason of an error that no retry mends. Throws what is none: a cancellation, or a fault of the workflow. What
 * failed inside the workflow task comes as it is, not as the cause of the failure of an activity.
 */
export function failureOf(error: unknown): { code: string; message: string } {
  if (isCancellation(error)) throw error;
  const failure = error instanceof ActivityFailure ? (error.cause ?? error) : error;
  if (!(failure instanceof TemporalFailure)) throw error;
  const code = (failure instanceof ApplicationFailure ? failure.type : undefined) ?? 'bug';
  return { code, message: failure.message };
}

function finishRun(life: WindowLife, outcome: WindowOutcome, closesServed = life.closesRequested): void {
  life.state = withOutcome(life.state, outcome);
  life.closesServed = closesServed;
}

function showTrouble(life: WindowLife): void {
  const { trouble } = life.state;
  if (trouble !== null) {
    showPhase(life, trouble.phase, { waitsFor: 'a command, new data or the next try', untilMs: trouble.retryAtMs });
  }
}
