import type {
  ReplayChange,
  ReplayCounts,
  ReplayOperation,
  ReplayPlan,
  ReplayRunState,
  ReplayWindowResult,
} from '../activities/replay-contract.ts';
import type { ReplayCarried, ReplayInput } from './messages.ts';

/** What a window leaves behind when an operation ends it, and what it can become by it. */
const STATES: Readonly<Record<ReplayOperation, { from: ReplayRunState | null; to: readonly ReplayRunState[] }>> = {
  run: { from: null, to: ['failed', 'unchanged', 'computed', 'published'] },
  publish: { from: 'computed', to: ['published', 'conflict'] },
  rollback: { from: 'published', to: ['rolled_back', 'kept'] },
};

/** More would only wait in ClickHouse. */
const CONCURRENCY_MAX = 100;

/** Everything that changes while a replay lives; made anew for every execution, never shared between them. */
export interface ReplayLife {
  input: ReplayInput;
  plan: ReplayPlan | null;
  startedAtMs: number;
  /** 0 until the first page has told. */
  windowsTotal: number;
  windowsEnded: number;
  counts: ReplayCounts;
  isPaused: boolean;
  isCancelled: boolean;
  hasEnded: boolean;
  concurrency: number;
  afterMs: number | null;
  waitingMs: number[];
  isFirstPage: boolean;
  isLastPage: boolean;
  /** Starts of the windows that are under way. */
  inFlight: Set<number>;
  /** Windows begun by this execution. */
  begun: number;
  failure: Error | null;
}

/** A replay at its beginning, or where the execution before left it. */
export function newReplayLife(input: ReplayInput, nowMs: number): ReplayLife {
  const { carried } = input;
  return {
    input,
    plan: carried?.plan ?? null,
    startedAtMs: carried?.startedAtMs ?? nowMs,
    windowsTotal: carried?.windowsTotal ?? 0,
    windowsEnded: carried?.windowsEnded ?? 0,
    counts: carried?.counts ?? {},
    isPaused: carried?.isPaused ?? false,
    isCancelled: false,
    hasEnded: false,
    concurrency: carried?.concurrency ?? 1,
    afterMs: carried?.afterMs ?? null,
    waitingMs: [],
    isFirstPage: carried === undefined,
    isLastPage: false,
    inFlight: new Set(),
    begun: 0,
    failure: null,
  };
}

/** What the next execution needs. */
export function carriedLife(life: ReplayLife): ReplayCarried {
  const { plan, startedAtMs, windowsTotal, windowsEnded, counts, isPaused, concurrency, afterMs, inFlight } = life;
  if (plan === null) throw new TypeError('nothing is carried over before the plan is known');
  return {
    plan,
    startedAtMs,
    windowsTotal,
    windowsEnded,
    counts,
    isPaused,
    concurrency,
    afterMs,
    inFlightMs: [...inFlight],
  };
}

/** Whether one more window may be begun now. */
export const mayBegin = ({ isPaused, inFlight, concurrency }: ReplayLife): boolean =>
  !isPaused && inFlight.size < concurrency;

/** Takes over a page. The first one tells how many windows there are, besides those that ended before it was begun. */
export function withPage(
  life: ReplayLife,
  page: { windowStartsMs: readonly number[]; remaining: number },
  windowsMax: number,
): void {
  life.waitingMs.push(...page.windowStartsMs);
  life.isLastPage = page.windowStartsMs.length < windowsMax;
  if (!life.isFirstPage) return;
  life.isFirstPage = false;
  const { to } = STATES[life.input.operation];
  life.windowsEnded = to.reduce((sum, state) => sum + (life.counts[state] ?? 0), 0);
  life.windowsTotal = life.windowsEnded + page.remaining;
}

/** Counts a window that has ended; one that left the replay stands where it stood. */
export function endWindow(life: ReplayLife, startMs: number, state: ReplayWindowResult): void {
  life.inFlight.delete(startMs);
  if (state === 'withdrawn') return;
  life.windowsEnded += 1;
  const { from } = STATES[life.input.operation];
  const counts = { ...life.counts, [state]: (life.counts[state] ?? 0) + 1 };
  if (from !== null) counts[from] = Math.max(0, (counts[from] ?? 0) - 1);
  life.counts = counts;
}

/** Why a command cannot be followed now, if so. */
export function refusalOfChange(life: ReplayLife, { action, concurrency }: ReplayChange): string | undefined {
  if (life.hasEnded) return 'It has ended.';
  if (life.isCancelled) return 'It is being cancelled.';
  if (action === 'pause' && life.isPaused) return 'It rests already.';
  if (action === 'resume' && !life.isPaused) return 'It does not rest.';
  if (action !== 'concurrency') return undefined;
  const isUsable = Number.isInteger(concurrency) && (concurrency ?? 0) >= 1 && (concurrency ?? 0) <= CONCURRENCY_MAX;
  return isUsable ? undefined : `From 1 to ${CONCURRENCY_MAX} windows can be under way at once.`;
}

/** Follows a command that was not refused. */
export function withChange(life: ReplayLife, { action, concurrency }: ReplayChange): void {
  if (action === 'pause') life.isPaused = true;
  if (action === 'resume') life.isPaused = false;
  if (action === 'cancel') life.isCancelled = true;
  if (concurrency !== undefined) life.concurrency = concurrency;
}
