import { MockActivityEnvironment } from '@temporalio/testing';
import { DefaultLogger } from '@temporalio/worker';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { RunContext, WindowKey } from '../../activities/contract.ts';
import { PUBLISHABLE_MS, REMOVABLE_MS } from '../../activities/run-queries.ts';
import { kafkaAdminConfig } from '../../bin/kafka-connection.ts';
import { type KafkaAdmin, createKafkaAdmin } from '../../kafka/admin.ts';
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

const removeIn = (aheadMs: number): Promise<void> => call('removeUnpublishedRuns', { version: 1 }, aheadMs);

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
