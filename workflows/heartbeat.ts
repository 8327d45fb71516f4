import {
  allHandlersFinished,
  condition,
  continueAsNew,
  defineQuery,
  defineSignal,
  proxyActivities,
  setHandler,
  workflowInfo,
} from '@temporalio/workflow';
import type { HeartbeatActivities } from '../activities/incidents/contract.ts';
import type { Beat, HeartbeatDescription, HeartbeatInput, HeartbeatState } from './incident-messages.ts';

/** Without end: a missed beat that nobody hears of is what a heartbeat is there against. */
const { openFromHeartbeat } = proxyActivities<HeartbeatActivities>({
  startToCloseTimeout: '30 seconds',
  retry: { initialInterval: '1 second', backoffCoefficient: 2, maximumInterval: '30 seconds' },
  priority: { priorityKey: 1 },
});

/** A wait that ends so much later than it should was not watched: whoever beat meanwhile found nobody. */
const UNWATCHED_MS = 120_000;

const beatSignal = defineSignal<[Beat]>('beat');
const describeQuery = defineQuery<HeartbeatDescription | null>('describe');

interface Life {
  readonly input: HeartbeatInput;
  /** Null until something is waited for. */
  state: HeartbeatState | null;
}

/**
 * Waits for each beat after the first; one that does not come opens an incident, and the next one resolves it. It ends when
 * one is missed that the policy does not name any more.
 */
export async function heartbeat(input: HeartbeatInput): Promise<void> {
  const life: Life = { input, state: input.carried ?? null };
  setHandler(beatSignal, (beat) => takeBeat(life, beat));
  setHandler(describeQuery, () => describe(life));
  for (;;) {
    if (isHistoryLong(input) && life.state !== null && allHandlersFinished()) {
      await continueAsNew<typeof heartbeat>({ ...input, carried: life.state });
    }
    const { state } = life;
    if (state === null) await condition(() => life.state !== null);
    else if (hasComeAgain(state)) await end(life, state);
    else if (state.missedAtMs !== null) await condition(() => life.state !== state);
    else if (Date.now() >= dueMs(state)) {
      if (!(await miss(life, state))) return;
    } else await untilDue(life, dueMs(state));
  }
}

function takeBeat(life: Life, { everyMs, graceMs }: Beat): void {
  const nowMs = Date.now();
  const missedAtMs = life.state?.missedAtMs ?? null;
  life.state = { everyMs, graceMs, lastBeatAtMs: nowMs, countsFromMs: nowMs, missedAtMs };
}

const dueMs = ({ countsFromMs, everyMs, graceMs }: HeartbeatState): number => countsFromMs + everyMs + graceMs;

const hasComeAgain = ({ missedAtMs, lastBeatAtMs }: HeartbeatState): boolean =>
  missedAtMs !== null && lastBeatAtMs > missedAtMs;

/** Beats do not wake anybody: only one that makes the next one due sooner does. */
async function untilDue(life: Life, atMs: number): Promise<void> {
  await condition(() => life.state !== null && dueMs(life.state) < atMs, Math.max(1, atMs - Date.now()));
}

/** Says whether the beat is still one that somebody has to hear of. */
async function miss(life: Life, state: HeartbeatState): Promise<boolean> {
  const missedAtMs = dueMs(state);
  const nowMs = Date.now();
  if (nowMs - missedAtMs > UNWATCHED_MS) {
    life.state = { ...state, countsFromMs: nowMs };
    return true;
  }
  life.state = { ...state, missedAtMs };
  return tell(life, state, { status: 'firing', startsAtMs: missedAtMs });
}

async function end(life: Life, state: HeartbeatState): Promise<void> {
  await tell(life, state, { status: 'resolved', startsAtMs: state.missedAtMs ?? 0 });
  // It may have beaten again while the incident was told.
  if (life.state !== null) life.state = { ...life.state, missedAtMs: null };
}

async function tell(
  { input: { tenant, name } }: Life,
  { everyMs, lastBeatAtMs }: HeartbeatState,
  of: { status: 'firing' | 'resolved'; startsAtMs: number },
): Promise<boolean> {
  const { isKnown } = await openFromHeartbeat({ version: 1, tenant, name, everyMs, lastBeatAtMs, ...of });
  return isKnown;
}

function describe({ input: { tenant, name }, state }: Life): HeartbeatDescription | null {
  return state === null ? null : { version: 1, tenant, name, ...state, dueMs: dueMs(state) };
}

function isHistoryLong({ continueAsNewAfterEvents }: HeartbeatInput): boolean {
  const { continueAsNewSuggested, historyLength } = workflowInfo();
  return continueAsNewSuggested || (continueAsNewAfterEvents !== undefined && historyLength > continueAsNewAfterEvents);
}
