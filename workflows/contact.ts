import {
  CancellationScope,
  condition,
  continueAsNew,
  defineSignal,
  isCancellation,
  log,
  proxyActivities,
  setHandler,
  workflowInfo,
} from '@temporalio/workflow';
import type { ContactActivities } from '../activities/incidents/contact-contract.ts';
import { type Sending, type UntoldOutcome, outcomesOf, overloaded } from '../incidents/contact/outcomes.ts';
import {
  type ContactState,
  type WaitingNotice,
  endMessage,
  isSilent,
  newContact,
  nextDueMs,
  takeMessage,
  takeNotice,
} from '../incidents/contact/state.ts';
import { failedSending, wasNeverTried } from './contact-failures.ts';
import type { ContactCarried, ContactInput, TellNotice } from './contact-messages.ts';
import { HEARTBEAT_TIMEOUT_MS } from './heartbeat-timeouts.ts';

/** Above what a channel may take for a bundle of many incidents. */
const SEND = {
  startToCloseTimeout: '1 minute',
  // Somebody waits to be told: whoever was killed while it sent is noticed sooner.
  heartbeatTimeout: HEARTBEAT_TIMEOUT_MS.send,
  retry: { initialInterval: '2 seconds', backoffCoefficient: 2, maximumInterval: '1 minute' },
} as const;
const patient = proxyActivities<ContactActivities>({ ...SEND, scheduleToCloseTimeout: '5 minutes' });
/** While the last message was not taken either: somebody else waits to be told instead. */
const hurried = proxyActivities<ContactActivities>({ ...SEND, scheduleToCloseTimeout: '1 minute' });

const { tellOutcomes } = proxyActivities<ContactActivities>({
  startToCloseTimeout: '10 minutes',
  heartbeatTimeout: HEARTBEAT_TIMEOUT_MS.other,
  retry: { initialInterval: '1 second', backoffCoefficient: 2, maximumInterval: '1 minute' },
});

/**
 * The server suggests a new history long before these, and ends a workflow not long after them. A storm that comes while a
 * message is being tried again and again must not be what ends it.
 */
const HISTORY_EVENTS_MAX = 15_000;
const HISTORY_BYTES_MAX = 16 * 1_024 * 1_024;

const tellSignal = defineSignal<[TellNotice]>('tell');

/** Everything that a contact's workflow has in mind. */
interface Life {
  readonly input: ContactInput;
  state: ContactState;
  sending: readonly WaitingNotice[];
  untold: UntoldOutcome[];
  /** Grows with every signal, so that a wait notices one. */
  heard: number;
}

/**
 * What one contact is told: at once while its throttle has room, together otherwise, and each thing once. The incidents hear
 * what became of it. It ends when nothing was said for long; the next notice begins it again.
 */
export async function contact(input: ContactInput): Promise<void> {
  const life = newLife(input);
  setHandler(tellSignal, (told) => takeTold(life, told));
  for (;;) {
    await tellUntold(life);
    if (life.sending.length > 0) await send(life);
    else if (isHistoryLong(life)) await continueAsNew<typeof contact>({ ...life.input, carried: carriedOf(life) });
    else if (!beginMessage(life)) {
      if (life.untold.length > 0) continue;
      // A signal that comes after this and before the end reaches the server's eyes: it does not let the workflow end.
      if (isSilent(life.state, Date.now())) return;
      await somethingToDo(life);
    }
  }
}

function newLife(input: ContactInput): Life {
  const { carried } = input;
  return {
    input,
    state: carried?.state ?? newContact(Date.now()),
    sending: carried?.sending ?? [],
    untold: [...(carried?.untold ?? [])],
    heard: 0,
  };
}

const carriedOf = ({ state, sending, untold }: Life): ContactCarried => ({ state, sending, untold });

function takeTold(life: Life, { notice, throttle }: TellNotice): void {
  life.heard += 1;
  const { state, taken } = takeNotice(life.state, { notice, throttle }, Date.now());
  life.state = state;
  if (taken === 'overloaded') life.untold.push(overloaded(notice, life.input.contact, Date.now()));
}

async function tellUntold(life: Life): Promise<void> {
  if (life.untold.length === 0) return;
  const outcomes = life.untold;
  life.untold = [];
  try {
    await tellOutcomes({ version: 1, outcomes });
  } catch (error) {
    if (isCancellation(error)) throw error;
    // What no retry mends is a bug. The ladder of an incident goes on by its waits, and others wait to be told.
    log.error('incidents do not hear what became of notices', { outcomes: outcomes.length });
  }
}

function beginMessage(life: Life): boolean {
  const taken = takeMessage(life.state, Date.now());
  if (taken === null) return false;
  life.state = taken.state;
  life.sending = taken.told;
  return true;
}

/** Sends the message until it is taken, refused or given up; a history that becomes too long goes on in a new one. */
async function send(life: Life): Promise<void> {
  const scope = new CancellationScope();
  let isOver = false;
  const attempt = scope.run(() => sendMessage(life)).finally(() => (isOver = true));
  // Whatever it ends with is looked at below.
  attempt.catch(() => undefined);
  await condition(() => isOver || isHistoryFull(life));
  if (!isOver) {
    scope.cancel();
    await continueAsNew<typeof contact>({ ...life.input, carried: carriedOf(life) });
  }
  const sending = await attempt;
  life.untold.push(...outcomesOf(life.sending, { contact: life.input.contact, sending, atMs: Date.now() }));
  life.state = endMessage(life.state, sending.outcome === 'failed');
  life.sending = [];
}

async function sendMessage({ input, state, sending }: Life): Promise<Sending> {
  const activities = state.isFailing ? hurried : patient;
  for (;;) {
    try {
      const { channel } = await activities.sendMessage({ version: 1, contact: input.contact, told: sending });
      return { outcome: 'sent', channel };
    } catch (error) {
      if (isCancellation(error)) throw error;
      if (!wasNeverTried(error)) return failedSending(error);
    }
  }
}

async function somethingToDo(life: Life): Promise<void> {
  const { heard } = life;
  const waitMs = Math.max(1, nextDueMs(life.state) - Date.now());
  await condition(() => life.heard > heard, waitMs);
}

function isHistoryLong({ input: { continueAsNewAfterEvents } }: Life): boolean {
  const { historyLength, continueAsNewSuggested } = workflowInfo();
  return continueAsNewSuggested || historyLength >= (continueAsNewAfterEvents ?? HISTORY_EVENTS_MAX);
}

function isHistoryFull({ input: { continueAsNewAfterEvents } }: Life): boolean {
  const { historyLength, historySize } = workflowInfo();
  const eventsMax = continueAsNewAfterEvents === undefined ? HISTORY_EVENTS_MAX : 2 * continueAsNewAfterEvents;
  return historyLength >= eventsMax || historySize >= HISTORY_BYTES_MAX;
}
