import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { randomUUID } from 'node:crypto';
import type { WindowKey } from '../../activities/contract.ts';
import { queryRows } from '../../postgres/pool.ts';
import { loadExamined } from '../../postgres/touched-windows.ts';
import { testEnv } from '../support/parts.ts';
import { reconcileOnce, recordOf, startQuietWorker, startRecurring, untilSettled } from '../windows/reconciling.ts';
import {
  type Parts,
  TOPIC,
  type WorkerProcess,
  event,
  journey,
  newTenant,
  pastDay,
  purchase,
  startParts,
} from '../windows/setup.ts';
import { type StatementGate, startStatementGate } from '../windows/statement-gate.ts';

const HOUR_MS = 3_600_000;

let parts: Parts;
let gate: StatementGate;
let worker: WorkerProcess;
beforeAll(async () => {
  parts = await startParts();
  gate = await startStatementGate(testEnv.CLICKHOUSE_URL);
  worker = await startQuietWorker(parts, { CLICKHOUSE_URL: gate.url });
});
afterAll(async () => {
  expect(await worker.end('SIGTERM')).toBe(0);
  await gate.close();
});

const store = async (rows: Parameters<Parts['produce']>[0]): Promise<void> => {
  await parts.produce(rows);
  await parts.sink();
};

/** A published day with one click and one purchase. */
async function publishedDay(): Promise<WindowKey> {
  const day = pastDay(await newTenant(parts.pool), 3);
  await store(journey(day.tenantId, day.windowStartMs));
  await reconcileOnce(parts);
  await untilSettled(parts, [day]);
  return day;
}

const lateRowsOf = async ({ tenantId }: WindowKey): Promise<number> => {
  const result = await parts.clickhouse.client.query({
    query: 'SELECT count() AS rows FROM late_rows_raw_v1 FINAL WHERE tenant_id = {tenantId:String}',
    query_params: { tenantId },
    format: 'JSONEachRow',
  });
  return (await result.json<{ rows: number }>())[0]?.rows ?? -1;
};

const command = (text: string): Promise<unknown> => queryRows(parts.pool, text);

describe('what arrives is found', () => {
  test('while the first run of its window is under way and may not see it any more', async () => {
    const day = pastDay(await newTenant(parts.pool), 3);
    await store(journey(day.tenantId, day.windowStartMs));
    const isHeld = gate.hold({ name: 'compute_credits', tenantId: day.tenantId, keep: 'request' });
    await reconcileOnce(parts);
    await isHeld;
    await store([purchase(day.tenantId, randomUUID(), day.windowStartMs + HOUR_MS)]);
    expect(await reconcileOnce(parts)).toMatchObject({ reopened: 1 });
    gate.release({ name: 'compute_credits', tenantId: day.tenantId });
    await untilSettled(parts, [day]);
    expect(await recordOf(parts, day)).toEqual({ version: 2, runs: ['close: published', 'reopen: published'] });
  });

  test('when it could not be stored what it concerns: nothing counts as examined that was not', async () => {
    const day = await publishedDay();
    const before = await loadExamined(parts.pool, TOPIC);
    await store([purchase(day.tenantId, randomUUID(), day.windowStartMs + HOUR_MS)]);
    await command('ALTER TABLE touched_windows RENAME TO touched_windows_away');
    await expect((await startRecurring(parts, 'reconcile')).result()).rejects.toThrow();
    await command('ALTER TABLE touched_windows_away RENAME TO touched_windows');
    expect(await loadExamined(parts.pool, TOPIC)).toEqual(before);
    expect(await reconcileOnce(parts)).toMatchObject({ reopened: 1 });
    await untilSettled(parts, [day]);
    expect(await recordOf(parts, day)).toMatchObject({ version: 2 });
    expect(await lateRowsOf(day)).toBe(1);
  });

  test('by the log and not by a clock: also when other partitions were examined long before', async () => {
    const day = await publishedDay();
    const late = purchase(day.tenantId, randomUUID(), day.windowStartMs + HOUR_MS);
    await store([{ ...late, received_at: late.received_at - 30 * 86_400_000 }]);
    expect(await reconcileOnce(parts)).toMatchObject({ reopened: 1 });
    await untilSettled(parts, [day]);
    expect(await recordOf(parts, day)).toMatchObject({ version: 2 });
  });
});

describe('what was examined', () => {
  test('is not looked at again, and looking at it again changes nothing', async () => {
    const day = await publishedDay();
    await store([purchase(day.tenantId, randomUUID(), day.windowStartMs + HOUR_MS)]);
    await reconcileOnce(parts);
    await untilSettled(parts, [day]);
    const record = await recordOf(parts, day);
    expect(await reconcileOnce(parts)).toEqual({ started: 0, reopened: 0, held: 0 });
    await command('UPDATE examined_arrivals SET next_offset = 0');
    expect(await reconcileOnce(parts)).toMatchObject({ reopened: 0 });
    expect(await recordOf(parts, day)).toEqual(record);
    expect(await lateRowsOf(day)).toBe(1);
  });

  test('by several at once is told in vain at most', async () => {
    const day = await publishedDay();
    await store([purchase(day.tenantId, randomUUID(), day.windowStartMs + HOUR_MS)]);
    await Promise.all([1, 2, 3].map(() => reconcileOnce(parts)));
    await untilSettled(parts, [day]);
    expect(await recordOf(parts, day)).toEqual({ version: 2, runs: ['close: published', 'reopen: published'] });
    expect(await lateRowsOf(day)).toBe(1);
  });
});

test('a burst of late events is one run, whatever it comes in', async () => {
  const day = await publishedDay();
  const statement = { name: 'compute_credits', tenantId: day.tenantId };
  const buyer = purchase(day.tenantId, randomUUID(), day.windowEndMs - 1);
  const isHeld = gate.hold({ ...statement, keep: 'request' });
  await store([buyer]);
  await reconcileOnce(parts);
  await isHeld;
  for (let burst = 1; burst <= 5; burst += 1) {
    const hours = [1, 2, 3].map((hour) => day.windowStartMs + hour * HOUR_MS + burst);
    await store(hours.map((atMs) => event(day.tenantId, buyer.user_key, atMs)));
    expect(await reconcileOnce(parts)).toMatchObject({ reopened: 1 });
  }
  gate.release(statement);
  await untilSettled(parts, [day]);
  const runs = ['close: published', 'reopen: published', 'reopen: published'];
  expect(await recordOf(parts, day)).toEqual({ version: 3, runs });
  expect(await lateRowsOf(day)).toBe(16);
});
