import { randomUUID } from 'node:crypto';
import { MockActivityEnvironment } from '@temporalio/testing';
import { DefaultLogger } from '@temporalio/worker';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { RunContext, WindowKey } from '../../activities/contract.ts';
import {
  DRY_RUN_PUBLISHABLE_MS,
  DRY_RUN_REMOVABLE_MS,
  PUBLISHABLE_MS,
  REMOVABLE_MS,
} from '../../activities/run-queries.ts';
import { kafkaAdminConfig } from '../../bin/kafka-connection.ts';
import { type KafkaAdmin, createKafkaAdmin } from '../../kafka/admin.ts';
import { createReplay } from '../../postgres/replays.ts';
import { testEnv } from '../support/parts.ts';
import { activitiesIn } from './activities.ts';
import { recordOf } from './reconciling.ts';
import { type Parts, journey, newTenant, pastDay, publishedCredits, startParts } from './setup.ts';

let parts: Parts;
let kafkaAdmin: KafkaAdmin;
beforeAll(async () => {
  parts = await startParts();
  kafkaAdmin = createKafkaAdmin(kafkaAdminConfig(testEnv, 'test'));
});
afterAll(() => kafkaAdmin.close());

type Activities = ReturnType<typeof activitiesIn>;
type Result<Name extends keyof Activities> = Awaited<ReturnType<Activities[Name]>>;

/** Calls one activity as a worker does. */
function call<Name extends keyof Activities>(
  name: Name,
  input: Parameters<Activities[Name]>[0],
  aheadMs = 0,
): Promise<Result<Name>> {
  const activity = activitiesIn(parts, kafkaAdmin, aheadMs)[name] as (input: unknown) => Promise<Result<Name>>;
  return new MockActivityEnvironment({}, { logger: new DefaultLogger('ERROR') }).run(activity, input);
}

/** What the janitor would remove if so much time had passed. */
async function removeIn(passedMs: number): Promise<void> {
  await makeOlder(passedMs);
  await call('removeUnpublishedRuns', { version: 1 });
  await makeOlder(-passedMs);
}

/** Ages are measured by the clock of ClickHouse, which nobody can put forward: what is stored is put back instead. */
async function makeOlder(ms: number): Promise<void> {
  for (const [table, moment] of [
    ['credits_per_day_v1', 'inserted_at'],
    ['replay_runs_raw_v1', 'recorded_at'],
  ]) {
    await parts.clickhouse.client.command({
      query: `ALTER TABLE ${table} UPDATE ${moment} = ${moment} - toIntervalMillisecond(${ms}) WHERE true`,
      clickhouse_settings: { mutations_sync: '1' },
    });
  }
}

/** A day with one purchase, ready to be computed. */
async function windowWithData(): Promise<RunContext> {
  const window = pastDay(await newTenant(parts.pool), 3);
  await parts.produce(journey(window.tenantId, window.windowStartMs));
  await parts.sink();
  const { cutoff } = await call('awaitArrival', { version: 1, window });
  return { version: 1, window, reason: 'close', settingsVersion: 1, cutoff };
}

/** One more run of the window, verified and not published. */
async function runOnce(context: RunContext): Promise<string> {
  const run = await call('computeRun', context);
  await call('verifyRun', { ...context, ...run });
  return run.runId;
}

const publish = (context: RunContext, runId: string, aheadMs = 0) =>
  call('publishRun', { ...context, runId, publicationVersion: 1, publishedAtMs: Date.now() }, aheadMs);

/** Rows of credit, and of credit per day, that are stored of a tenant or of one of its runs. */
async function storedRows({ tenantId }: WindowKey, runId = ''): Promise<number[]> {
  const counts = ['credits_raw_v1', 'credits_per_day_v1'].map(async (table) => {
    const result = await parts.clickhouse.client.query({
      query: `SELECT count() AS number FROM ${table}
        WHERE tenant_id = {tenantId:String} AND ({runId:String} = '' OR toString(run_id) = {runId:String})`,
      query_params: { tenantId, runId },
      format: 'JSONEachRow',
    });
    return (await result.json<{ number: number }>())[0]?.number ?? -1;
  });
  return Promise.all(counts);
}

const HELD = [2, 2];
const GONE = [0, 0];

test('what was never published is removed after a day; what is published or under way stays', async () => {
  const context = await windowWithData();
  const { window } = context;
  const published = await runOnce(context);
  await publish(context, published);
  const credits = await publishedCredits(parts.clickhouse, window);
  const unchanged = await runOnce(context);
  const underWay = await windowWithData();
  const inProgress = await runOnce(underWay);

  await removeIn(0);
  await removeIn(REMOVABLE_MS - 60_000);
  expect(await storedRows(window, unchanged)).toEqual(HELD);
  expect(await storedRows(underWay.window, inProgress)).toEqual(HELD);

  await publish(underWay, inProgress);
  await removeIn(REMOVABLE_MS + 60_000);
  await removeIn(REMOVABLE_MS + 60_000);
  expect(await storedRows(window, unchanged)).toEqual(GONE);
  expect(await storedRows(window, published)).toEqual(HELD);
  expect(await storedRows(underWay.window, inProgress)).toEqual(HELD);
  expect(await publishedCredits(parts.clickhouse, window)).toEqual(credits);
  // That there was such a run stays known.
  expect(await recordOf(parts, window)).toEqual({ version: 1, runs: ['close: published', 'close: unchanged'] });
});

test('a run that waited for so long that it may have been removed is not published', async () => {
  const context = await windowWithData();
  const runId = await runOnce(context);
  await expect(publish(context, runId, PUBLISHABLE_MS + 1_000)).rejects.toMatchObject({ type: 'run_expired' });
  expect(await recordOf(parts, context.window)).toEqual({ version: 0, runs: ['close: computed'] });
  await publish(context, runId);
  // Whoever did not hear of it asks again, and it is still the same publication.
  await publish(context, runId, 10 * PUBLISHABLE_MS);
  expect(await recordOf(parts, context.window)).toEqual({ version: 1, runs: ['close: published'] });
});

/** A dry run of the window, computed and not published. */
async function dryRunOf(context: RunContext): Promise<{ replayId: string; runId: string }> {
  const { window } = context;
  const { replay_id: replayId } = await createReplay(parts.pool, {
    replayId: randomUUID(),
    tenantId: window.tenantId,
    rangeStart: new Date(window.windowStartMs),
    rangeEnd: new Date(window.windowEndMs),
    reason: '',
    requestedBy: 'test',
    settings: { kind: 'in_force' },
    asOf: null,
    isDryRun: true,
    concurrency: 1,
    codeVersion: 'test',
  });
  const runId = await runOnce({ ...context, reason: 'replay', replayId });
  const ended = { state: 'computed', runId, base: null, publicationVersion: 0, failure: null } as const;
  const record = { ...ended, recordedAtMs: Date.now() };
  await call('leaveReplayRun', { version: 1, replayId, window, record, durationMs: 1 });
  return { replayId, runId };
}

test('what a dry run computed is kept for as long as it can be published, and a day later it is removed', async () => {
  const contexts = [await windowWithData(), await windowWithData()] as const;
  const [looked, forgotten] = [await dryRunOf(contexts[0]), await dryRunOf(contexts[1])];
  const publishIn = (aheadMs: number, { replayId }: typeof looked, { window }: RunContext) => {
    const request = { version: 1, operation: 'publish', replayId, window, publishedAtMs: Date.now() } as const;
    return call('publishReplayRun', request, aheadMs);
  };
  await removeIn(REMOVABLE_MS + 60_000);
  await removeIn(DRY_RUN_PUBLISHABLE_MS - 60_000);
  expect(await publishIn(DRY_RUN_PUBLISHABLE_MS - 60_000, looked, contexts[0])).toMatchObject({ state: 'published' });
  expect(await publishIn(DRY_RUN_PUBLISHABLE_MS + 60_000, forgotten, contexts[1])).toMatchObject({ state: 'conflict' });
  await removeIn(DRY_RUN_REMOVABLE_MS - 60_000);
  expect(await storedRows(contexts[1].window, forgotten.runId)).toEqual(HELD);
  await removeIn(DRY_RUN_REMOVABLE_MS + 60_000);
  expect(await storedRows(contexts[1].window, forgotten.runId)).toEqual(GONE);
  expect(await storedRows(contexts[0].window, looked.runId)).toEqual(HELD);
});

test('a statement that fails half way leaves no rows', async () => {
  const context = await windowWithData();
  const { tenantId } = context.window;
  await parts.clickhouse.client.command({ query: 'CREATE TABLE test_failed (failed UInt8) ENGINE = Null' });
  await parts.clickhouse.client.command({
    query: `CREATE MATERIALIZED VIEW test_failing TO test_failed AS
      SELECT throwIf(tenant_id = '${tenantId}') AS failed FROM credits_raw_v1`,
  });
  await expect(call('computeRun', context)).rejects.toMatchObject({ type: 'clickhouse_query_failed' });
  expect(await storedRows(context.window)).toEqual(GONE);
  await parts.clickhouse.client.command({ query: 'DROP TABLE test_failing' });
  await publish(context, await runOnce(context));
  expect(await recordOf(parts, context.window)).toEqual({ version: 1, runs: ['close: published'] });
});
