import { describe, expect, it } from 'vitest';
import type { WindowOutcome, WindowState } from './messages.ts';
import { newWindowState, nextStep, withLoaded, withOutcome, withReopen } from './window-state.ts';

const window = { tenantId: 'acme', windowStartMs: 0, windowEndMs: 1_000, granularity: '1d' as const };
const loaded = { settingsVersion: 1, allowedLatenessMs: 100, lateHorizonMs: 5_000, reopenIntervalMs: 50 };
const publication = { version: 1, runId: 'r', firstPublishedAtMs: 2_000 };
const unpublished = withLoaded(newWindowState(), { ...loaded, publication: null, isCovered: false }, null);
const published: WindowState = withLoaded(newWindowState(), { ...loaded, publication, isCovered: false }, null);
const outcome: WindowOutcome = {
  state: 'published',
  reason: 'close',
  publicationVersion: 1,
  settingsVersion: 1,
  startedAtMs: 2_000,
  finishedAtMs: 2_010,
  traceId: '',
  summary: null,
  failure: null,
};
const step = (state: WindowState, nowMs: number, isCloseRequested = false) =>
  nextStep(state, { window, isCloseRequested, nowMs });

describe('before its first publication a window', () => {
  it('waits for its end and the allowed lateness, then runs', () => {
    expect(step(unpublished, 1_099)).toMatchObject({ kind: 'wait', phase: 'waiting', untilMs: 1_100 });
    expect(step(unpublished, 1_100)).toEqual({ kind: 'run', reason: 'close' });
  });

  it('runs on command without the rest of the waiting', () => {
    expect(step(unpublished, 1_000, true)).toEqual({ kind: 'run', reason: 'command' });
  });

  it('lets late data wait for the first run, which sees it', () => {
    expect(step(withReopen(unpublished, { version: 1, arrivals: null }), 500)).toMatchObject({ phase: 'waiting' });
  });
});

describe('a published window', () => {
  it('stays open until the horizon, then freezes', () => {
    expect(step(published, 6_999)).toMatchObject({ kind: 'wait', phase: 'open', untilMs: 7_000 });
    expect(step(published, 7_000)).toEqual({ kind: 'freeze' });
  });

  it('runs again for late data, at most once in an interval', () => {
    const late = withReopen(withOutcome(published, outcome), { version: 1, arrivals: { events: [7] } });
    expect(step(late, 2_049)).toMatchObject({ kind: 'wait', phase: 'open', untilMs: 2_050 });
    expect(step(late, 2_050)).toEqual({ kind: 'run', reason: 'reopen' });
    const burst = withReopen(late, { version: 1, arrivals: { events: [5, 9] } });
    expect(burst.reopen).toEqual({ version: 1, arrivals: { events: [7, 9] } });
    expect(withReopen(burst, { version: 1, arrivals: null }).reopen).toEqual({ version: 1, arrivals: null });
  });

  it('forgets late data that the newest run has seen', () => {
    const late = withReopen(published, { version: 1, arrivals: { events: [7] } });
    const covered = { ...loaded, publication, isCovered: true };
    expect(withLoaded(late, covered, late.reopen).reopen).toBeNull();
    expect(withLoaded(late, { ...covered, isCovered: false }, late.reopen).reopen).not.toBeNull();
  });

  it('does not forget what it was told while it asked whether the newest run has seen what it was told before', () => {
    const late = withReopen(published, { version: 1, arrivals: { events: [7] } });
    const later = withReopen(late, { version: 1, arrivals: { events: [9] } });
    const covered = { ...loaded, publication, isCovered: true };
    expect(withLoaded(later, covered, late.reopen).reopen).toEqual({ version: 1, arrivals: { events: [9] } });
    expect(withLoaded(late, covered, null).reopen).toEqual({ version: 1, arrivals: { events: [7] } });
  });

  it('runs on command until it is frozen, never after', () => {
    expect(step(published, 6_999, true)).toEqual({ kind: 'run', reason: 'command' });
    expect(step(published, 7_000, true)).toEqual({ kind: 'freeze' });
  });

  it('counts its horizon from the first publication, whatever came later', () => {
    const again = withOutcome(published, { ...outcome, publicationVersion: 2, finishedAtMs: 6_000 });
    expect(again.firstPublishedAtMs).toBe(2_000);
    expect(step(again, 7_000)).toEqual({ kind: 'freeze' });
  });
});

describe('after a run that published nothing', () => {
  const failure = { code: 'run_inconsistent', message: 'they differ' };
  const inconsistent = withOutcome(unpublished, { ...outcome, state: 'inconsistent', publicationVersion: 0, failure });

  it('an inconsistent window waits for a command or new data, for as long as it takes', () => {
    expect(step(inconsistent, 1e12)).toMatchObject({ kind: 'wait', phase: 'inconsistent', untilMs: null });
    expect(step(inconsistent, 3_000, true)).toEqual({ kind: 'run', reason: 'command' });
    const withData = withReopen(inconsistent, { version: 1, arrivals: null });
    expect(step(withData, 2_049)).toMatchObject({ kind: 'wait', untilMs: 2_050 });
    expect(step(withData, 2_050)).toEqual({ kind: 'run', reason: 'close' });
  });

  it('a failed window tries again by itself', () => {
    const failed = withOutcome(published, { ...outcome, state: 'failed', failure: { code: 'bug', message: 'x' } });
    const { retryAtMs } = failed.trouble ?? {};
    expect(step(failed, 2_100)).toMatchObject({ kind: 'wait', phase: 'failed', untilMs: retryAtMs });
    expect(step(failed, retryAtMs ?? 0)).toEqual({ kind: 'run', reason: 'reopen' });
  });

  it.each(['publication_conflict', 'run_expired'])('%s is resolved with the next interval', (code) => {
    const failed = withOutcome(published, { ...outcome, state: 'failed', failure: { code, message: 'overtaken' } });
    expect(failed.trouble?.retryAtMs).toBe(2_010 + 50);
  });

  it('the next good run ends the trouble', () => {
    expect(withOutcome(inconsistent, outcome).trouble).toBeNull();
  });
});
