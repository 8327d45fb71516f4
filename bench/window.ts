import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { WindowClient } from '../activities/client.ts';
import type { WindowKey } from '../activities/contract.ts';
import { connectTemporal } from '../bin/temporal.ts';
import type { ClickHouse } from '../clickhouse/client.ts';
import {
  type BenchOptions,
  type BenchReport,
  formatCount,
  formatNumber,
  measureInTurn,
  median,
  medianRatio,
} from './bench.ts';
import { stopChild } from './child.ts';
import { dropDatabase, openDatabase, select } from './clickhouse.ts';
import { type BenchParts, startBenchParts } from './parts.ts';
import { LOOKBACK_SECONDS, SETTINGS, type Size, fillWindow, playSink } from './window-data.ts';
import { type Cost, type RunCost, STAGES, costOfQuery, forgetRun, measureRun } from './window-run.ts';
import { prepareStores, removeSchedules, startQuietWorker } from './worker.ts';

const RATIO_GOAL = 1.2;
const GROWTH = 10;
const GROWTH_GOAL = 11;
/** Ten times the data is ten times the journeys in memory at once. */
const CLICKHOUSE_MEMORY_BYTES_MAX = 10_000_000_000;

const FLOOR_SQL = readFileSync(new URL('./window-bare.sql', import.meta.url), 'utf8');
const FLOOR_TABLE = 'floor_credits';
const STAGE_NAMES = ['until it computes ms', 'compute ms', 'verify ms', 'publish ms'];

/** Everything that is measured on. */
interface Setting {
  readonly parts: BenchParts;
  readonly clickhouse: ClickHouse;
  readonly windows: WindowClient;
  readonly options: BenchOptions;
}

/** The credits that somebody made. */
interface Made {
  readonly fingerprint: string;
  readonly credits: number;
}

interface Results {
  readonly size: Size;
  readonly made: Made;
  readonly floor: readonly Cost[];
  readonly ours: readonly RunCost[];
}

/** A window from the start of its workflow to its publication, against bare SQL that inserts the same credits. */
export async function benchWindow(options: BenchOptions): Promise<BenchReport> {
  const parts = await startBenchParts(['clickhouse', 'kafka', 'postgres', 'temporal', 'jaeger'], {
    clickhouseMemoryBytesMax: CLICKHOUSE_MEMORY_BYTES_MAX,
  });
  try {
    const { env } = parts;
    await prepareStores(parts);
    await playSink(env);
    const clickhouse = await openDatabase(env);
    await createFloorTable(clickhouse);
    const windows = await connectTemporal(env);
    const worker = await startQuietWorker(parts);
    try {
      const setting = { parts, clickhouse, windows, options };
      const scale = options.quick ? 0.02 : 1;
      const size = { conversions: 50_000 * scale, touchpoints: 8_000_000 * scale };
      const once = await measureSize(setting, size, options.quick ? 2 : 9);
      const grown = { conversions: size.conversions * GROWTH, touchpoints: size.touchpoints * GROWTH };
      const tenfold = await measureSize(setting, grown, options.quick ? 2 : 3);
      return report(parts, once, tenfold);
    } finally {
      await stopChild(worker.child);
      await removeSchedules(windows);
      await windows.close();
      await dropDatabase(clickhouse);
    }
  } finally {
    await parts.stop();
  }
}

/** As the table of credits, without the hash that runs are compared by and without the sums per day behind it. */
async function createFloorTable(clickhouse: ClickHouse): Promise<void> {
  await clickhouse.client.command({ query: `CREATE TABLE ${FLOOR_TABLE} AS credits_raw_v1` });
  await clickhouse.client.command({ query: `ALTER TABLE ${FLOOR_TABLE} DROP COLUMN row_hash` });
}

/** The pairs of one size, of which the first does not count: its caches are cold and nothing is compiled yet. */
async function measureSize(setting: Setting, wanted: Size, rounds: number): Promise<Results> {
  const { parts, clickhouse, options } = setting;
  const tenantId = `window-${wanted.conversions}`;
  const window = await fillWindow({ env: parts.env, clickhouse, onProgress: options.onProgress }, tenantId, wanted);
  const size = await countEvents(clickhouse, tenantId);
  options.onProgress(`${describeSize(size)} are in ClickHouse`);
  const contestants = { floor: () => runFloor(setting, window), ours: () => runOurs(setting, window) };
  await measureInTurn(1, contestants);
  const { floor, ours } = await measureInTurn(rounds, contestants);
  const [first] = floor;
  const others = [...floor, ...ours].filter(({ made }) => made.fingerprint !== first?.made.fingerprint);
  if (first === undefined || others.length > 0)
    throw new Error('the floor and the window do not give the same credits');
  return { size, made: first.made, floor: floor.map(({ cost }) => cost), ours: ours.map(({ cost }) => cost) };
}

async function runFloor({ clickhouse, options }: Setting, window: WindowKey): Promise<{ cost: Cost; made: Made }> {
  await clickhouse.client.command({ query: `TRUNCATE TABLE ${FLOOR_TABLE}` });
  const queryId = randomUUID();
  const started = performance.now();
  await clickhouse.client.command({
    query: FLOOR_SQL,
    query_id: queryId,
    query_params: {
      target: FLOOR_TABLE,
      tenantId: window.tenantId,
      runId: queryId,
      windowStartMs: window.windowStartMs,
      windowEndMs: window.windowEndMs,
      lookbackMs: LOOKBACK_SECONDS * 1_000,
      halfLifeMs: SETTINGS.time_decay_half_life_seconds * 1_000,
    },
  });
  const ms = performance.now() - started;
  const cost = { ...(await costOfQuery(clickhouse, queryId)), ms };
  options.onProgress(`bare SQL: ${describeCost(cost)}`);
  return { cost, made: await readMade(clickhouse, FLOOR_TABLE) };
}

async function runOurs(setting: Setting, window: WindowKey): Promise<{ cost: RunCost; made: Made }> {
  await forgetRun(setting, window);
  const cost = await measureRun(setting, window);
  setting.options.onProgress(`window: ${describeCost(cost)}; ${describeStages([cost])}`);
  return { cost, made: await readMade(setting.clickhouse, 'credits_raw_v1') };
}

/** What lies in a table of credits: every column of every row but what tells runs apart. */
async function readMade(clickhouse: ClickHouse, table: string): Promise<Made> {
  const [made] = await select<Made>(
    clickhouse,
    `SELECT toString(sum(cityHash64(* EXCEPT (run_id, row_hash)))) AS fingerprint, count() AS credits
     FROM ${table}`,
  );
  if (made === undefined || made.credits === 0) throw new Error(`no credits were made in ${table}`);
  return made;
}

async function countEvents(clickhouse: ClickHouse, tenantId: string): Promise<Size> {
  const [size] = await select<Size>(
    clickhouse,
    `SELECT
       countIf(event_type IN ('install', 'conversion')) AS conversions,
       countIf(event_type IN ('click', 'impression')) AS touchpoints
     FROM events_raw_v1 WHERE tenant_id = '${tenantId}'`,
  );
  return size ?? { conversions: 0, touchpoints: 0 };
}

const describeSize = ({ conversions, touchpoints }: Size): string =>
  `${formatCount(conversions)} conversions and ${formatCount(touchpoints)} touchpoints`;

const describeCost = ({ ms, cpuMs, memoryBytes }: Cost): string =>
  `${formatCount(ms)} ms, ${formatCount(cpuMs)} ms of CPU, ${formatCount(memoryBytes / 1e6)} MB`;

const describeStages = (costs: readonly RunCost[]): string =>
  STAGES.map((stage) => `${stage} ${formatCount(median(costs.map(({ stagesMs }) => stagesMs[stage])))}`).join(', ');

const msOf = (costs: readonly Cost[]): number[] => costs.map(({ ms }) => ms);

function report(parts: BenchParts, once: Results, tenfold: Results): BenchReport {
  const ratio = medianRatio(msOf(once.ours), msOf(once.floor));
  const growth = median(msOf(tenfold.ours)) / median(msOf(once.ours));
  const row = (name: string, { size, floor }: Results, costs: readonly Cost[]): string[] => [
    formatCount(size.conversions),
    name,
    formatCount(median(msOf(costs))),
    formatNumber(medianRatio(msOf(costs), msOf(floor)), 2),
    formatCount(median(costs.map(({ cpuMs }) => cpuMs))),
    formatCount(median(costs.map(({ memoryBytes }) => memoryBytes / 1e6))),
  ];
  return {
    title: 'Window: from its start to its publication',
    how:
      `The workflow of a window in \`bin/worker.ts\` on Temporal, from the call that starts it to its publication in ClickHouse, against ` +
      `the best bare SQL that inserts the same ${formatCount(once.made.credits)} credits into a table of the same order: no cut-off, no ` +
      'resent events, no sums per day, no checksum, nothing verified. One day, five models, a lookback of seven days: ' +
      `${describeSize(once.size)}, and ten times as many of both. Medians of ${once.ours.length} and ${tenfold.ours.length} pairs in turn after ` +
      'one that does not count. Every round checks that both have made the same rows. CPU and memory are those of ClickHouse; memory is ' +
      'that of the largest query.',
    tables: [
      {
        head: ['conversions', 'by', 'ms', 'against bare SQL', 'CPU ms', 'MB'],
        rows: [once, tenfold].flatMap((results) => [
          row('bare SQL', results, results.floor),
          row('window', results, results.ours),
        ]),
      },
      {
        head: ['conversions', ...STAGE_NAMES, 'of compute, the statement'],
        rows: [once, tenfold].map(({ size, ours }) => [
          formatCount(size.conversions),
          ...STAGES.map((stage) => formatCount(median(ours.map(({ stagesMs }) => stagesMs[stage])))),
          formatCount(median(ours.map(({ statementMs }) => statementMs))),
        ]),
      },
    ],
    goals: [
      {
        text: `at most ${RATIO_GOAL} times the time of the best bare SQL`,
        measured: formatNumber(ratio, 2),
        isMet: ratio <= RATIO_GOAL,
      },
      {
        text: `with ${GROWTH} times the data at most ${GROWTH_GOAL} times the time`,
        measured: formatNumber(growth, 1),
        isMet: growth <= GROWTH_GOAL,
      },
    ],
    notes: [
      'Milliseconds of each part of a run are medians of their own. The rest is Temporal, settings, leases and the worker.',
      'What keeps a run from coming nearer to the bare SQL: [decisions/attribution-in-one-statement.md](decisions/attribution-in-one-statement.md).',
    ],
    versions: parts.versions,
  };
}
