import type { Throttle } from '../policy/snapshot.ts';
import type { Notice } from '../types.ts';
import { type Bucket, nextTokenAtMs, tokensAt, withoutToken } from './bucket.ts';
import { asksForAnswer, inOrder } from './order.ts';

/** After so long without a word the contact's workflow ends; the next notice begins a new one. */
export const SILENCE_MS = 3_600_000;
/** So many delivery keys are remembered: what is handed over again comes within minutes, not after thousands of others. */
const KEYS_MAX = 2_000;
export const WAITING_MAX = 2_000;
/** Temporal takes 2 MiB as the input of a workflow or an activity, and the keys need some of it. */
const WAITING_BYTES_MAX = 1_700_000;
/** All texts that wait together; when they are more, a message shows the newer notices by their titles. */
const TEXTS_LENGTH_MAX = 200_000;
/** When so many wait, titles become short. */
const TITLES_IN_FULL_MAX = 25;
const TITLE_LENGTH_MAX = 160;

/** Before the first notice there is nothing to hold back. */
const NO_THROTTLE: Throttle = { messages: 1_000, perMs: 1_000 };

/** A notice that was not told yet. */
export interface WaitingNotice {
  readonly notice: Notice;
  /** Keys of notices that waited too and that this one makes superfluous. */
  readonly coveredKeys: readonly string[];
  /** How much of the state it is. */
  readonly bytes: number;
}

/** What one contact has been told and is still to be told. Plain JSON: it goes over into the next run of the workflow. */
export interface ContactState {
  /** Of the newest notice. */
  readonly throttle: Throttle;
  readonly bucket: Bucket;
  /** In the order in which they came. */
  readonly waiting: readonly WaitingNotice[];
  /** Delivery keys of what came, the newest last. */
  readonly keys: readonly string[];
  readonly lastHeardMs: number;
  /** The last message was not taken. */
  readonly isFailing: boolean;
}

/** What became of a notice that was handed over: it waits, it had come before, or too many wait already. */
export type Taken = 'waiting' | 'known' | 'overloaded';

/** A contact that nobody has told anything yet. */
export const newContact = (nowMs: number): ContactState => ({
  throttle: NO_THROTTLE,
  bucket: { fullAtMs: nowMs },
  waiting: [],
  keys: [],
  lastHeardMs: nowMs,
  isFailing: false,
});

/** Takes a notice. One too many is not taken, so that somebody else can be told instead. */
export function takeNotice(
  state: ContactState,
  { notice, throttle }: { notice: Notice; throttle: Throttle },
  nowMs: number,
): { state: ContactState; taken: Taken } {
  const heard = { ...state, throttle, lastHeardMs: nowMs };
  if (state.keys.includes(notice.deliveryKey)) return { state: heard, taken: 'known' };
  const keys = [...state.keys, notice.deliveryKey].slice(-KEYS_MAX);
  const waiting = withNotice(state.waiting, notice);
  const bytes = waiting.reduce((sum, one) => sum + one.bytes, 0);
  if (waiting.length > WAITING_MAX || bytes > WAITING_BYTES_MAX)
    return { state: { ...heard, keys }, taken: 'overloaded' };
  return { state: { ...heard, keys, waiting }, taken: 'waiting' };
}

/** Nobody is woken by what has ended already: the end tells of both. */
function withNotice(waiting: readonly WaitingNotice[], notice: Notice): WaitingNotice[] {
  const isCovered = (other: WaitingNotice): boolean =>
    notice.kind === 'resolved' && other.notice.incidentId === notice.incidentId && asksForAnswer(other.notice);
  const kept = waiting.filter((other) => !isCovered(other));
  const coveredKeys = waiting.filter(isCovered).flatMap((other) => [...other.coveredKeys, other.notice.deliveryKey]);
  const added = { notice: shortened(notice, kept), coveredKeys };
  return [...kept, { ...added, bytes: new TextEncoder().encode(JSON.stringify(added)).length }];
}

function shortened(notice: Notice, waiting: readonly WaitingNotice[]): Notice {
  const textsLength = waiting.reduce((sum, other) => sum + other.notice.text.length, notice.text.length);
  const text = textsLength > TEXTS_LENGTH_MAX ? '' : notice.text;
  const isLong = notice.title.length > TITLE_LENGTH_MAX && waiting.length >= TITLES_IN_FULL_MAX;
  return { ...notice, text, title: isLong ? `${notice.title.slice(0, TITLE_LENGTH_MAX - 1)}…` : notice.title };
}

/**
 * What is to be sent now, if anything may be. As long as the throttle has room for each that waits, each is a message of its
 * own; otherwise all of them are one.
 */
export function takeMessage(
  state: ContactState,
  nowMs: number,
): { state: ContactState; told: readonly WaitingNotice[] } | null {
  const tokens = tokensAt(state.bucket, state.throttle, nowMs);
  if (tokens === 0 || state.waiting.length === 0) return null;
  const ordered = inOrder(state.waiting);
  const told = tokens >= ordered.length ? ordered.slice(0, 1) : ordered;
  const bucket = withoutToken(state.bucket, state.throttle, nowMs);
  return { state: { ...state, bucket, waiting: state.waiting.filter((one) => !told.includes(one)) }, told };
}

/** Keeps in mind whether the last message was taken. */
export const endMessage = (state: ContactState, isFailing: boolean): ContactState => ({ ...state, isFailing });

/** Nothing is left to tell or to remember: a new beginning would know as much. */
export const isSilent = (state: ContactState, nowMs: number): boolean =>
  state.waiting.length === 0 && nowMs >= silentAtMs(state);

/** A bucket that is not full has to be remembered, or a new beginning would send more than it holds. */
const silentAtMs = ({ lastHeardMs, bucket }: ContactState): number =>
  Math.max(lastHeardMs + SILENCE_MS, bucket.fullAtMs);

/** When something is to be done without anybody saying anything: a message, or the end. */
export const nextDueMs = (state: ContactState): number =>
  state.waiting.length === 0 ? silentAtMs(state) : nextTokenAtMs(state.bucket, state.throttle);
