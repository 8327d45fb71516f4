import { readFileSync } from 'node:fs';
import { v7 as uuidv7 } from 'uuid';
import type { WindowClient } from '../activities/client.ts';
import type { WindowKey } from '../activities/contract.ts';
import { replayHandle, startReplay } from '../activities/replay-client.ts';
import { windowAt } from '../activities/window-range.ts';
import { connectTemporal } from '../bin/temporal.ts';
import type { ClickHouse } from '../clickhouse/client.ts';
import { settingsSchema } from '../events/settings.ts';
import { topicName } from '../kafka/topics.ts';
import { type PostgresPool, createPostgresPool } from '../postgres/pool.ts';
import { createReplay } from '../postgres/replays.ts';
import { createTenant } from '../postgres/tenants.ts';
import { type BenchOptions, type BenchReport, formatCount, formatNumber, measureInTurn, median } from './bench.ts';
import { cpuSeconds, stopChild } from './child.ts';
import { dropDatabase, openDatabase, select } from './clickhouse.ts';
import { type BenchParts, startBenchParts } from './parts.ts';
import { bareLoop } from './replay-loop.ts';
import { RECORDS_PER_PARTITION, SETTINGS, playSink, waitForMerges } from './window-data.ts';
import { prepareStores, removeSchedules, startQuietWorker } from './worker.ts';

const HOUR_MS = 3_600_000;
const RATIO_GOAL = 1.2;
/** Each converts once: two thousand conversions in an hour are as many a day as the bench of one window has. */
const USERS_PER_WINDOW = 2_000;
const USERS_PER_FILL = 100_000;
/** What a replay has under way at once where its tenant may compute four windows: one turn is for live ones. */
const AT_ONCE = 3;
const TENANT = 'replay';
/** All that a replay writes into ClickHouse; emptied before the next contestant. */
const RUN_TABLES = ['credits_raw_v1', 'credits_per_day_v1', 'runs_raw_v1', 'publications_raw_v1', 'replay_runs_raw_v1'];
const FILL_SQL = readFileSync(new URL('./replay-events.sql', import.meta.url), 'utf8');

const HOURLY = settingsSchema.parse({ ...SETTINGS, granularity: '1h' });

/** Everything that is measured on. */
interface Setting {
  readonly parts: BenchParts;
  readonly clickhouse: ClickHouse;
  readonly pool: PostgresPool;
  readonly windows: WindowClient;
  readonly workerPid: number;
  readonly options: BenchOptions;
}

interface Round {
  readonly ms: number;
  /** CPU-seconds of ClickHouse, and of Temporal with the worker. */
  readonly cpu: { readonly clickhouse: number; readonly others: number };
  readonly made: string;
}

/** A replay of many windows from its start to its end, against the same statements in a loop. */
export async function benchReplay(options: BenchOptions): Promise<BenchReport> {
  const parts = await startBenchParts(['clickhouse', 'kafka', 'postgres', 'temporal', 'jaeger']);
  try {
    const { env } = parts;
    await prepareStores(parts);
    await playSink(env);
    const clickhouse = await openDatabase(env);
    const pool = createPostgresPool({ url: env.POSTGRES_URL, applicationName: 'bench' });
    const windows = await connectTemporal(env);
    const worker = await startQuietWorker(parts);
    try {
      const setting = { parts, clickhouse, pool, windows, workerPid: worker.child.pid ?? 0, options };
      return await measure(setting, options.quick ? { rounds: 2, each: 12 } : { rounds: 5, each: 200 });
    } finally {
      await stopChild(worker.child);
      await removeSchedules(windows);
      await windows.close();
      await pool.end();
      await dropDatabase(clickhouse);
    }
  } finally {
    await parts.stop();
  }
}

async function measure(setting: Setting, { rounds, each }: { rounds: number; each: number }): Promise<BenchReport> {
  // One more for the round that does not count: its caches are cold and nothing is compiled yet.
  const all = await fill(setting, (rounds + 1) * each);
  const contestants = (first: number) => {
    const some = (round: number) => all.slice((first + round) * each, (first + round + 1) * each);
    return {
      loop: (round: number) =>
        timed(setting, 'loop', () => bareLoop(setting.clickhouse, loopOf(setting, some(round), 1))),
      loopAtOnce: (round: number) =>
        timed(setting, `loop, ${AT_ONCE} at once`, () =>
          bareLoop(setting.clickhouse, loopOf(setting, some(round), AT_ONCE)),
        ),
      replay: (round: number) => timed(setting, 'replay', () => replay(setting, some(round))),
    };
  };
  await measureInTurn(1, contestants(0));
  const results = await measureInTurn(rounds, contestants(1));
  results.replay.forEach(({ made }, round) => {
    const others = [results.loop[round]?.made, results.loopAtOnce[round]?.made];
    if (others.some((other) => other !== made)) throw new Error('the loop and the replay do not give the same credits');
  });
  return report(setting, results, { windows: rounds * each, each });
}

/** A tenant with windows of an hour, the oldest first. */
async function fill({ parts: { env }, clickhouse, pool, options }: Setting, count: number): Promise<WindowKey[]> {
  await createTenant(pool, { tenantId: TENANT, settings: HOURLY });
  const toMs = Math.floor(Date.now() / HOUR_MS) * HOUR_MS - 24 * HOUR_MS;
  const fromMs = toMs - count * HOUR_MS;
  const users = count * USERS_PER_WINDOW;
  for (let firstUser = 0; firstUser < users; firstUser += USERS_PER_FILL) {
    await clickhouse.client.command({
      query: FILL_SQL,
      query_params: {
        tenantId: TENANT,
        fromMs,
        lengthMs: count * HOUR_MS,
        firstUser,
        users: Math.min(USERS_PER_FILL, users - firstUser),
        topic: topicName(env.KAFKA_PREFIX, 'events'),
        partitions: env.KAFKA_EVENTS_PARTITIONS,
        offsets: RECORDS_PER_PARTITION,
      },
    });
  }
  await waitForMerges(clickhouse);
  options.onProgress(`${formatCount(users)} conversions lie in ${formatCount(count)} windows`);
  return Array.from({ length: count }, (_, index) => windowAt(TENANT, '1h', fromMs + index * HOUR_MS));
}

function loopOf({ parts: { env } }: Setting, windows: readonly WindowKey[], atOnce: number) {
  const offsets = Array.from({ length: env.KAFKA_EVENTS_PARTITIONS }, () => RECORDS_PER_PARTITION);
  return { windows, atOnce, settings: HOURLY, cutoff: { [topicName(env.KAFKA_PREFIX, 'events')]: offsets } };
}

async function replay({ pool, windows }: Setting, some: readonly WindowKey[]): Promise<void> {
  const [first, last] = [some[0], some.at(-1)];
  if (first === undefined || last === undefined) throw new Error('there are no windows to replay');
  const { replay_id: replayId } = await createReplay(pool, {
    replayId: uuidv7(),
    tenantId: TENANT,
    rangeStart: new Date(first.windowStartMs),
    rangeEnd: new Date(last.windowEndMs),
    reason: 'bench',
    requestedBy: 'bench',
    settings: { kind: 'in_force' },
    asOf: null,
    isDryRun: false,
    concurrency: AT_ONCE,
    codeVersion: 'bench',
  });
  await startReplay(windows, { replayId, operation: 'run' });
  const counts = await replayHandle(windows, replayId, 'run').result();
  if (counts.published !== some.length) throw new Error(`the replay ended with ${JSON.stringify(counts)}`);
}

async function timed(setting: Setting, name: string, work: () => Promise<void>): Promise<Round> {
  const { clickhouse, options } = setting;
  for (const table of RUN_TABLES) await clickhouse.client.command({ query: `TRUNCATE TABLE ${table}` });
  const before = cpuOf(setting);
  const started = performance.now();
  await work();
  const ms = performance.now() - started;
  const after = cpuOf(setting);
  const cpu = { clickhouse: after.clickhouse - before.clickhouse, others: after.others - before.others };
  options.onProgress(`${name}: ${formatCount(ms)} ms`);
  return { ms, cpu, made: await readMade(clickhouse) };
}

function cpuOf({ parts, workerPid }: Setting): Round['cpu'] {
  const of = (pid: number | undefined): number => (pid === undefined ? Number.NaN : cpuSeconds(pid));
  return { clickhouse: of(parts.pidOf('clickhouse')), others: of(parts.pidOf('temporal')) + of(workerPid) };
}

/** What lies in the table of credits, but what tells runs apart, and how many windows are published. */
async function readMade(clickhouse: ClickHouse): Promise<string> {
  const [made] = await select<{ credits: string; windows: number }>(
    clickhouse,
    `SELECT toString(sum(cityHash64(* EXCEPT (run_id, row_hash)))) AS credits,
       (SELECT uniqExact(window_start) FROM publications_raw_v1) AS windows
     FROM credits_raw_v1`,
  );
  return JSON.stringify(made);
}

type Results = Record<'loop' | 'loopAtOnce' | 'replay', Round[]>;

function report(
  { parts }: Setting,
  results: Results,
  { windows, each }: { windows: number; each: number },
): BenchReport {
  const sum = (rounds: readonly Round[], of: (round: Round) => number): number =>
    rounds.reduce((total, round) => total + of(round), 0);
  const best = results.loop.map(({ ms }, round) => Math.min(ms, results.loopAtOnce[round]?.ms ?? Number.NaN));
  const ratio = median(results.replay.map(({ ms }, round) => ms / (best[round] ?? Number.NaN)));
  const row = (name: string, rounds: readonly Round[]): string[] => [
    name,
    formatNumber(sum(rounds, ({ ms }) => ms) / 1_000),
    formatNumber(sum(rounds, ({ ms }) => ms) / windows),
    formatNumber(median(rounds.map(({ ms }, round) => ms / (best[round] ?? Number.NaN))), 2),
    formatNumber((sum(rounds, ({ cpu }) => cpu.clickhouse) / windows) * 1_000, 0),
    formatNumber((sum(rounds, ({ cpu }) => cpu.others) / windows) * 1_000, 0),
  ];
  return {
    title: 'Replay: many windows again',
    how:
      `\`unmogrowp replay\` of ${formatCount(windows)} windows of an hour, ${formatCount(USERS_PER_WINDOW)} conversions and about ` +
      `${formatCount(8 * USERS_PER_WINDOW)} touchpoints in each, five models, a lookback of seven days, ${AT_ONCE} windows at once; against a ` +
      'loop that gives ClickHouse the same statements for each window (credits, what they must add up to, run, publication) and ' +
      `does nothing else, one window after the other and ${AT_ONCE} at once. In turn, ${formatCount(each)} windows a round, after a round that ` +
      'does not count; the ratio is to the faster loop of the same round. Every round checks that all have made the same credits. ' +
      'CPU is that of the processes per window; that of the loop’s own client is not counted.',
    tables: [
      {
        head: [
          'by',
          'seconds',
          'ms a window',
          'against the best loop',
          'CPU ms of ClickHouse',
          'CPU ms of Temporal and worker',
        ],
        rows: [
          row('loop', results.loop),
          row(`loop, ${AT_ONCE} at once`, results.loopAtOnce),
          row('replay', results.replay),
        ],
      },
    ],
    goals: [
      {
        text: `at most ${RATIO_GOAL} times the time of the best bare loop`,
        measured: formatNumber(ratio, 2),
        isMet: ratio <= RATIO_GOAL,
      },
    ],
    versions: parts.versions,
  };
}
