import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import type { WindowKey } from '../../activities/contract.ts';
import { changeRunningReplay, replayProgress } from '../../activities/replay-client.ts';
import { countReplayRuns } from '../../activities/replay-queries.ts';
import { loadReplay } from '../../postgres/replays.ts';
import { HEARTBEAT_TIMEOUT_MS } from '../../workflows/heartbeat-timeouts.ts';
import { startQuietWorker } from '../windows/reconciling.ts';
import {
  type Parts,
  type WorkerProcess,
  journey,
  newTenant,
  pastDay,
  publishedCredits,
  startParts,
  startWorker,
} from '../windows/setup.ts';
import { close, endOf, publicationsOf, publishedDays, startReplayOf } from './setup.ts';

/** A dead worker is noticed after its silence; then the work is done once more. */
const TAKEOVER_MS_MAX = Math.max(...Object.values(HEARTBEAT_TIMEOUT_MS)) + 60_000;
const FIRST_TOUCH = { kind: 'changed', changes: { models: ['first_touch'] } } as const;

let parts: Parts;
let worker: WorkerProcess;
beforeAll(async () => {
  parts = await startParts();
  worker = await startQuietWorker(parts);
});
afterAll(async () => {
  expect(await worker.end('SIGTERM')).toBe(0);
});

async function numberOf(query: string, query_params: Record<string, unknown> = {}): Promise<number> {
  const result = await parts.clickhouse.client.query({ query, query_params, format: 'JSONEachRow' });
  const [row] = await result.json<{ number: number }>();
  return Number(row?.number);
}

async function command(query: string): Promise<void> {
  await parts.clickhouse.client.command({ query });
}

const endedWindows = async (replayId: string): Promise<number> =>
  (await countReplayRuns(parts.clickhouse, { replayId })).reduce((sum, { windows }) => sum + windows, 0);

test(
  'a worker that is killed again and again in a replay leaves each window with exactly one publication of it',
  async () => {
    const { tenantId, days } = await publishedDays(parts, 24);
    const { replay_id: replayId } = await startReplayOf(parts, days, { settings: FIRST_TOUCH, concurrency: 6 });
    for (const ended of [1, 8]) {
      await vi.waitFor(async () => expect(await endedWindows(replayId)).toBeGreaterThanOrEqual(ended), {
        timeout: TAKEOVER_MS_MAX,
        interval: 20,
      });
      expect(await worker.end('SIGKILL')).toBe('SIGKILL');
      expect(await endedWindows(replayId)).toBeLessThan(24);
      worker = await startWorker();
    }
    expect(await endOf(parts, replayId, 'run')).toEqual({ published: 24 });
    for (const day of days) {
      expect(await publicationsOf(parts, day)).toEqual(['1 command settings 1', '2 replay settings 2']);
      expect(await publishedCredits(parts.clickhouse, day)).toEqual([['first_touch', 'search', 1]]);
    }
    expect(await loadReplay(parts.pool, replayId)).toMatchObject({ state: 'ended' });
    const turns = await parts.pool.query('SELECT 1 FROM run_turns WHERE tenant_id = $1', [tenantId]);
    expect(turns.rowCount).toBe(0);
  },
  4 * TAKEOVER_MS_MAX,
);

test('live closes, late data and a replay of the same windows never compute one of them at the same time', async () => {
  const { tenantId, days } = await publishedDays(parts, 6);
  const { replay_id: replayId } = await startReplayOf(parts, days, { settings: FIRST_TOUCH, concurrency: 6 });
  await parts.produce(days.flatMap(({ windowStartMs }) => journey(tenantId, windowStartMs + 60_000, 'social')));
  await parts.sink();
  await Promise.all(days.flatMap((day) => [close(parts, day), close(parts, day)]));
  const counts = await endOf(parts, replayId, 'run');
  expect(counts.failed ?? 0).toBe(0);
  const overlaps = await numberOf(
    `SELECT count() AS number FROM runs AS one INNER JOIN runs AS other USING (tenant_id, window_start)
     WHERE tenant_id = {tenantId:String} AND one.run_id != other.run_id
       AND one.started_at < other.finished_at AND other.started_at < one.finished_at`,
    { tenantId },
  );
  expect(overlaps).toBe(0);
  for (const day of days) {
    const versions = await publicationsOf(parts, day);
    expect(versions.map((text) => Number(text.split(' ')[0]))).toEqual(versions.map((_, index) => index + 1));
    expect(await publishedCredits(parts.clickhouse, day)).toEqual([
      ['first_touch', 'search', 1],
      ['first_touch', 'social', 1],
    ]);
  }
});

test('a replay that is cancelled while ClickHouse computes for it stops that, and leaves no rows and no publication', async () => {
  const tenantId = await newTenant(parts.pool);
  const days: WindowKey[] = [4, 3].map((daysAgo) => pastDay(tenantId, daysAgo));
  await parts.produce(days.flatMap(({ windowStartMs }) => journey(tenantId, windowStartMs)));
  await parts.sink();
  for (const day of days) await close(parts, day);
  // A view on the credits that takes minutes: the statement stays in the server until it is stopped.
  await command('CREATE TABLE test_held (run_id UUID) ENGINE = Null');
  await command(`CREATE MATERIALIZED VIEW test_hold TO test_held AS SELECT run_id FROM credits_raw_v1
    WHERE run_id IN (
      SELECT generateUUIDv4() FROM numbers(6000) WHERE sleepEachRow(0.05) = 1 SETTINGS max_block_size = 1
    )`);
  const { replay_id: replayId } = await startReplayOf(parts, days, { settings: FIRST_TOUCH, concurrency: 1 });
  const computing = () =>
    numberOf(`SELECT count() AS number FROM system.processes
      WHERE Settings['log_comment'] = 'compute_credits' AND current_database = currentDatabase()`);
  const runsWithCredits = () =>
    numberOf('SELECT uniqExact(run_id) AS number FROM credits_raw_v1 WHERE tenant_id = {tenantId:String}', {
      tenantId,
    });
  // Not before its first rows are there: a statement that has not come to the view yet would go through without it.
  await vi.waitFor(async () => expect([await computing(), await runsWithCredits()]).toEqual([1, 3]), {
    timeout: 30_000,
    interval: 50,
  });
  await command('DROP TABLE test_hold');
  const change = { action: 'cancel', by: 'test', note: '', actionKey: 'cancel' } as const;
  expect(await changeRunningReplay(parts.windows, { replayId, operation: 'run' }, change)).toBe(true);
  expect(await endOf(parts, replayId, 'run')).toEqual({});
  expect(await loadReplay(parts.pool, replayId)).toMatchObject({ state: 'cancelled' });
  expect(await replayProgress(parts.windows, replayId, 'run')).toMatchObject({ windowsEnded: 0, inFlightMs: [] });
  expect(await computing()).toBe(0);
  expect(await runsWithCredits()).toBe(2);
  for (const day of days) expect(await publicationsOf(parts, day)).toEqual(['1 command settings 1']);
  // The range is free again, and the windows are as they were.
  const { replay_id: again } = await startReplayOf(parts, days, { settings: FIRST_TOUCH });
  expect(await endOf(parts, again, 'run')).toEqual({ published: 2 });
});
