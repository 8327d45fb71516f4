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
import {
  type BenchOptions,
  type BenchReport,
  type Goal,
  formatCount,
  formatNumber,
  measureInTurn,
  medianRatio,
} from './bench.ts';
import { cpuSeconds, stopChild } from './child.ts';
import { dropDatabase, openDatabase, select } from './clickhouse.ts';
import { type BenchParts, startBenchParts } from './parts.ts';
import { bareLoop } from './replay-loop.ts';
import { RECORDS_PER_PARTITION, SETTINGS, playSink, waitForMerges } from './window-data.ts';
import { prepareStores, removeSchedules, startQuietWorker } from './worker.ts';

const HOUR_MS = 3_600_000;
const LENGTHS_MS = { '1h': HOUR_MS, '1d': 24 * HOUR_MS } as const;
const RATIO_GOAL = 1.2;
const USERS_PER_FILL = 100_000;
/** What a replay has under way at once where its tenant may compute four windows: one turn is for live ones. */
const AT_ONCE = 3;
/** All that a replay writes into ClickHouse; emptied before the next contestant. */
const RUN_TABLES = ['credits_raw_v1', 'credits_per_day_v1', 'runs_raw_v1', 'publications_raw_v1', 'replay_runs_raw_v1'];
const FILL_SQL = readFileSync(new URL('./replay-events.sql', import.meta.url), 'utf8');

/** What is replayed. Each user of a window converts once in it. */
interface Shape {
  readonly granularity: keyof typeof LENGTHS_MS;
  readonly usersPerWindow: number;
  readonly rounds: number;
  /** Windows of one round. */
  readonly each: number;
}

/** The same traffic cut into hours, and into days. */
const SHAPES: readonly Shape[] = [
  { granularity: '1h', usersPerWindow: 2_000, rounds: 5, each: 200 },
  { granularity: '1d', usersPerWindow: 48_000, rounds: 3, each: 6 },
];
const QUICK: readonly Shape[] = [
  { granularity: '1h', usersPerWindow: 2_000, rounds: 2, each: 12 },
  { granularity: '1d', usersPerWindow: 48_000, rounds: 1, each: 3 },
];

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
      const measured: Measured[] = [];
      for (const shape of options.quick ? QUICK : SHAPES) {
        measured.push({ shape, results: await measure(setting, shape) });
        await clickhouse.client.command({ query: 'TRUNCATE TABLE events_raw_v1' });
      }
      return report(parts, measured);
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

type Results = Record<'loop' | 'loopAtOnce' | 'replay', Round[]>;
interface Measured {
  readonly shape: Shape;
  readonly results: Results;
}

async function measure(setting: Setting, shape: Shape): Promise<Results> {
  const { rounds, each } = shape;
  // One more for the round that does not count: its caches are cold and nothing is compiled yet.
  const all = await fill(setting, shape, (rounds + 1) * each);
  const contestants = (first: number) => {
    const some = (round: number) => all.slice((first + round) * each, (first + round + 1) * each);
    const loop = (round: number, atOnce: number) => () =>
      bareLoop(setting.clickhouse, loopOf(setting, shape, { windows: some(round), atOnce }));
    return {
      loop: (round: number) => timed(setting, 'loop', loop(round, 1)),
      loopAtOnce: (round: number) => timed(setting, `loop, ${AT_ONCE} at once`, loop(round, AT_ONCE)),
      replay: (round: number) => timed(setting, 'replay', () => replay(setting, shape, some(round))),
    };
  };
  await measureInTurn(1, contestants(0));
  const results = await measureInTurn(rounds, contestants(1));
  results.replay.forEach(({ made }, round) => {
    const others = [results.loop[round]?.made, results.loopAtOnce[round]?.made];
    if (others.some((other) => other !== made)) throw new Error('the loop and the replay do not give the same credits');
  });
  return results;
}

const tenantOf = ({ granularity }: Shape): string => `replay-${granularity}`;
const settingsOf = ({ granularity }: Shape) => settingsSchema.parse({ ...SETTINGS, granularity });

/** A tenant with so many windows, the oldest first. */
async function fill(
  { parts: { env }, clickhouse, pool, options }: Setting,
  shape: Shape,
  count: number,
): Promise<WindowKey[]> {
  const tenantId = tenantOf(shape);
  await createTenant(pool, { tenantId, settings: settingsOf(shape) });
  const lengthMs = LENGTHS_MS[shape.granularity];
  const toMs = Math.floor(Date.now() / lengthMs) * lengthMs - LENGTHS_MS['1d'];
  const fromMs = toMs - count * lengthMs;
  const users = count * shape.usersPerWindow;
  for (let firstUser = 0; firstUser < users; firstUser += USERS_PER_FILL) {
    await clickhouse.client.command({
      query: FILL_SQL,
      query_params: {
        tenantId,
        fromMs,
        lengthMs: count * lengthMs,
        firstUser,
        users: Math.min(USERS_PER_FILL, users - firstUser),
        topic: topicName(env.KAFKA_PREFIX, 'events'),
        partitions: env.KAFKA_EVENTS_PARTITIONS,
        offsets: RECORDS_PER_PARTITION,
      },
    });
  }
  await waitForMerges(clickhouse);
  options.onProgress(`${formatCount(users)} conversions lie in ${formatCount(count)} windows of ${shape.granularity}`);
  return Array.from({ length: count }, (_, index) => windowAt(tenantId, shape.granularity, fromMs + index * lengthMs));
}

function loopOf(
  { parts: { env } }: Setting,
  shape: Shape,
  some: { windows: readonly WindowKey[]; atOnce: number },
): Parameters<typeof bareLoop>[1] {
  const offsets = Array.from({ length: env.KAFKA_EVENTS_PARTITIONS }, () => RECORDS_PER_PARTITION);
  return { ...some, settings: settingsOf(shape), cutoff: { [topicName(env.KAFKA_PREFIX, 'events')]: offsets } };
}

async function replay({ pool, windows }: Setting, shape: Shape, some: readonly WindowKey[]): Promise<void> {
  const [first, last] = [some[0], some.at(-1)];
  if (first === undefined || last === undefined) throw new Error('there are no windows to replay');
  const { replay_id: replayId } = await createReplay(pool, {
    replayId: uuidv7(),
    tenantId: tenantOf(shape),
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

function report(parts: BenchParts, measured: readonly Measured[]): BenchReport {
  return {
    title: 'Replay: many windows again',
    how:
      `\`unmogrowp replay\` of many windows, ${AT_ONCE} at once, of about eight touchpoints a conversion, five models, a lookback of ` +
      'seven days; against a loop that gives ClickHouse the same statements for each window (credits, what they must add up to, ' +
      `run, publication) and does nothing else, one window after the other and ${AT_ONCE} at once. The same traffic is cut into hours ` +
      'and into days. In turn, so many windows a round, after a round that does not count; the ratios are to the loops of the ' +
      'same round. Every round checks that all have made the same credits. CPU is that of the processes per window; that of the ' +
      'loop’s own client is not counted. Every window of a replay is traced, down to the spans of ClickHouse.',
    tables: [
      {
        head: [
          'windows',
          'conversions in each',
          'by',
          'seconds',
          'ms a window',
          'against the loop',
          'against the loop at once',
          'CPU ms of ClickHouse',
          'CPU ms of Temporal and worker',
        ],
        rows: measured.flatMap(rowsOf),
      },
    ],
    goals: measured.flatMap(goalsOf),
    versions: parts.versions,
  };
}

function goalsOf({ shape, results: { loop, loopAtOnce, replay: replays } }: Measured): Goal[] {
  const goal = (name: string, ratio: number): Goal => ({
    text: `windows of ${shape.granularity}: at most ${RATIO_GOAL} times the time of ${name}`,
    measured: formatNumber(ratio, 2),
    isMet: ratio <= RATIO_GOAL,
  });
  return [
    goal('the bare loop', ratioTo(loop, replays)),
    goal(`the bare loop with ${AT_ONCE} at once`, ratioTo(loopAtOnce, replays)),
  ];
}

/** How much longer rounds took than the loop of the same rounds. */
const ratioTo = (loop: readonly Round[], rounds: readonly Round[]): number =>
  medianRatio(
    rounds.map(({ ms }) => ms),
    loop.map(({ ms }) => ms),
  );

function rowsOf({ shape, results }: Measured): string[][] {
  const windows = shape.rounds * shape.each;
  const row = (name: string, rounds: readonly Round[]): string[] => {
    const sum = (of: (round: Round) => number): number => rounds.reduce((total, round) => total + of(round), 0);
    return [
      `${formatCount(windows)} of ${shape.granularity}`,
      formatCount(shape.usersPerWindow),
      name,
      formatNumber(sum(({ ms }) => ms) / 1_000),
      formatNumber(sum(({ ms }) => ms) / windows),
      formatNumber(ratioTo(results.loop, rounds), 2),
      formatNumber(ratioTo(results.loopAtOnce, rounds), 2),
      formatNumber((sum(({ cpu }) => cpu.clickhouse) / windows) * 1_000, 0),
      formatNumber((sum(({ cpu }) => cpu.others) / windows) * 1_000, 0),
    ];
  };
  return [
    row('loop', results.loop),
    row(`loop, ${AT_ONCE} at once`, results.loopAtOnce),
    row('replay', results.replay),
  ];
}
