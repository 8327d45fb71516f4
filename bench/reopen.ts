import { setTimeout as delay } from 'node:timers/promises';
import { toIso } from '../activities/window-range.ts';
import { connectTemporal } from '../bin/temporal.ts';
import type { ClickHouse } from '../clickhouse/client.ts';
import { parseEnv } from '../env.ts';
import { settingsSchema } from '../events/settings.ts';
import { createTenant } from '../postgres/tenants.ts';
import { type BenchOptions, type BenchReport, formatCount, formatNumber } from './bench.ts';
import { stopChild } from './child.ts';
import { openDatabase, select, startSink } from './clickhouse.ts';
import { startIngest } from './ingest.ts';
import { quantile } from './load.ts';
import { type BenchParts, startBenchParts, withPool } from './parts.ts';
import { prepareStores, removeSchedules, startWorker } from './worker.ts';

const HOUR_MS = 3_600_000;
const LOOK_INTERVAL_MS = 50;
/** What stays away for longer is lost, not late. */
const GIVE_UP_MS = 300_000;

/** One setting of how often what has arrived is examined, and what is promised there. */
interface Phase {
  readonly name: string;
  readonly intervalMs: number;
  readonly goalMs: number;
  /** Late touchpoints, each of a window of its own, over so long a time. */
  readonly windows: number;
  readonly overMs: number;
}

const DEFAULT_INTERVAL_MS = parseEnv({}).WORKER_RECONCILE_INTERVAL_MS;

const PHASES: readonly Phase[] = [
  { name: 'default', intervalMs: DEFAULT_INTERVAL_MS, goalMs: 90_000, windows: 120, overMs: 240_000 },
  { name: 'short', intervalMs: 1_000, goalMs: 5_000, windows: 120, overMs: 60_000 },
];
/** Shorter than any that is promised something. */
const PHASES_QUICK: readonly Phase[] = [
  { name: 'quick', intervalMs: 1_000, goalMs: 5_000, windows: 10, overMs: 5_000 },
];

interface Setting {
  readonly parts: BenchParts;
  readonly clickhouse: ClickHouse;
  readonly port: number;
  readonly options: BenchOptions;
}

/** How long a late touchpoint takes from the answer that accepts it to the publication that has it. */
export async function benchReopen(options: BenchOptions): Promise<BenchReport> {
  const parts = await startBenchParts(['clickhouse', 'kafka', 'postgres', 'temporal', 'jaeger']);
  try {
    await prepareStores(parts);
    const clickhouse = await openDatabase(parts.env);
    const [sink, ingest] = [await startSink(parts.variables), await startIngest(parts)];
    try {
      const setting = { parts, clickhouse, port: ingest.port, options };
      const measured: { phase: Phase; latenciesMs: number[] }[] = [];
      for (const phase of options.quick ? PHASES_QUICK : PHASES) {
        measured.push({ phase, latenciesMs: await measurePhase(setting, phase) });
      }
      return report(parts, measured);
    } finally {
      await Promise.all([ingest, sink].map(({ child }) => stopChild(child)));
      await clickhouse.close();
    }
  } finally {
    await parts.stop();
  }
}

/** The windows of a phase have a tenant of their own, so that those of another wait for nothing here. */
async function measurePhase(setting: Setting, phase: Phase): Promise<number[]> {
  const { parts, options } = setting;
  const tenantId = `${parts.env.CLICKHOUSE_DATABASE}_${phase.name}`;
  const writeKey = await createHourlyTenant(parts, tenantId);
  const temporal = await connectTemporal(parts.env);
  const worker = await startWorker(parts, { WORKER_RECONCILE_INTERVAL_MS: String(phase.intervalMs) });
  try {
    const newestMs = Math.floor(Date.now() / HOUR_MS) * HOUR_MS - 2 * HOUR_MS;
    const starts = Array.from({ length: phase.windows }, (_, index) => newestMs - index * HOUR_MS);
    for (const startMs of starts) await send(setting.port, writeKey, journey(startMs));
    await untilPublished(setting, tenantId, { version: 1, count: starts.length });
    options.onProgress(`${phase.name}: ${formatCount(starts.length)} windows are published`);
    // A window rests for an interval after its first close, which is not what is measured.
    await delay(phase.intervalMs);
    const latenciesMs = await measureLate(setting, { tenantId, writeKey, starts, overMs: phase.overMs });
    options.onProgress(`${phase.name}: p95 ${formatNumber(quantile(latenciesMs, 0.95) / 1_000)} s`);
    return latenciesMs;
  } finally {
    await stopChild(worker.child);
    await removeSchedules(temporal);
    await temporal.close();
  }
}

async function createHourlyTenant({ env }: BenchParts, tenantId: string): Promise<string> {
  const settings = settingsSchema.parse({ granularity: '1h', allowed_lateness_seconds: 0 });
  return (await withPool(env, (pool) => createTenant(pool, { tenantId, settings }))).write_key;
}

interface Late {
  readonly tenantId: string;
  readonly writeKey: string;
  readonly starts: readonly number[];
  readonly overMs: number;
}

/** One late touchpoint for each window, evenly over the time, while it is looked for what is published. */
async function measureLate(setting: Setting, { tenantId, writeKey, starts, overMs }: Late): Promise<number[]> {
  const acceptedAt = new Map<number, number>();
  const latenciesMs: number[] = [];
  const started = performance.now();
  const sendAll = async () => {
    for (const [index, startMs] of starts.entries()) {
      await delay(Math.max(0, started + (index * overMs) / starts.length - performance.now()));
      await send(setting.port, writeKey, [touchpoint(startMs, 'email', 600_000)]);
      acceptedAt.set(startMs, performance.now());
    }
  };
  const look = async () => {
    const seen = new Set<number>();
    while (seen.size < starts.length) {
      const published = await readPublished(setting, tenantId, 2);
      const now = performance.now();
      for (const startMs of published) {
        const since = acceptedAt.get(startMs);
        if (seen.has(startMs) || since === undefined) continue;
        seen.add(startMs);
        latenciesMs.push(now - since);
      }
      if (now - started > overMs + GIVE_UP_MS)
        throw new Error(`${starts.length - seen.size} windows were not reopened`);
      await delay(LOOK_INTERVAL_MS);
    }
  };
  await Promise.all([sendAll(), look()]);
  return latenciesMs;
}

async function untilPublished(
  setting: Setting,
  tenantId: string,
  { version, count }: { version: number; count: number },
): Promise<void> {
  const started = performance.now();
  for (;;) {
    const { length } = await readPublished(setting, tenantId, version);
    if (length >= count) return;
    if (performance.now() - started > GIVE_UP_MS) throw new Error(`${length} of ${count} windows were published`);
    await delay(LOOK_INTERVAL_MS);
  }
}

/** The starts of the windows that have this version or a newer one. */
async function readPublished({ clickhouse }: Setting, tenantId: string, version: number): Promise<number[]> {
  const rows = await select<{ startMs: string }>(
    clickhouse,
    `SELECT toString(toUnixTimestamp(window_start) * 1000) AS startMs FROM publications
     WHERE tenant_id = '${tenantId}' AND version >= ${version}`,
  );
  return rows.map(({ startMs }) => Number(startMs));
}

const PURCHASE_AFTER_MS = 1_800_000;

const person = (startMs: number) => ({ app_id: 'late', user_id: `user-of-${toIso(startMs)}` });

/** A click of the only user of a window, so long before the purchase. */
const touchpoint = (startMs: number, channel: string, beforeMs: number) => ({
  ...person(startMs),
  type: 'click',
  channel,
  occurred_at: toIso(startMs + PURCHASE_AFTER_MS - beforeMs),
});

const journey = (startMs: number) => [
  touchpoint(startMs, 'search', 1_200_000),
  {
    ...person(startMs),
    type: 'conversion',
    name: 'purchase',
    revenue: '10',
    currency: 'EUR',
    occurred_at: toIso(startMs + PURCHASE_AFTER_MS),
  },
];

async function send(port: number, writeKey: string, events: readonly object[]): Promise<void> {
  const response = await fetch(`http://127.0.0.1:${port}/v1/events`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${writeKey}` },
    body: JSON.stringify({ events }),
  });
  if (response.status !== 202)
    throw new Error(`events were answered with ${response.status}: ${await response.text()}`);
  await response.arrayBuffer();
}

function report(parts: BenchParts, measured: readonly { phase: Phase; latenciesMs: readonly number[] }[]): BenchReport {
  const seconds = (latenciesMs: readonly number[], share: number) => formatNumber(quantile(latenciesMs, share) / 1_000);
  return {
    title: 'Late data: accepted to published again',
    how:
      'A late click for each of some published windows, sent to `bin/ingest.ts` at even distances; `bin/sink.ts`, `bin/worker.ts` and all ' +
      'parts run on the same machine. The time runs from the answer that accepts the click to the end of the query that ' +
      `shows the next version in the view \`publications\`, looked for every ${LOOK_INTERVAL_MS} ms. ` +
      'How long the worker waits between two looks at what has arrived is `WORKER_RECONCILE_INTERVAL_MS`.',
    tables: [
      {
        head: ['interval s', 'windows reopened', 'p50 s', 'p95 s', 'p99 s', 'longest s'],
        rows: measured.map(({ phase, latenciesMs }) => [
          formatNumber(phase.intervalMs / 1_000, 0),
          formatCount(latenciesMs.length),
          ...[0.5, 0.95, 0.99, 1].map((share) => seconds(latenciesMs, share)),
        ]),
      },
    ],
    goals: measured.map(({ phase, latenciesMs }) => ({
      text: `p95 under ${phase.goalMs / 1_000} s with an interval of ${phase.intervalMs / 1_000} s`,
      measured: `${seconds(latenciesMs, 0.95)} s`,
      isMet: quantile(latenciesMs, 0.95) < phase.goalMs,
    })),
    versions: parts.versions,
  };
}
