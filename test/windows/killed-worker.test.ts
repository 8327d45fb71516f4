import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { describeWindow, startWindow, windowHandle } from '../../activities/client.ts';
import type { WindowKey } from '../../activities/contract.ts';
import { readLatestRun } from '../../activities/run-queries.ts';
import { HEARTBEAT_TIMEOUT_MS } from '../../workflows/heartbeat-timeouts.ts';
import { testEnv } from '../support/parts.ts';
import { recordOf, startQuietWorker, untilSettled } from './reconciling.ts';
import { type StatementGate, startStatementGate } from './statement-gate.ts';
import {
  type Parts,
  type WorkerProcess,
  journey,
  newTenant,
  pastDay,
  publishedCredits,
  startParts,
  startWorker,
} from './setup.ts';

/** A dead worker is noticed after its silence; then the work is done once more. */
const TAKEOVER_MS_MAX = Math.max(...Object.values(HEARTBEAT_TIMEOUT_MS)) + 60_000;

/** Where the worker is when it is killed: one window of a tenant of its own for each. */
interface Stages {
  arriving: WindowKey;
  computing: WindowKey;
  computed: WindowKey;
  publishing: WindowKey;
  published: WindowKey;
}

let parts: Parts;
let gate: StatementGate;
let successor: WorkerProcess;
let stages: Stages;
let killedRunId: string;
/** What was there at the moment of the kill. */
let atTheKill: { publications: number[]; rowsOfKilledRun: number };

beforeAll(async () => {
  parts = await startParts();
  gate = await startStatementGate(testEnv.CLICKHOUSE_URL);
  const worker = await startQuietWorker(parts, { CLICKHOUSE_URL: gate.url });
  stages = {
    arriving: await newWindow(),
    computing: await newWindow(),
    computed: await newWindow(),
    publishing: await newWindow(),
    published: await newWindow(),
  };
  const { arriving, computing, ...held } = stages;
  await parts.produce([computing, ...Object.values(held)].flatMap((window) => journeyIn(window)));
  await parts.sink();
  await holdAndStart(held);
  killedRunId = await startAndHoldInServer(computing);
  await parts.produce(journeyIn(arriving));
  await startWindow(parts.windows, arriving);
  await untilPhase(arriving, 'arriving');

  atTheKill = { publications: await publicationsOf(stages), rowsOfKilledRun: await creditsOfRun(killedRunId) };
  expect(await worker.end('SIGKILL')).toBe('SIGKILL');

  await releaseInServer();
  expect(await isRunning(killedRunId)).toBe(true);
  successor = await startWorker();
  await parts.sink();
  await untilSettled(parts, Object.values(stages), { timeoutMs: TAKEOVER_MS_MAX });
}, 2 * TAKEOVER_MS_MAX);
afterAll(async () => {
  expect(await successor.end('SIGTERM')).toBe(0);
  await gate.close();
});

const newWindow = async (): Promise<WindowKey> => pastDay(await newTenant(parts.pool), 3);
const journeyIn = ({ tenantId, windowStartMs }: WindowKey) => journey(tenantId, windowStartMs);
const untilPhase = (window: WindowKey, phase: string): Promise<void> =>
  vi.waitFor(async () => expect((await describeWindow(parts.windows, window))?.phase).toBe(phase), {
    timeout: 30_000,
    interval: 50,
  });

/** Starts these windows and waits until the worker hangs where each of them says. */
async function holdAndStart({
  computed,
  publishing,
  published,
}: Omit<Stages, 'arriving' | 'computing'>): Promise<void> {
  const kept = [
    gate.hold({ name: 'compute_credits', tenantId: computed.tenantId, keep: 'answer' }),
    gate.hold({ name: 'insert_publication', tenantId: publishing.tenantId, keep: 'request' }),
    gate.hold({ name: 'insert_publication', tenantId: published.tenantId, keep: 'answer' }),
  ];
  for (const window of [computed, publishing, published]) await startWindow(parts.windows, window);
  await Promise.all(kept);
}

/**
 * Starts a window whose statement stays in the server until it is stopped, because a view on the credits that it inserts
 * takes minutes. Gives the run, once Temporal knows which one is under way and part of its rows are there.
 */
async function startAndHoldInServer(window: WindowKey): Promise<string> {
  await command('CREATE TABLE test_held (run_id UUID) ENGINE = Null');
  await command(`CREATE MATERIALIZED VIEW test_hold TO test_held AS SELECT run_id FROM credits_raw_v1
    WHERE run_id IN (
      SELECT generateUUIDv4() FROM numbers(6000) WHERE sleepEachRow(0.05) = 1 SETTINGS max_block_size = 1
    )`);
  await startWindow(parts.windows, window);
  return vi.waitFor(
    async () => {
      const { raw } = await windowHandle(parts.windows, window).describe();
      const details = raw.pendingActivities?.[0]?.heartbeatDetails?.payloads?.[0]?.data;
      expect(details).toBeDefined();
      const { runId } = JSON.parse(Buffer.from(details ?? []).toString()) as { runId: string };
      expect(await isRunning(runId)).toBe(true);
      expect(await creditsOfRun(runId)).toBeGreaterThan(0);
      return runId;
    },
    { timeout: 30_000, interval: 50 },
  );
}

/** The next statements run through; the one under way keeps the view that it began with. */
const releaseInServer = (): Promise<void> => command('DROP TABLE test_hold');

async function command(query: string): Promise<void> {
  await parts.clickhouse.client.command({ query });
}

async function numberOf(query: string, query_params: Record<string, unknown>): Promise<number> {
  const result = await parts.clickhouse.client.query({ query, query_params, format: 'JSONEachRow' });
  const [row] = await result.json<{ number: number }>();
  return Number(row?.number);
}

const isRunning = async (runId: string): Promise<boolean> =>
  (await numberOf('SELECT count() AS number FROM system.processes WHERE query_id = {runId:String}', { runId })) > 0;
const creditsOfRun = (runId: string): Promise<number> =>
  numberOf('SELECT count() AS number FROM credits_raw_v1 WHERE run_id = {runId:UUID}', { runId });
const publicationsOf = (windows: Stages): Promise<number[]> =>
  Promise.all(
    Object.values(windows).map(({ tenantId }: WindowKey) =>
      numberOf('SELECT count() AS number FROM publications_raw_v1 WHERE tenant_id = {tenantId:String}', { tenantId }),
    ),
  );

describe('a worker that is killed and followed by another', () => {
  test.each(['arriving', 'computing', 'computed', 'publishing', 'published'] as const)(
    'while a window is %s leaves exactly one publication, and readers see its credits',
    async (stage) => {
      const window = stages[stage];
      expect(await recordOf(parts, window)).toEqual({ version: 1, runs: ['close: published'] });
      expect(await publishedCredits(parts.clickhouse, window)).toEqual([
        ['last_touch', 'search', 1],
        ['linear', 'search', 1],
      ]);
      expect(await describeWindow(parts.windows, window)).toMatchObject({ lastOutcome: { state: 'published' } });
    },
  );

  test('was killed where it should be, and each window is published once since', async () => {
    // Only the one whose publication was written when nobody heard of it any more.
    expect(atTheKill.publications).toEqual([0, 0, 0, 0, 1]);
    expect(await publicationsOf(stages)).toEqual([1, 1, 1, 1, 1]);
  });

  test('leaves no statement behind that works for nobody, and no rows of it', async () => {
    expect(atTheKill.rowsOfKilledRun).toBeGreaterThan(0);
    expect(await isRunning(killedRunId)).toBe(false);
    expect(await creditsOfRun(killedRunId)).toBe(0);
    const [run] = await readLatestRun(parts.clickhouse, stages.computing);
    expect(run?.runId).not.toBe(killedRunId);
    for (const { tenantId } of Object.values(stages)) {
      const count = 'SELECT uniqExact(run_id) AS number FROM credits_raw_v1 WHERE tenant_id = {tenantId:String}';
      expect(await numberOf(count, { tenantId })).toBe(1);
    }
  });
});
