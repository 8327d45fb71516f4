import { CancellationScope, condition, isCancellation } from '@temporalio/workflow';
import type { ReplayRunRecord, ReplayTask, ReplayWindowResult } from '../activities/replay-contract.ts';
import type { RunSummary } from '../activities/contract.ts';
import type { WindowOutcome, WithdrawRequest } from './messages.ts';
import {
  computeReplayRun,
  leaveReplayRun,
  loadReplayRun,
  publishReplayRun,
  publishRun,
  verifyRun,
} from './window-activities.ts';
import { showPhase } from './window-phase.ts';
import { arrivedCutoff, failureOf, loadWindow, tracedRun, waitForTurn } from './window-run.ts';
import { freezesAtMs, withOutcome, withReopen } from './window-state.ts';
import type { WindowLife } from './window.ts';

/** The replays that want something of a window: one after the other, and between its own runs. */
export interface ReplayQueue {
  waiting: ReplayTask[];
  current: { replayId: string; isWithdrawn: boolean; scope: CancellationScope } | null;
  /** What each one that was served has come to. */
  ended: Map<string, ReplayWindowResult>;
}

export const newReplayQueue = (): ReplayQueue => ({ waiting: [], current: null, ended: new Map() });

export const hasReplays = ({ replays }: WindowLife): boolean => replays.waiting.length > 0;

const nameOf = ({ replayId, operation }: ReplayTask): string => `${replayId}/${operation}`;

/** Lines up, and answers when the window has been through it. */
export async function replayNow(life: WindowLife, task: ReplayTask): Promise<{ state: ReplayWindowResult }> {
  const name = nameOf(task);
  life.replays.ended.delete(name);
  life.replays.waiting.push(task);
  life.messages += 1;
  await condition(() => life.replays.ended.has(name));
  return { state: life.replays.ended.get(name) ?? 'withdrawn' };
}

/** Takes a replay out of the line, or stops what is computed for it; once it publishes it goes through with it. */
export function withdraw({ replays }: WindowLife, { replayId }: WithdrawRequest): void {
  for (const task of replays.waiting.filter((waiting) => waiting.replayId === replayId)) {
    replays.ended.set(nameOf(task), 'withdrawn');
  }
  replays.waiting = replays.waiting.filter((waiting) => waiting.replayId !== replayId);
  if (replays.current?.replayId !== replayId) return;
  replays.current.isWithdrawn = true;
  replays.current.scope.cancel();
}

/** Does for the replay that is first in line what it asks for. */
export async function serveReplay(life: WindowLife): Promise<void> {
  const task = life.replays.waiting.shift();
  if (task === undefined) return;
  const { operation } = task;
  const result = operation === 'run' ? await runReplay(life, task) : await publishReplay(life, { ...task, operation });
  life.replays.ended.set(nameOf(task), result);
}

async function runReplay(life: WindowLife, task: ReplayTask): Promise<ReplayWindowResult> {
  const current = { replayId: task.replayId, isWithdrawn: false, scope: new CancellationScope() };
  life.replays.current = current;
  try {
    return await current.scope.run(() => runOrSkip(life, task));
  } catch (error) {
    if (isCancellation(error) && current.isWithdrawn) return 'withdrawn';
    throw error;
  } finally {
    life.replays.current = null;
  }
}

async function runOrSkip(life: WindowLife, task: ReplayTask): Promise<ReplayWindowResult> {
  const startedAtMs = Date.now();
  let loaded: Loaded;
  try {
    loaded = await loadReplayRun({ version: 1, replayId: task.replayId, window: life.input.window });
  } catch (error) {
    await leave(life, task, { record: recordOf(failedRun(error, null)), startedAtMs });
    return 'failed';
  }
  if (loaded.ended !== null) return loaded.ended;
  let record: ReplayRunRecord | null = null;
  try {
    await waitForTurn(life, 'replay');
    const run = await tracedRun(life, 'replay', (traceId) => runFor(life, task, { loaded, startedAtMs, traceId }));
    record = recordOf(run);
    return run.state;
  } finally {
    await leave(life, task, { record, startedAtMs });
  }
}

/** Gives the turn back in any case; of a run that was withdrawn nothing is recorded. */
function leave(
  { input: { window } }: WindowLife,
  { replayId }: ReplayTask,
  { record, startedAtMs }: { record: ReplayRunRecord | null; startedAtMs: number },
): Promise<void> {
  const durationMs = Date.now() - startedAtMs;
  return CancellationScope.nonCancellable(() => leaveReplayRun({ version: 1, replayId, window, record, durationMs }));
}

type Loaded = Awaited<ReturnType<typeof loadReplayRun>>;

async function runFor(
  life: WindowLife,
  task: ReplayTask,
  { loaded, startedAtMs, traceId }: { loaded: Loaded; startedAtMs: number; traceId: string },
): Promise<Run> {
  try {
    const run = await computeAndPublish(life, task, loaded);
    takeOver(life, run, { startedAtMs, finishedAtMs: Date.now(), traceId });
    return run;
  } catch (error) {
    return failedRun(error, loaded);
  }
}

function failedRun(error: unknown, loaded: Loaded | null): Run {
  const failure = failureOf(error);
  return { state: 'failed', failure, publicationVersion: 0, runId: null, base: loaded?.base ?? null, seen: null };
}

/** What is recorded of a run for a replay, and what the window itself learns from it. */
type Run = Omit<ReplayRunRecord, 'recordedAtMs'> & {
  seen: { settingsVersion: number; summary: RunSummary; isAllOfIt: boolean } | null;
};

const recordOf = ({ state, runId, base, publicationVersion, failure }: Run): ReplayRunRecord => ({
  state,
  runId,
  base,
  publicationVersion,
  failure,
  recordedAtMs: Date.now(),
});

async function computeAndPublish(life: WindowLife, { replayId }: ReplayTask, loaded: Loaded): Promise<Run> {
  const { window } = life.input;
  const { settingsVersion, base } = loaded;
  const cutoff = loaded.cutoff ?? (await arrivedCutoff(life));
  const context = { version: 1 as const, window, reason: 'replay' as const, settingsVersion, cutoff, replayId };
  showPhase(life, 'running', { waitsFor: 'ClickHouse to compute the credits for a replay', untilMs: null });
  const run = await computeReplayRun(context);
  showPhase(life, 'verifying', { waitsFor: 'the check that the credits add up', untilMs: null });
  const { isUnchanged, publicationVersion, ...summary } = await verifyRun({ ...context, ...run });
  const { runId } = run;
  const seen = { settingsVersion, summary, isAllOfIt: loaded.cutoff === null && !loaded.isDryRun };
  const ended = { runId, base, failure: null, seen };
  if (isUnchanged) return { ...ended, state: 'unchanged', publicationVersion: 0 };
  if (loaded.isDryRun) return { ...ended, state: 'computed', publicationVersion: 0 };
  return CancellationScope.nonCancellable(async () => {
    showPhase(life, 'publishing', { waitsFor: 'the publication to be written', untilMs: null });
    const next = publicationVersion + 1;
    // The moment comes from here, so that a repeated call writes the same row.
    const published = { ...context, runId, publicationVersion: next, publishedAtMs: Date.now() };
    const { firstPublishedAtMs } = await publishRun(published);
    life.state = { ...life.state, firstPublishedAtMs };
    return { ...ended, state: 'published', publicationVersion: next };
  });
}

/** A run of a replay is one of the window's own if it was published, or has found with all data what is published. */
function takeOver(
  life: WindowLife,
  { state, publicationVersion, seen }: Run,
  when: Pick<WindowOutcome, 'startedAtMs' | 'finishedAtMs' | 'traceId'>,
): void {
  if (seen === null || (state !== 'published' && state !== 'unchanged')) return;
  if (state === 'unchanged' && !seen.isAllOfIt) return;
  const version = state === 'published' ? publicationVersion : life.state.publicationVersion;
  const { settingsVersion, summary } = seen;
  const outcome = { state, reason: 'replay', publicationVersion: version, settingsVersion, summary, failure: null };
  life.state = withOutcome(life.state, { ...outcome, ...when } as WindowOutcome);
}

/** Publishes what a dry run computed, or takes back what a replay published. */
async function publishReplay(
  life: WindowLife,
  task: ReplayTask & { operation: 'publish' | 'rollback' },
): Promise<ReplayWindowResult> {
  const startedAtMs = Date.now();
  const { window } = life.input;
  const { replayId, operation } = task;
  const reason = operation === 'publish' ? 'replay' : 'rollback';
  showPhase(life, 'publishing', { waitsFor: `the ${operation} of a replay to be written`, untilMs: null });
  const { state } = await tracedRun(life, reason, async (traceId) => {
    try {
      const ended = await publishReplayRun({ version: 1, replayId, operation, window, publishedAtMs: startedAtMs });
      if (ended.state === 'published' || ended.state === 'rolled_back') {
        const { publicationVersion, settingsVersion, firstPublishedAtMs } = ended;
        const outcome = { reason, publicationVersion, settingsVersion, summary: null, failure: null } as const;
        const when = { startedAtMs, finishedAtMs: Date.now(), traceId };
        life.state = withOutcome({ ...life.state, firstPublishedAtMs }, { state: 'published', ...outcome, ...when });
      }
      if (ended.isBehind) await catchUp(life);
      return { state: ended.state, failure: null };
    } catch (error) {
      return { state: 'failed' as const, failure: failureOf(error) };
    }
  });
  return state;
}

/** What came after the dry run was computed is late data, and treated like it until the horizon. */
async function catchUp(life: WindowLife): Promise<void> {
  if (!life.isLoaded && !(await loadWindow(life))) return;
  if (Date.now() < (freezesAtMs(life.state) ?? 0)) life.state = withReopen(life.state, { version: 1, arrivals: null });
}
