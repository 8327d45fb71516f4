import { WorkflowNotFoundError } from '@temporalio/client';
import { setTimeout as delay } from 'node:timers/promises';
import { type WindowClient, describeWindow, startWindow, windowHandle } from '../activities/client.ts';
import type { WindowKey } from '../activities/contract.ts';
import type { ClickHouse } from '../clickhouse/client.ts';
import { select } from './clickhouse.ts';

const LOOK_INTERVAL_MS = 100;
const GIVE_UP_MS = 600_000;
/** All that a run writes; emptied before the next one, so that each publishes a window that was never closed. */
const RUN_TABLES = ['credits_raw_v1', 'credits_per_day_v1', 'runs_raw_v1', 'publications_raw_v1'];

/** What one side of a pair took. */
export interface Cost {
  readonly ms: number;
  /** CPU that ClickHouse spent on it. */
  readonly cpuMs: number;
  /** The highest memory of one query. */
  readonly memoryBytes: number;
}

/** The parts of a run's time, in their order; together they are all of it. */
export const STAGES = ['begin', 'compute', 'verify', 'publish'] as const;
export type Stage = (typeof STAGES)[number];

export interface RunCost extends Cost {
  readonly stagesMs: Readonly<Record<Stage, number>>;
  /** How long ClickHouse worked on the statement that computes the credits. */
  readonly statementMs: number;
}

/** Where runs are measured. */
interface Setting {
  readonly windows: WindowClient;
  readonly clickhouse: ClickHouse;
}

/** Starts the workflow of a window that was never closed and measures until its publication is in ClickHouse. */
export async function measureRun(setting: Setting, window: WindowKey): Promise<RunCost> {
  const { windows, clickhouse } = setting;
  const startedAtMs = epochMs();
  await startWindow(windows, window);
  await waitForPublication(setting, window);
  const queries = await queriesSince(clickhouse, startedAtMs);
  const of = (name: string) => queries.filter((query) => query.name === name);
  const publishedAtMs = of('insert_publication')[0]?.endedAtMs ?? Number.NaN;
  const [compute, publish] = await Promise.all([
    timesOf({ windows, window, activity: 'computeRun' }),
    timesOf({ windows, window, activity: 'publishRun' }),
  ]);
  const ms = publishedAtMs - startedAtMs;
  return {
    ms,
    cpuMs: queries.reduce((sum, query) => sum + query.cpuMs, 0),
    memoryBytes: Math.max(...queries.map(({ memoryBytes }) => memoryBytes)),
    stagesMs: {
      begin: compute.fromMs - startedAtMs,
      compute: compute.toMs - compute.fromMs,
      verify: publish.fromMs - compute.toMs,
      publish: publishedAtMs - publish.fromMs,
    },
    statementMs: of('compute_credits')[0]?.durationMs ?? Number.NaN,
  };
}

/** Ends the workflow of a window and removes what its run wrote. */
export async function forgetRun({ windows, clickhouse }: Setting, window: WindowKey): Promise<void> {
  await windowHandle(windows, window)
    .terminate('the bench measures it again')
    .catch((error: unknown) => {
      if (!(error instanceof WorkflowNotFoundError)) throw error;
    });
  for (const table of RUN_TABLES) await clickhouse.client.command({ query: `TRUNCATE TABLE ${table}` });
}

/** What a named query of the bench's own took, by its id. */
export async function costOfQuery(clickhouse: ClickHouse, queryId: string): Promise<Omit<Cost, 'ms'>> {
  const [query] = await readQueryLog(clickhouse, `query_id = '${queryId}'`);
  if (query === undefined) throw new Error(`the query ${queryId} is not in the log`);
  return query;
}

/** Now, as precisely as the server's log has it. */
const epochMs = (): number => performance.timeOrigin + performance.now();

/**
 * Until readers find the publication, which is looked for seldom and cheaply to leave the machine to the run, and until
 * the workflow waits for late data and has nothing more to do.
 */
async function waitForPublication({ windows, clickhouse }: Setting, window: WindowKey): Promise<void> {
  await waitUntil(async () => {
    const [row] = await select<{ found: number }>(clickhouse, 'SELECT count() AS found FROM publications_raw_v1');
    return row?.found === 1;
  });
  await waitUntil(async () => (await describeWindow(windows, window))?.phase === 'open');
}

async function waitUntil(isReached: () => Promise<boolean>): Promise<void> {
  const started = performance.now();
  while (!(await isReached())) {
    if (performance.now() - started > GIVE_UP_MS) throw new Error(`the window was not published in ${GIVE_UP_MS} ms`);
    await delay(LOOK_INTERVAL_MS);
  }
}

interface LoggedQuery {
  readonly name: string;
  readonly endedAtMs: number;
  readonly durationMs: number;
  readonly cpuMs: number;
  readonly memoryBytes: number;
}

/** The queries of the worker in the database of the bench. */
const queriesSince = (clickhouse: ClickHouse, sinceMs: number): Promise<LoggedQuery[]> =>
  readQueryLog(clickhouse, `log_comment != '' AND query_start_time_microseconds >= ${sinceMs / 1_000}`);

async function readQueryLog(clickhouse: ClickHouse, condition: string): Promise<LoggedQuery[]> {
  await clickhouse.client.command({ query: 'SYSTEM FLUSH LOGS query_log' });
  return select<LoggedQuery>(
    clickhouse,
    `SELECT
       log_comment AS name,
       toUnixTimestamp64Micro(event_time_microseconds) / 1000 AS endedAtMs,
       query_duration_ms AS durationMs,
       ProfileEvents['OSCPUVirtualTimeMicroseconds'] / 1000 AS cpuMs,
       memory_usage AS memoryBytes
     FROM system.query_log
     WHERE type = 'QueryFinish' AND current_database = '${clickhouse.database}' AND ${condition}
     ORDER BY event_time_microseconds`,
  );
}

/** When the worker worked on an activity that has a place of its own in the history of the workflow. */
async function timesOf(of: {
  windows: WindowClient;
  window: WindowKey;
  activity: string;
}): Promise<{ fromMs: number; toMs: number }> {
  const events = (await windowHandle(of.windows, of.window).fetchHistory()).events ?? [];
  const at = (time: { seconds?: unknown; nanos?: number | null } | null | undefined): number =>
    Number(time?.seconds ?? 0) * 1_000 + (time?.nanos ?? 0) / 1e6;
  const byId = new Map(events.map((event) => [String(event.eventId), event]));
  const completed = events.find(({ activityTaskCompletedEventAttributes: end }) => {
    const scheduled = byId.get(String(end?.scheduledEventId))?.activityTaskScheduledEventAttributes;
    return scheduled?.activityType?.name === of.activity;
  });
  const started = byId.get(String(completed?.activityTaskCompletedEventAttributes?.startedEventId));
  return { fromMs: at(started?.eventTime), toMs: at(completed?.eventTime) };
}
