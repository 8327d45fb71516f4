import { randomUUID } from 'node:crypto';
import { MockActivityEnvironment } from '@temporalio/testing';
import { DefaultLogger } from '@temporalio/worker';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { windowHandle } from '../../activities/client.ts';
import type { WindowKey } from '../../activities/contract.ts';
import { kafkaAdminConfig } from '../../bin/kafka-connection.ts';
import { type KafkaAdmin, createKafkaAdmin } from '../../kafka/admin.ts';
import { queryRows } from '../../postgres/pool.ts';
import { testEnv } from '../support/parts.ts';
import { RECHECK_AFTER_MS, activitiesIn } from '../windows/activities.ts';
import { auditOnce, reconcileOnce, recordOf, startQuietWorker, untilSettled } from '../windows/reconciling.ts';
import {
  type Parts,
  type WorkerProcess,
  event,
  journey,
  newTenant,
  pastDay,
  purchase,
  startParts,
} from '../windows/setup.ts';

const HOUR_MS = 3_600_000;

let parts: Parts;
let worker: WorkerProcess;
let kafkaAdmin: KafkaAdmin;
beforeAll(async () => {
  parts = await startParts();
  worker = await startQuietWorker(parts);
  kafkaAdmin = createKafkaAdmin(kafkaAdminConfig(testEnv, 'test'));
});
afterAll(async () => {
  expect(await worker.end('SIGTERM')).toBe(0);
  await kafkaAdmin.close();
});

const environment = () => new MockActivityEnvironment({}, { logger: new DefaultLogger('ERROR') });

/** One page of an audit, which is all there is of this test file. */
function auditIn(aheadMs: number) {
  const activities = activitiesIn(parts, kafkaAdmin, aheadMs);
  return environment().run(() => activities.auditPage({ version: 1, after: null, windowsMax: 1_000 }));
}

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

describe('an audit finds what was lost', () => {
  test('a window with rows whose workflow is gone before it published anything', async () => {
    const tenantId = await newTenant(parts.pool, { allowed_lateness_seconds: 30 * 86_400 });
    const day = pastDay(tenantId, 3);
    await store(journey(tenantId, day.windowStartMs));
    await reconcileOnce(parts);
    const { runId } = await windowHandle(parts.windows, day).describe();
    await windowHandle(parts.windows, day).terminate('a test');
    expect(await reconcileOnce(parts)).toEqual({ started: 0, reopened: 0, held: 0 });
    expect((await auditOnce(parts)).started).toBeGreaterThanOrEqual(1);
    const again = await windowHandle(parts.windows, day).describe();
    expect(again).toMatchObject({ status: { name: 'RUNNING' } });
    expect(again.runId).not.toBe(runId);
  });

  test('late rows of which no window has heard, once there was time to tell it', async () => {
    const day = await publishedDay();
    await store([purchase(day.tenantId, randomUUID(), day.windowStartMs + HOUR_MS)]);
    const activities = activitiesIn(parts, kafkaAdmin, 0);
    await environment().run(() => activities.examineArrivals({ version: 1 }));
    await queryRows(parts.pool, 'DELETE FROM touched_windows');
    expect(await auditIn(0)).toMatchObject({ reopened: 0 });
    expect(await recordOf(parts, day)).toMatchObject({ version: 1 });
    expect(await auditIn(10 * 60_000)).toMatchObject({ reopened: 1 });
    await untilSettled(parts, [day]);
    expect(await recordOf(parts, day)).toEqual({ version: 2, runs: ['close: published', 'reopen: published'] });
    expect(await auditIn(10 * 60_000)).toMatchObject({ reopened: 0 });
  });

  test('whether windows are right that were judged long ago: each is run once more when something came near it', async () => {
    const [day, quiet] = [await publishedDay(), await publishedDay()];
    // Of somebody who bought nothing: the exact search leaves the window alone.
    await store([event(day.tenantId, randomUUID(), day.windowStartMs)]);
    expect(await reconcileOnce(parts)).toMatchObject({ reopened: 0 });
    expect(await auditIn(RECHECK_AFTER_MS - 60_000)).toMatchObject({ reopened: 0 });
    expect(await auditIn(RECHECK_AFTER_MS + 60_000)).toMatchObject({ reopened: 1 });
    await untilSettled(parts, [day, quiet]);
    expect(await recordOf(parts, day)).toEqual({ version: 1, runs: ['close: published', 'reopen: unchanged'] });
    expect(await recordOf(parts, quiet)).toEqual({ version: 1, runs: ['close: published'] });
  });
});
