import { globSync, readFileSync, statSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { type WindowClient, countRunningWindows, describeWindow, startWindow } from '../activities/client.ts';
import { windowAt } from '../activities/window-range.ts';
import type { WindowKey } from '../activities/contract.ts';
import { connectTemporal } from '../bin/temporal.ts';
import { settingsSchema } from '../events/settings.ts';
import { createTenant } from '../postgres/tenants.ts';
import { type BenchOptions, type BenchReport, formatCount, formatNumber } from './bench.ts';
import { stopChild } from './child.ts';
import { dropDatabase, openDatabase } from './clickhouse.ts';
import { quantile } from './load.ts';
import { type BenchParts, startBenchParts, withPool } from './parts.ts';
import { prepareStores, removeSchedules, startQuietWorker } from './worker.ts';

const HOUR_MS = 3_600_000;
const TENANT = 'open';
const STARTS_AT_ONCE = 50;
const QUESTIONS = 50;
const LOOK_INTERVAL_MS = 500;
/** So that what was done is garbage and collected before it is measured. */
const SETTLE_MS = 10_000;
/** As many windows as are open at each measurement, as long as there is time. */
const STEPS = [1_000, 5_000, 10_000, 25_000, 50_000, 100_000];
const STEPS_QUICK = [100, 300];
/** With so many the memory of the worker has grown to what those that it keeps need while they take turns. */
const GROWN_WINDOWS = 5_000;
const BUDGET_MS = 90 * 60_000;
/** The worker keeps five hundred workflows; what lies beyond must cost it next to nothing. */
const WORKER_BYTES_GOAL = 1_024;
const WINDOWS_GOAL = 100_000;

interface Sample {
  readonly windows: number;
  readonly workerBytes: number;
  readonly serverBytes: number;
  readonly databaseBytes: number;
  readonly windowsPerSecond: number;
}

/** What windows that are open and wait cost in memory, in the worker and in Temporal's server. */
export async function benchOpenWindows(options: BenchOptions): Promise<BenchReport> {
  const parts = await startBenchParts(['clickhouse', 'kafka', 'postgres', 'temporal', 'jaeger']);
  try {
    await prepareStores(parts);
    const clickhouse = await openDatabase(parts.env);
    await createOpenTenant(parts);
    const client = await connectTemporal(parts.env);
    const worker = await startQuietWorker(parts);
    try {
      const samples = await measure({ parts, client, workerPid: worker.child.pid ?? 0, options });
      const opened = samples.at(-1)?.windows ?? 0;
      return report(parts, samples, await askSome(client, opened));
    } finally {
      await stopChild(worker.child);
      await removeSchedules(client);
      await client.close();
      await dropDatabase(clickhouse);
    }
  } finally {
    await parts.stop();
  }
}

const createOpenTenant = ({ env }: BenchParts): Promise<unknown> =>
  withPool(env, (pool) =>
    createTenant(pool, { tenantId: TENANT, settings: settingsSchema.parse({ granularity: '1h' }) }),
  );

interface Setting {
  readonly parts: BenchParts;
  readonly client: WindowClient;
  readonly workerPid: number;
  readonly options: BenchOptions;
}

async function measure(setting: Setting): Promise<Sample[]> {
  const { options } = setting;
  const started = performance.now();
  const samples = [sampleOf(setting, 0, 0)];
  for (const windows of options.quick ? STEPS_QUICK : STEPS) {
    const before = samples.at(-1)?.windows ?? 0;
    const began = performance.now();
    await openWindows(setting, before, windows);
    const seconds = (performance.now() - began) / 1_000;
    await delay(options.quick ? 0 : SETTLE_MS);
    samples.push(sampleOf(setting, windows, (windows - before) / seconds));
    // The next step would take at least twice as long as all before it.
    if (performance.now() - started > BUDGET_MS / 2) break;
  }
  return samples;
}

/** Starts the workflows of windows that end in the future, and waits until each has loaded and waits for its end. */
async function openWindows({ client }: Setting, from: number, to: number): Promise<void> {
  let next = from;
  const start = async () => {
    while (next < to) {
      const index = next;
      next += 1;
      await startWindow(client, windowOf(index));
    }
  };
  await Promise.all(Array.from({ length: STARTS_AT_ONCE }, start));
  while ((await countRunningWindows(client, 'waiting')) < to) await delay(LOOK_INTERVAL_MS);
}

/** Hours of the days to come, one after the other. */
const FIRST_MS = Math.ceil(Date.now() / HOUR_MS) * HOUR_MS + 24 * HOUR_MS;
const windowOf = (index: number): WindowKey => windowAt(TENANT, '1h', FIRST_MS + index * HOUR_MS);

function sampleOf({ parts, workerPid, options }: Setting, windows: number, windowsPerSecond: number): Sample {
  const serverPid = parts.pidOf('temporal');
  const sample = {
    windows,
    workerBytes: residentBytes(workerPid),
    serverBytes: serverPid === undefined ? Number.NaN : residentBytes(serverPid),
    databaseBytes: globSync(`${parts.directory}/stack/**/temporal.db*`).reduce(
      (sum, file) => sum + statSync(file).size,
      0,
    ),
    windowsPerSecond,
  };
  const megabytes = (bytes: number): string => `${formatCount(bytes / 1e6)} MB`;
  options.onProgress(
    `${formatCount(windows)} windows: worker ${megabytes(sample.workerBytes)}, server ${megabytes(sample.serverBytes)}, ` +
      `its file ${megabytes(sample.databaseBytes)}`,
  );
  return sample;
}

/** Memory of a process that lies in memory now. Linux only. */
function residentBytes(pid: number): number {
  const kilobytes = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
  return Number(kilobytes) * 1_024;
}

/** How long windows take to say where they stand, which the worker has long forgotten. */
async function askSome(client: WindowClient, opened: number): Promise<number[]> {
  const latenciesMs: number[] = [];
  for (let question = 0; question < QUESTIONS; question += 1) {
    const started = performance.now();
    const description = await describeWindow(client, windowOf(Math.floor((question * opened) / QUESTIONS)));
    if (description?.phase !== 'waiting') throw new Error(`a window does not wait but is ${description?.phase}`);
    latenciesMs.push(performance.now() - started);
  }
  return latenciesMs;
}

/** How much more each window costs between two samples. */
const bytesPerWindow = (from: Sample, to: Sample, of: (sample: Sample) => number): number =>
  (of(to) - of(from)) / (to.windows - from.windows);

function report(parts: BenchParts, samples: readonly Sample[], answersMs: readonly number[]): BenchReport {
  const grown = samples.find(({ windows }) => windows >= GROWN_WINDOWS) ?? (samples[1] as Sample);
  const last = samples.at(-1) as Sample;
  const workerBytes = bytesPerWindow(grown, last, (sample) => sample.workerBytes);
  const serverBytes = bytesPerWindow(grown, last, (sample) => sample.serverBytes);
  const databaseBytes = bytesPerWindow(grown, last, (sample) => sample.databaseBytes);
  const megabytes = (bytes: number): string => formatNumber(bytes / 1e6, 0);
  return {
    title: 'Open windows: what waiting costs',
    how:
      'Windows whose end lies ahead are started; each loads its settings and its publication and then waits. Memory is that of `bin/worker.ts` ' +
      'and of Temporal’s server with its database in one process, as they lie in memory (RSS) ten seconds after the last window has ' +
      `begun to wait. Bytes a window are the growth from ${formatCount(grown.windows)} windows, with which the memory of the worker has grown ` +
      `to what those need that it keeps, to ${formatCount(last.windows)}.`,
    tables: [
      {
        head: ['open windows', 'worker MB', 'server MB', 'database file MB', 'windows opened a second'],
        rows: samples.map((sample) => [
          formatCount(sample.windows),
          megabytes(sample.workerBytes),
          megabytes(sample.serverBytes),
          megabytes(sample.databaseBytes),
          sample.windowsPerSecond === 0 ? '' : formatNumber(sample.windowsPerSecond, 0),
        ]),
      },
      {
        head: ['', 'worker', 'server', 'database file'],
        rows: [['bytes a window', ...[workerBytes, serverBytes, databaseBytes].map((bytes) => formatNumber(bytes, 0))]],
      },
    ],
    goals: [
      {
        text: `at most ${formatCount(WORKER_BYTES_GOAL)} bytes of the worker for each window more`,
        measured: formatCount(workerBytes),
        isMet: workerBytes <= WORKER_BYTES_GOAL,
      },
      {
        text: `${formatCount(WINDOWS_GOAL)} windows open at once`,
        measured: formatCount(last.windows),
        isMet: last.windows >= WINDOWS_GOAL,
      },
    ],
    notes: [
      `Asked where they stand, ${answersMs.length} of the windows answered in ${formatNumber(quantile(answersMs, 0.5), 0)} ms in the middle and ` +
        `${formatNumber(quantile(answersMs, 0.95), 0)} ms for 19 of 20: the worker replays the history of one that it does not keep.`,
    ],
    versions: parts.versions,
  };
}
