import {
  CancellationScope,
  allHandlersFinished,
  condition,
  continueAsNew,
  defineQuery,
  defineUpdate,
  isCancellation,
  proxyActivities,
  setHandler,
  workflowInfo,
} from '@temporalio/workflow';
import type { WindowKey } from '../activities/contract.ts';
import type {
  ReplayActivities,
  ReplayChange,
  ReplayCounts,
  ReplayTask,
  ReplayWaits,
} from '../activities/replay-contract.ts';
import { HEARTBEAT_TIMEOUT_MS } from './heartbeat-timeouts.ts';
import type { ReplayInput, ReplayProgress } from './messages.ts';
import { refuse } from './refuse.ts';
import {
  type ReplayLife,
  carriedLife,
  endWindow,
  mayBegin,
  newReplayLife,
  refusalOfChange,
  withChange,
  withPage,
} from './replay-state.ts';

const WINDOWS_PER_PAGE = 250;
/** A window takes up to six events: this keeps a history below the length at which the server suggests a new one. */
const WINDOWS_PER_RUN = 500;

const RETRY = { initialInterval: '1 second', backoffCoefficient: 2, maximumInterval: '1 minute' } as const;

const { beginReplay, replayPage, changeReplayState, withdrawWindows, endReplay } = proxyActivities<ReplayActivities>({
  startToCloseTimeout: '10 minutes',
  heartbeatTimeout: HEARTBEAT_TIMEOUT_MS.other,
  retry: RETRY,
});

const changeUpdate = defineUpdate<void, [ReplayChange]>('change');
const progressQuery = defineQuery<ReplayProgress>('progress');

/**
 * One operation over the windows of a replay, a bounded number of them at once. Each window is asked by its own
 * workflow, so that live closes and replays exclude each other; what has ended stands in the state of record, and a
 * replay that is begun again goes on from there.
 */
export async function replay(input: ReplayInput): Promise<ReplayCounts> {
  const life = newReplayLife(input, Date.now());
  setHandlers(life);
  try {
    if (life.plan === null) await begin(life);
    else for (const startMs of input.carried?.inFlightMs ?? []) beginWindow(life, startMs);
    await beginWindows(life);
    await condition(() => life.inFlight.size === 0 || life.failure !== null);
    throwFailure(life);
  } catch (error) {
    if (!isCancellation(error)) throw error;
    await CancellationScope.nonCancellable(() => cancelFromOutside(life));
  }
  return CancellationScope.nonCancellable(() => end(life));
}

function throwFailure({ failure }: ReplayLife): void {
  if (failure !== null) throw failure;
}

async function begin(life: ReplayLife): Promise<void> {
  const plan = await beginReplay(taskOf(life));
  life.plan = plan;
  life.counts = plan.counts;
  life.concurrency = plan.concurrency;
  life.isPaused ||= plan.isPaused;
  life.isCancelled ||= plan.isCancelled;
}

/** Begins one window after the other for as long as there are any. */
async function beginWindows(life: ReplayLife): Promise<void> {
  for (;;) {
    if (life.waitingMs.length === 0 && !life.isLastPage) await readPage(life);
    await condition(() => life.isCancelled || life.failure !== null || life.waitingMs.length === 0 || mayBegin(life));
    if (life.isCancelled || life.failure !== null) return;
    if (life.waitingMs.length === 0) {
      if (life.isLastPage) return;
      continue;
    }
    if (isHistoryLong(life)) {
      // A command that came this moment is stored by this history; it may have been a cancellation.
      await condition(allHandlersFinished);
      if (!life.isCancelled) await continueAsNew<typeof replay>({ ...life.input, carried: carriedLife(life) });
      continue;
    }
    beginWindow(life, life.waitingMs.shift() as number);
  }
}

async function readPage(life: ReplayLife): Promise<void> {
  const windowsMax = life.input.windowsPerPage ?? WINDOWS_PER_PAGE;
  const page = await replayPage({ ...taskOf(life), afterMs: life.afterMs, windowsMax });
  withPage(life, page, windowsMax);
}

/** The wait for a window is an activity that may take hours; it is served apart from those that compute. */
function beginWindow(life: ReplayLife, startMs: number): void {
  const { replayWindow } = proxyActivities<ReplayWaits>({
    taskQueue: `${workflowInfo().taskQueue}-replays`,
    startToCloseTimeout: '30 days',
    heartbeatTimeout: HEARTBEAT_TIMEOUT_MS.wait,
    retry: RETRY,
  });
  life.begun += 1;
  life.afterMs = Math.max(life.afterMs ?? startMs, startMs);
  life.inFlight.add(startMs);
  void replayWindow({ ...taskOf(life), window: windowOf(life, startMs) }).then(
    ({ state }) => endWindow(life, startMs, state),
    (error: unknown) => {
      // Nobody waits for it any more, but it is under way until it is told.
      if (isCancellation(error)) return;
      // What no retry mends is a bug: the replay fails visibly, and goes on when it is begun again.
      life.failure = error instanceof Error ? error : new Error(String(error));
      life.inFlight.delete(startMs);
    },
  );
}

/** Everybody who was told to do something has done it, then the range is free. */
async function end(life: ReplayLife): Promise<ReplayCounts> {
  await condition(allHandlersFinished);
  life.hasEnded = true;
  const counts = await endReplay({ ...taskOf(life), isCancelled: life.isCancelled });
  await condition(allHandlersFinished);
  return counts;
}

function setHandlers(life: ReplayLife): void {
  setHandler(changeUpdate, (change) => applyChange(life, change), {
    validator: (change) => {
      const refusal = refusalOfChange(life, change);
      if (refusal !== undefined) throw refuse('replay_invalid', refusal);
    },
  });
  setHandler(progressQuery, () => describeReplay(life));
}

async function applyChange(life: ReplayLife, change: ReplayChange): Promise<void> {
  withChange(life, change);
  // Before windows are told: one that begins after that looks here.
  await changeReplayState({ ...taskOf(life), change });
  if (change.action === 'cancel') await withdraw(life);
}

async function withdraw(life: ReplayLife): Promise<void> {
  const windows = [...life.inFlight].map((startMs) => windowOf(life, startMs));
  if (windows.length > 0) await withdrawWindows({ ...taskOf(life), windows });
}

/** Somebody cancelled the workflow itself: the same as the command, but nobody waits for the windows any more. */
async function cancelFromOutside(life: ReplayLife): Promise<void> {
  const change = { action: 'cancel' as const, by: 'temporal', note: '', actionKey: 'cancelled-workflow' };
  if (!life.isCancelled) await applyChange(life, change);
}

const taskOf = ({ input: { replayId, operation } }: ReplayLife): ReplayTask => ({ version: 1, replayId, operation });

function windowOf({ plan }: ReplayLife, windowStartMs: number): WindowKey {
  if (plan === null) throw new TypeError('no window is begun before the plan is known');
  const { tenantId, granularity, windowLengthMs } = plan;
  return { tenantId, granularity, windowStartMs, windowEndMs: windowStartMs + windowLengthMs };
}

function isHistoryLong({ begun, input }: ReplayLife): boolean {
  return workflowInfo().continueAsNewSuggested || begun >= (input.windowsPerRun ?? WINDOWS_PER_RUN);
}

function describeReplay(life: ReplayLife): ReplayProgress {
  const { input, plan, isCancelled, isPaused, hasEnded, startedAtMs, concurrency, counts } = life;
  const moving = isPaused ? 'paused' : 'running';
  return {
    version: 1,
    operation: input.operation,
    state: isCancelled ? 'cancelling' : plan === null ? 'starting' : moving,
    hasEnded,
    startedAtMs,
    concurrency,
    windowsTotal: life.windowsTotal,
    windowsEnded: life.windowsEnded,
    counts,
    inFlightMs: [...life.inFlight],
  };
}
