import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { describeWindow, windowHandle } from '../../activities/client.ts';
import type { WindowKey } from '../../activities/contract.ts';
import { readCurrentPublication, readRun } from '../../activities/run-queries.ts';
import { listReplayActions, listReplays, loadReplay } from '../../postgres/replays.ts';
import { changeSettings } from '../../postgres/settings.ts';
import { reconcileOnce, startQuietWorker } from '../windows/reconciling.ts';
import { type Parts, type WorkerProcess, publishedCredits, startParts } from '../windows/setup.ts';
import { addJourney, close, creditsOfRun, operate, publicationsOf, publishedDays, replayOf, runOf } from './setup.ts';

let parts: Parts;
let worker: WorkerProcess;
beforeAll(async () => {
  parts = await startParts();
  worker = await startQuietWorker(parts);
});
afterAll(async () => {
  expect(await worker.end('SIGTERM')).toBe(0);
});

const FIRST_TOUCH = { kind: 'changed', changes: { models: ['first_touch'] } } as const;
const publicationsOfAll = (days: readonly WindowKey[]) => Promise.all(days.map((day) => publicationsOf(parts, day)));

describe('a replay', () => {
  test('gives the windows of its range the settings in force, and no other window', async () => {
    const { tenantId, days } = await publishedDays(parts, 4);
    await changeSettings(parts.pool, tenantId, { models: ['first_touch'] });
    // By itself a published window keeps the settings that it has.
    expect(await close(parts, days[1] as WindowKey)).toMatchObject({ state: 'unchanged', settingsVersion: 1 });
    const { replayId, counts } = await replayOf(parts, days.slice(1, 3));
    expect(counts).toEqual({ published: 2 });
    const [before, after] = [['1 command settings 1'], ['1 command settings 1', '2 replay settings 2']];
    expect(await publicationsOfAll(days)).toEqual([before, after, after, before]);
    expect(await publishedCredits(parts.clickhouse, days[1] as WindowKey)).toEqual([['first_touch', 'search', 1]]);
    expect(await runOf(parts, replayId, days[1] as WindowKey)).toMatchObject({ reason: 'replay', replayId });
    // What a replay has given to a window stays with it.
    await addJourney(parts, days[1] as WindowKey, 'social');
    expect(await close(parts, days[1] as WindowKey)).toMatchObject({ state: 'published', settingsVersion: 2 });
  });

  test('that changes nothing publishes nothing', async () => {
    const { days } = await publishedDays(parts, 2);
    expect((await replayOf(parts, days)).counts).toEqual({ unchanged: 2 });
    expect(await publicationsOfAll(days)).toEqual([['1 command settings 1'], ['1 command settings 1']]);
  });

  test('brings settings of its own, which nothing else ever takes', async () => {
    const { tenantId, days } = await publishedDays(parts, 2);
    const { replayId } = await replayOf(parts, days.slice(0, 1), { settings: FIRST_TOUCH });
    expect(await loadReplay(parts.pool, replayId)).toMatchObject({ settings_version: 2 });
    expect(await publicationsOfAll(days)).toEqual([
      ['1 command settings 1', '2 replay settings 2'],
      ['1 command settings 1'],
    ]);
    const changed = await changeSettings(parts.pool, tenantId, { lookback_click_seconds: 3_600 });
    expect(changed).toMatchObject({ version: 3, settings: { models: ['linear', 'last_touch'] } });
  });

  test('includes what came after the late horizon, lets the window live for that, and it ends again', async () => {
    const { days } = await publishedDays(parts, 1, { late_horizon_seconds: 0, allowed_lateness_seconds: 1 });
    const day = days[0] as WindowKey;
    const statusOf = async () => (await windowHandle(parts.windows, day).describe()).status.name;
    await vi.waitFor(async () => expect(await statusOf()).toBe('COMPLETED'), { timeout: 20_000 });
    await addJourney(parts, day, 'social');
    await expect(close(parts, day)).rejects.toMatchObject({ cause: { type: 'window_invalid' } });
    expect((await replayOf(parts, days)).counts).toEqual({ published: 1 });
    await vi.waitFor(async () => expect(await statusOf()).toBe('COMPLETED'), { timeout: 20_000 });
    expect(await publishedCredits(parts.clickhouse, day)).toEqual([
      ['last_touch', 'search', 1],
      ['last_touch', 'social', 1],
      ['linear', 'search', 1],
      ['linear', 'social', 1],
    ]);
    expect((await operate(parts, (await lastReplay(day)).replay_id, 'rollback')).rolled_back).toBe(1);
    expect(await publicationsOf(parts, day)).toHaveLength(3);
  });

  test('leaves an audit trail of who did what and why, with what came of it', async () => {
    const { days } = await publishedDays(parts, 2);
    const { replayId } = await replayOf(parts, days, {
      settings: FIRST_TOUCH,
      reason: 'a wrong model',
      requestedBy: 'ada',
    });
    await operate(parts, replayId, 'rollback');
    const lines = await listReplayActions(parts.pool, replayId);
    expect(lines.map(({ action, done_by: by, note }) => [action, by, note])).toEqual([
      ['run', 'ada', 'a wrong model'],
      ['run ended', 'unmogrowp', 'windows: 2 published'],
      ['rollback', 'test', ''],
      ['rollback ended', 'unmogrowp', 'windows: 2 rolled back'],
    ]);
    const [run] = await readRunsOf(replayId, days[0] as WindowKey);
    expect(run).toMatchObject({ settings: expect.stringContaining('"first_touch"'), codeVersion: expect.any(String) });
  });
});

describe('a dry run', () => {
  test('publishes nothing; publishing it makes exactly what it computed the truth, and a rollback what was before', async () => {
    const { days } = await publishedDays(parts, 2);
    const before = await Promise.all(days.map((day) => publishedCredits(parts.clickhouse, day)));
    const { replayId, counts } = await replayOf(parts, days, { isDryRun: true, settings: FIRST_TOUCH });
    expect(counts).toEqual({ computed: 2 });
    expect(await publicationsOfAll(days)).toEqual([['1 command settings 1'], ['1 command settings 1']]);
    expect(await Promise.all(days.map((day) => publishedCredits(parts.clickhouse, day)))).toEqual(before);
    const computed = await runOf(parts, replayId, days[0] as WindowKey);
    expect(await operate(parts, replayId, 'publish')).toEqual({ published: 2 });
    const [current] = await readCurrentPublication(parts.clickhouse, days[0] as WindowKey);
    expect(current).toMatchObject({ version: 2, runId: computed?.runId, reason: 'replay', settingsVersion: 2 });
    expect(await operate(parts, replayId, 'rollback')).toEqual({ rolled_back: 2 });
    expect(await Promise.all(days.map((day) => publishedCredits(parts.clickhouse, day)))).toEqual(before);
    expect(await publicationsOf(parts, days[0] as WindowKey)).toEqual([
      '1 command settings 1',
      '2 replay settings 2',
      '3 rollback settings 1',
    ]);
  });

  test('is published window by window, and refused where something newer was published meanwhile', async () => {
    const { days } = await publishedDays(parts, 2);
    const [touched, untouched] = days as [WindowKey, WindowKey];
    const { replayId } = await replayOf(parts, days, { isDryRun: true, settings: FIRST_TOUCH });
    await addJourney(parts, touched, 'social');
    expect(await close(parts, touched)).toMatchObject({ state: 'published', publicationVersion: 2 });
    expect(await operate(parts, replayId, 'publish')).toEqual({ conflict: 1, published: 1 });
    expect(await publicationsOf(parts, touched)).toEqual(['1 command settings 1', '2 command settings 1']);
    expect(await publicationsOf(parts, untouched)).toEqual(['1 command settings 1', '2 replay settings 2']);
  });

  test('that is published although rows have come that it could not see is followed by a run that sees them', async () => {
    const { days } = await publishedDays(parts, 1);
    const day = days[0] as WindowKey;
    const { replayId } = await replayOf(parts, days, { isDryRun: true, settings: FIRST_TOUCH });
    await addJourney(parts, day, 'social');
    expect(await operate(parts, replayId, 'publish')).toEqual({ published: 1 });
    await vi.waitFor(
      async () =>
        expect(await publicationsOf(parts, day)).toEqual([
          '1 command settings 1',
          '2 replay settings 2',
          '3 reopen settings 2',
        ]),
      { timeout: 20_000 },
    );
    expect(await publishedCredits(parts.clickhouse, day)).toEqual([
      ['first_touch', 'search', 1],
      ['first_touch', 'social', 1],
    ]);
  });

  test('cannot be rolled back before it was published, nor published after it was rolled back', async () => {
    const { days } = await publishedDays(parts, 1);
    const { replayId } = await replayOf(parts, days, { isDryRun: true, settings: FIRST_TOUCH });
    await expect(operate(parts, replayId, 'rollback')).rejects.toMatchObject({ code: 'replay_invalid' });
    await operate(parts, replayId, 'publish');
    await operate(parts, replayId, 'rollback');
    await expect(operate(parts, replayId, 'publish')).rejects.toMatchObject({ code: 'replay_invalid' });
  });
});

describe('a rollback', () => {
  test('is refused where something newer was published, and where nothing had been before', async () => {
    const { days } = await publishedDays(parts, 1, { allowed_lateness_seconds: 0 });
    const day = days[0] as WindowKey;
    const { replayId } = await replayOf(parts, days, { settings: FIRST_TOUCH });
    await addJourney(parts, day, 'social');
    expect(await close(parts, day)).toMatchObject({ publicationVersion: 3 });
    expect(await operate(parts, replayId, 'rollback')).toEqual({ kept: 1 });
    const fresh = { ...day, windowStartMs: day.windowStartMs - 86_400_000, windowEndMs: day.windowStartMs };
    await addJourney(parts, fresh, 'email');
    const first = await replayOf(parts, [fresh]);
    expect(first.counts).toEqual({ published: 1 });
    expect(await operate(parts, first.replayId, 'rollback')).toEqual({ kept: 1 });
    expect(await publicationsOf(parts, fresh)).toHaveLength(1);
  });
});

describe('as of a time', () => {
  test('a window gets the credits of its publication of that time, to the last digit', async () => {
    const { tenantId, days } = await publishedDays(parts, 1, { models: ['time_decay', 'position_based', 'linear'] });
    const day = days[0] as WindowKey;
    const [then] = await readCurrentPublication(parts.clickhouse, day);
    await addJourney(parts, day, 'social');
    await changeSettings(parts.pool, tenantId, { models: ['last_touch'] });
    expect(await close(parts, day)).toMatchObject({ publicationVersion: 2 });
    await replayOf(parts, days);
    const asOf = new Date((then?.publishedAtMs ?? 0) + 1);
    const { replayId, counts } = await replayOf(parts, days, { asOf });
    expect(counts).toEqual({ published: 1 });
    const run = await runOf(parts, replayId, day);
    const [old] = await readRun(parts.clickhouse, { ...keyOf(day), runId: then?.runId ?? '' });
    expect(run).toMatchObject({ checksum: old?.checksum, cutoff: old?.cutoff, settingsVersion: 1 });
    expect(await creditsOfRun(parts, run?.runId ?? '')).toEqual(await creditsOfRun(parts, then?.runId ?? ''));
    expect(await creditsOfRun(parts, run?.runId ?? '')).not.toEqual([]);
  });

  test('a window that was not published then gets what the sink had brought by then', async () => {
    // Long enough that no window closes by itself.
    const { days } = await publishedDays(parts, 1, { allowed_lateness_seconds: 30 * 86_400 });
    const day = days[0] as WindowKey;
    const fresh = { ...day, windowStartMs: day.windowStartMs - 86_400_000, windowEndMs: day.windowStartMs };
    await addJourney(parts, fresh, 'search');
    await reconcileOnce(parts);
    const asOf = new Date();
    await addJourney(parts, fresh, 'social');
    await reconcileOnce(parts);
    expect(await close(parts, fresh)).toMatchObject({ summary: { conversions: 2 } });
    const { replayId, counts } = await replayOf(parts, [fresh], { asOf, isDryRun: true });
    expect(counts).toEqual({ computed: 1 });
    expect(await runOf(parts, replayId, fresh)).toMatchObject({ conversions: 1, settingsVersion: 1 });
  });

  test('what was published is not undone by data that the window had seen before', async () => {
    const { days } = await publishedDays(parts, 1);
    const day = days[0] as WindowKey;
    const [then] = await readCurrentPublication(parts.clickhouse, day);
    await addJourney(parts, day, 'social');
    await close(parts, day);
    await replayOf(parts, days, { asOf: new Date((then?.publishedAtMs ?? 0) + 1) });
    const [published] = await readCurrentPublication(parts.clickhouse, day);
    expect(published).toMatchObject({ version: 3, reason: 'replay' });
    const [seen] = await readRun(parts.clickhouse, { ...keyOf(day), runId: then?.runId ?? '' });
    await windowHandle(parts.windows, day).signal('reopen', { version: 1, arrivals: seen?.cutoff ?? null });
    await vi.waitFor(
      async () =>
        expect(await describeWindow(parts.windows, day)).toMatchObject({ phase: 'open', isReopenPending: false }),
      { timeout: 20_000 },
    );
    expect(await readCurrentPublication(parts.clickhouse, day)).toMatchObject([{ version: 3 }]);
    // What comes after that is late data as ever.
    await addJourney(parts, day, 'email');
    expect(await close(parts, day)).toMatchObject({ state: 'published', publicationVersion: 4 });
  });
});

const keyOf = ({ tenantId, windowStartMs }: WindowKey) => ({ tenantId, windowStartMs });

async function readRunsOf(replayId: string, window: WindowKey) {
  const run = await runOf(parts, replayId, window);
  return run === undefined ? [] : readRun(parts.clickhouse, { ...keyOf(window), runId: run.runId });
}

async function lastReplay({ tenantId }: WindowKey) {
  const [last] = await listReplays(parts.pool, { tenantId, limit: 1 });
  if (last === undefined) throw new Error('no replay');
  return last;
}
