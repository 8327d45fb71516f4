import { setTimeout as wait } from 'node:timers/promises';
import { type OldTenant, newTenantId, sendOldEvents, untilPublished } from './tenants.ts';
import type { LastingFault, Scenario, Scene } from './scenario.ts';

const EVENTS_PER_DAY = 60;
const DAYS = 3;
/** Several times as many windows at once as the worker has places for activities. */
const BUSY_TENANTS = 24;
const SLOW_COMPUTE_MS = 5_000;

const sendTo = ({ pipeline, seed }: Scene, name: string): Promise<OldTenant> =>
  sendOldEvents(pipeline.stage, { tenantId: newTenantId(name), seed, eventsPerDay: EVENTS_PER_DAY });

/** When the windows of a tenant begin that are in that state, the newest first. */
async function windowsOf({ pipeline }: Scene, tenantId: string, state?: string): Promise<string[]> {
  const args = ['windows', 'list', '--tenant', tenantId, '--json', '--limit', String(DAYS * 24)];
  const { stdout } = await pipeline.unmogrowp(...args, ...(state === undefined ? [] : ['--state', state]));
  return (JSON.parse(stdout) as { window_start: string }[]).map((window) => window.window_start);
}

/** The window that somebody who follows a page would look at: the newest of the tenant in that state. */
async function wordsOf(scene: Scene, tenantId: string, state?: string): Promise<Record<string, string>> {
  const [window] = await windowsOf(scene, tenantId, state);
  if (window === undefined) throw new Error(`${tenantId} has no window ${state ?? ''}`);
  return { TENANT: tenantId, WINDOW: window };
}

/** Keeps a statement of the worker from ClickHouse for ever; what waits for it begins anew with a new worker. */
function holdStatement({ pipeline: { stage } }: Scene, name: string): LastingFault {
  const hold = stage.lines.clickhouse.holds.begin({ name }, 'request');
  return {
    async heal() {
      hold.end();
      await stage.processes.worker.kill();
      await stage.processes.worker.start();
    },
  };
}

/** Takes a table away, as a hand does that cleans up too much. */
async function takeAway({ pipeline: { stage } }: Scene, table: string): Promise<() => Promise<void>> {
  const { client } = stage.clickhouse;
  await client.command({ query: `RENAME TABLE ${table} TO ${table}_away` });
  return async () => void (await client.command({ query: `RENAME TABLE ${table}_away TO ${table}` }));
}

/** A replay of everything that a tenant has, which nobody waits for. */
async function startReplay({ pipeline }: Scene, tenantId: string): Promise<string> {
  const day = (ago: number): string => new Date(Date.now() - ago * 86_400_000).toISOString().slice(0, 10);
  const range = ['--from', day(30), '--to', day(0)];
  const options = ['--tenant', tenantId, ...range, '--reason', 'a proof', '--detach', '--json'];
  const { stdout, stderr } = await pipeline.unmogrowp('replay', ...options);
  const { replay_id: replay } = JSON.parse(stdout || '{}') as { replay_id?: string };
  if (replay === undefined) throw new Error(`no replay was started: ${stdout}${stderr}`);
  return replay;
}

/** Does something again and again, as somebody does who does not look at what it says; gives what ends that. */
function keepTrying(work: () => Promise<void>): () => Promise<void> {
  const ending = new AbortController();
  const trying = (async () => {
    while (!ending.signal.aborted) await work();
  })();
  // Who ends it hears of its error.
  trying.catch(() => undefined);
  return async () => {
    ending.abort();
    await trying;
  };
}

/** Computes everything of a tenant again, one replay after the other. */
const keepReplaying = (scene: Scene, tenantId: string): (() => Promise<void>) =>
  keepTrying(async () => {
    const replay = await startReplay(scene, tenantId);
    await scene.pipeline.unmogrowp('replay', 'watch', replay);
  });

/** Closes windows of a tenant that do not add up, though nothing has changed. */
const keepClosing = (scene: Scene, tenantId: string): (() => Promise<void>) =>
  keepTrying(async () => {
    await wait(1_000, undefined, { signal: scene.signal });
    const [window] = await windowsOf(scene, tenantId, 'inconsistent');
    if (window !== undefined) await scene.pipeline.unmogrowp('windows', 'close', tenantId, window);
  });

/** The newest replay that somebody would look at: it has done what it could. */
async function newestEndedReplay({ pipeline }: Scene, tenantId: string): Promise<string> {
  const { stdout } = await pipeline.unmogrowp('replay', 'list', '--tenant', tenantId, '--json');
  const ended = (JSON.parse(stdout) as { replay_id: string; state: string }[]).find(({ state }) => state === 'ended');
  if (ended === undefined) throw new Error(`no replay of ${tenantId} has ended`);
  return ended.replay_id;
}

/** Windows and replays that stand still, fail, or do not add up. */
export const SCENARIOS_OF_WINDOWS: readonly Scenario[] = [
  {
    name: 'credits-held',
    title: 'the statement that computes credits never reaches ClickHouse, and a replay is started',
    alerts: ['WindowOverdue', 'ReplayStalled'],
    alertsAfter: ['WindowCloseBudgetBurn'],
    async inject(scene) {
      const { pipeline, signal } = scene;
      const published = await sendTo(scene, 'replayed');
      await untilPublished(pipeline.stage, published, signal);
      const held = holdStatement(scene, 'compute_credits');
      const { tenantId } = await sendTo(scene, 'overdue');
      const replay = await startReplay(scene, published.tenantId);
      return { ...held, words: async () => ({ ...(await wordsOf(scene, tenantId)), REPLAY: replay }) };
    },
  },
  {
    name: 'verification-held',
    title: 'the statement that verifies a run never reaches ClickHouse',
    alerts: ['WindowStuckInVerify'],
    async inject(scene) {
      const held = holdStatement(scene, 'read_run_totals');
      const { tenantId } = await sendTo(scene, 'verifying');
      return { ...held, words: () => wordsOf(scene, tenantId, 'verifying') };
    },
  },
  {
    name: 'table-away',
    title: 'the table of credits is renamed by hand while windows and replays are computed',
    alerts: ['WindowFailed', 'ReplayFailed'],
    async inject(scene) {
      const published = await sendTo(scene, 'replayed');
      await untilPublished(scene.pipeline.stage, published, scene.signal);
      const putBack = await takeAway(scene, 'credits_raw_v1');
      const { tenantId } = await sendTo(scene, 'failing');
      const endReplays = keepReplaying(scene, published.tenantId);
      return {
        async heal() {
          await putBack();
          await endReplays();
          await closeAll(scene, [tenantId, published.tenantId]);
        },
        words: async () => ({
          ...(await wordsOf(scene, tenantId, 'failed')),
          REPLAY: await newestEndedReplay(scene, published.tenantId),
        }),
      };
    },
  },
  {
    name: 'rows-deleted',
    title: 'clicks of a tenant are deleted from ClickHouse after their windows were published',
    alerts: ['LedgerEventsLost', 'WindowInconsistent', 'WindowCorrectnessBudgetBurn'],
    // Windows that nobody closes are refused once: the share of refused runs has to last until its page is followed.
    timeScale: 20,
    async inject(scene) {
      const { pipeline, signal } = scene;
      const { client } = pipeline.stage.clickhouse;
      const tenant = await sendTo(scene, 'lossy');
      const { tenantId } = tenant;
      await untilPublished(pipeline.stage, tenant, signal);
      await client.command({ query: 'CREATE TABLE IF NOT EXISTS rows_of_a_proof_v1 AS events_raw_v1' });
      const lost = `tenant_id = '${tenantId}' AND event_type = 'click'`;
      await client.command({ query: `INSERT INTO rows_of_a_proof_v1 SELECT * FROM events_raw_v1 WHERE ${lost}` });
      await client.command({ query: `ALTER TABLE events_raw_v1 DELETE WHERE ${lost} SETTINGS mutations_sync = 1` });
      await pipeline.unmogrowp('reconcile', '--tenant', tenantId);
      const endClosing = keepClosing(scene, tenantId);
      return {
        async heal() {
          await endClosing();
          await client.command({ query: `INSERT INTO events_raw_v1 SELECT * FROM rows_of_a_proof_v1 WHERE ${lost}` });
          await pipeline.unmogrowp('reconcile', '--tenant', tenantId);
        },
        words: () => wordsOf(scene, tenantId, 'inconsistent'),
      };
    },
  },
  {
    name: 'busy-workers',
    title: `credits take ${SLOW_COMPUTE_MS / 1_000} s longer, and windows of ${BUSY_TENANTS} tenants are due`,
    alerts: ['WorkflowActivityBacklog'],
    async inject(scene) {
      const { stage } = scene.pipeline;
      const trouble = { kind: 'slow', pattern: { name: 'compute_credits' }, delayMs: SLOW_COMPUTE_MS } as const;
      const end = stage.lines.clickhouse.begin(trouble);
      for (let tenant = 0; tenant < BUSY_TENANTS; tenant += 1) await sendTo(scene, 'busy');
      return { heal: () => Promise.resolve(end()) };
    },
  },
];

/** What a page says to do when the cause is gone: not to wait ten minutes for the next try. */
async function closeAll(scene: Scene, tenantIds: readonly string[]): Promise<void> {
  for (const tenantId of tenantIds) {
    const failed = await windowsOf(scene, tenantId, 'failed');
    await Promise.all(failed.map((start) => scene.pipeline.unmogrowp('windows', 'close', tenantId, start)));
  }
}
