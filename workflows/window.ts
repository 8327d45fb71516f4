import {
  allHandlersFinished,
  condition,
  continueAsNew,
  defineQuery,
  defineSignal,
  defineUpdate,
  setHandler,
  workflowInfo,
} from '@temporalio/workflow';
import type { ReplayTask, ReplayWindowResult } from '../activities/replay-contract.ts';
import type {
  CloseRequest,
  ReopenRequest,
  TurnNotice,
  WindowDescription,
  WindowInput,
  WindowOutcome,
  WindowPhase,
  WithdrawRequest,
} from './messages.ts';
import { refuse } from './refuse.ts';
import { loadWindow, runWindow } from './window-run.ts';
import { showPhase } from './window-phase.ts';
import { type ReplayQueue, hasReplays, newReplayQueue, replayNow, serveReplay, withdraw } from './window-replay.ts';
import { freezesAtMs, newWindowState, nextStep, withReopen } from './window-state.ts';

const closeUpdate = defineUpdate<WindowOutcome, [CloseRequest]>('close');
const reopenSignal = defineSignal<[ReopenRequest]>('reopen');
const turnSignal = defineSignal<[TurnNotice]>('turn');
const replayUpdate = defineUpdate<{ state: ReplayWindowResult }, [ReplayTask]>('replay');
const withdrawSignal = defineSignal<[WithdrawRequest]>('withdraw');
const describeQuery = defineQuery<WindowDescription>('describe');

/** Everything that changes while a window lives; made anew for every execution, never shared between them. */
export interface WindowLife {
  input: WindowInput;
  state: ReturnType<typeof newWindowState>;
  isLoaded: boolean;
  phase: WindowPhase;
  phaseSinceMs: number;
  waitsFor: string;
  deadlineMs: number | null;
  /** Grows with each message, so that a wait can end when something was said. */
  messages: number;
  /** Grows each time the window is told that it may run. */
  turns: number;
  /** Commands are numbered; a run serves all that came before its cut-off was taken. */
  closesRequested: number;
  closesServed: number;
  settingsVersion: number;
  replays: ReplayQueue;
}

/**
 * The life of one window: it waits for its end and the allowed lateness, runs on evidence that its data is complete,
 * publishes, runs again for late data or on command, and freezes at the late horizon. A replay may let it live once more.
 */
export async function window(input: WindowInput): Promise<WindowOutcome | null> {
  const life = newLife(input);
  setHandlers(life);
  for (let steps = 0; ; steps += 1) {
    if (steps > 0 && isHistoryLong(input)) await continueWindow(life);
    if (hasReplays(life)) {
      await serveReplay(life);
      continue;
    }
    const isJustLoaded = !life.isLoaded;
    if (isJustLoaded && !(await loadWindow(life))) {
      await waitUntil(life, life.state.trouble?.retryAtMs ?? null);
      continue;
    }
    const step = nextStep(life.state, {
      window: input.window,
      isCloseRequested: life.closesRequested > life.closesServed,
      nowMs: Date.now(),
    });
    if (step.kind === 'run') {
      await runWindow(life, step.reason, { isJustLoaded });
    } else if (step.kind === 'wait') {
      showPhase(life, step.phase, step);
      await waitUntil(life, step.untilMs);
    } else {
      showPhase(life, 'frozen', { waitsFor: 'nothing: the late horizon has passed', untilMs: null });
      await condition(() => allHandlersFinished() || hasReplays(life));
      if (!hasReplays(life)) return life.state.lastOutcome;
    }
  }
}

function newLife(input: WindowInput): WindowLife {
  return {
    input,
    state: input.carried ?? newWindowState(),
    isLoaded: input.carried !== undefined,
    phase: 'loading',
    phaseSinceMs: Date.now(),
    waitsFor: 'its settings and its last publication',
    deadlineMs: null,
    messages: 0,
    turns: 0,
    closesRequested: 0,
    closesServed: 0,
    settingsVersion: 0,
    replays: newReplayQueue(),
  };
}

function setHandlers(life: WindowLife): void {
  setHandler(reopenSignal, (request) => {
    life.state = withReopen(life.state, request);
    life.messages += 1;
  });
  setHandler(turnSignal, () => {
    life.turns += 1;
  });
  setHandler(closeUpdate, (_request: CloseRequest) => closeNow(life), {
    validator: (request: CloseRequest) => mayRun(life, request),
  });
  setHandler(replayUpdate, (task: ReplayTask) => replayNow(life, task), {
    validator: (task: ReplayTask) => mayRun(life, task),
  });
  setHandler(withdrawSignal, (request) => withdraw(life, request));
  setHandler(describeQuery, () => describeLife(life));
}

/** Refused before it enters the history: an open end would publish what is still being sent. */
function mayRun({ input: { window: key } }: WindowLife, request: { version: number }): void {
  if (request.version !== 1) throw refuse('window_invalid', 'The worker does not know this form of the command.');
  if (Date.now() < key.windowEndMs) {
    throw refuse(
      'window_invalid',
      `The window ends at ${new Date(key.windowEndMs).toISOString()} and can close after it.`,
    );
  }
}

/** Asks for a run and waits for the one that serves the request; a window that freezes meanwhile gives none. */
async function closeNow(life: WindowLife): Promise<WindowOutcome> {
  life.closesRequested += 1;
  life.messages += 1;
  const mine = life.closesRequested;
  await condition(() => life.closesServed >= mine || life.phase === 'frozen');
  if (life.closesServed < mine) throw refuse('window_invalid', 'The window is frozen: its late horizon has passed.');
  return life.state.lastOutcome as WindowOutcome;
}

function describeLife(life: WindowLife): WindowDescription {
  const { state } = life;
  return {
    version: 1,
    window: life.input.window,
    phase: life.phase,
    phaseSinceMs: life.phaseSinceMs,
    waitsFor: life.waitsFor,
    nextDeadlineMs: life.deadlineMs,
    publicationVersion: state.publicationVersion,
    firstPublishedAtMs: state.firstPublishedAtMs,
    freezesAtMs: freezesAtMs(state),
    isReopenPending: state.reopen !== null,
    closeRequestsPending: life.closesRequested - life.closesServed,
    replaysPending: life.replays.waiting.length,
    lastOutcome: state.lastOutcome,
  };
}

/** Waits for a message or the given moment, whichever comes first. */
async function waitUntil(life: WindowLife, untilMs: number | null): Promise<void> {
  const { messages } = life;
  const changed = (): boolean => life.messages !== messages;
  if (untilMs === null) await condition(changed);
  else await condition(changed, Math.max(1, untilMs - Date.now()));
}

function isHistoryLong({ continueAsNewAfterEvents }: WindowInput): boolean {
  const { continueAsNewSuggested, historyLength } = workflowInfo();
  return continueAsNewSuggested || (continueAsNewAfterEvents !== undefined && historyLength > continueAsNewAfterEvents);
}

/** Begins a fresh history with the state; commands that still wait for an answer are served before. */
async function continueWindow(life: WindowLife): Promise<void> {
  const isCommandPending = (): boolean => life.closesRequested > life.closesServed || hasReplays(life);
  // A command that came this moment waits for a run that only this history can give it.
  await condition(() => allHandlersFinished() || isCommandPending());
  if (isCommandPending()) return;
  await continueAsNew<typeof window>({ ...life.input, carried: life.state });
}
