import { describe, expect, it } from 'vitest';
import type { ReplayOperation } from '../activities/replay-contract.ts';
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

const change = { by: 'ada', note: '', actionKey: 'key' };

function begun(operation: ReplayOperation = 'run', counts: ReplayLife['counts'] = {}): ReplayLife {
  const life = newReplayLife({ version: 1, replayId: 'r', operation }, 1_000);
  life.plan = {
    tenantId: 'acme',
    granularity: '1h',
    windowLengthMs: 3_600_000,
    concurrency: 2,
    isPaused: false,
    isCancelled: false,
    counts,
  };
  life.counts = counts;
  life.concurrency = 2;
  return life;
}

describe('the bound of a replay', () => {
  it('lets as many windows be under way as it may, and none while it rests', () => {
    const life = begun();
    expect(mayBegin(life)).toBe(true);
    life.inFlight.add(1);
    expect(mayBegin(life)).toBe(true);
    life.inFlight.add(2);
    expect(mayBegin(life)).toBe(false);
    withChange(life, { ...change, action: 'concurrency', concurrency: 3 });
    expect(mayBegin(life)).toBe(true);
    withChange(life, { ...change, action: 'pause' });
    expect(mayBegin(life)).toBe(false);
    withChange(life, { ...change, action: 'resume' });
    expect(mayBegin(life)).toBe(true);
  });
});

describe('what a replay counts', () => {
  it('is all windows of the first page and after it, and those that had ended before it was begun again', () => {
    const life = begun('run', { published: 3, unchanged: 1 });
    withPage(life, { windowStartsMs: [1, 2], remaining: 7 }, 2);
    expect(life).toMatchObject({ windowsTotal: 11, windowsEnded: 4, isLastPage: false });
    withPage(life, { windowStartsMs: [3], remaining: 5 }, 2);
    expect(life).toMatchObject({ windowsTotal: 11, windowsEnded: 4, isLastPage: true, waitingMs: [1, 2, 3] });
  });

  it('moves a window from one state to the next', () => {
    const publish = begun('publish', { computed: 2, unchanged: 5 });
    endWindow(publish, 1, 'published');
    endWindow(publish, 2, 'conflict');
    expect(publish).toMatchObject({
      windowsEnded: 2,
      counts: { computed: 0, unchanged: 5, published: 1, conflict: 1 },
    });
    const rollback = begun('rollback', { published: 2 });
    endWindow(rollback, 1, 'rolled_back');
    endWindow(rollback, 2, 'kept');
    expect(rollback.counts).toEqual({ published: 0, rolled_back: 1, kept: 1 });
  });

  it('leaves out a window that left the replay', () => {
    const life = begun();
    life.inFlight.add(1);
    endWindow(life, 1, 'withdrawn');
    expect(life).toMatchObject({ windowsEnded: 0, counts: {} });
    expect(life.inFlight.size).toBe(0);
  });
});

describe('commands', () => {
  it.each([
    ['pause', { isPaused: true }, 'It rests already.'],
    ['resume', { isPaused: false }, 'It does not rest.'],
    ['pause', { isCancelled: true }, 'It is being cancelled.'],
    ['cancel', { isCancelled: true }, 'It is being cancelled.'],
    ['cancel', { hasEnded: true }, 'It has ended.'],
  ] as const)('%s is refused with %o', (action, state, refusal) => {
    expect(refusalOfChange(Object.assign(begun(), state), { ...change, action })).toBe(refusal);
  });

  it.each([0, 101, 1.5, undefined])('%s windows at once are refused', (concurrency) => {
    const asked = { ...change, action: 'concurrency' as const, ...(concurrency === undefined ? {} : { concurrency }) };
    expect(refusalOfChange(begun(), asked)).toMatch(/From 1 to 100/);
  });

  it('are followed otherwise', () => {
    const life = begun();
    for (const action of ['pause', 'resume', 'cancel'] as const) {
      expect(refusalOfChange(life, { ...change, action })).toBeUndefined();
      withChange(life, { ...change, action });
    }
    expect(life).toMatchObject({ isPaused: false, isCancelled: true });
  });
});

it('what is under way goes over into the next execution', () => {
  const life = begun();
  withPage(life, { windowStartsMs: [10, 20, 30], remaining: 3 }, 250);
  life.inFlight.add(10);
  life.afterMs = 10;
  withChange(life, { ...change, action: 'pause' });
  const carried = carriedLife(life);
  expect(carried).toMatchObject({ inFlightMs: [10], afterMs: 10, isPaused: true, windowsTotal: 3 });
  const next = newReplayLife({ version: 1, replayId: 'r', operation: 'run', carried }, 9_999);
  expect(next).toMatchObject({ startedAtMs: 1_000, isPaused: true, afterMs: 10, windowsTotal: 3, waitingMs: [] });
  withPage(next, { windowStartsMs: [20, 30], remaining: 2 }, 250);
  expect(next.windowsTotal).toBe(3);
});
