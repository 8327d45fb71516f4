import { type WindowClient, countRunningWindows, readLastSuccess } from '../activities/client.ts';
import { readCollisions } from '../activities/collision-queries.ts';
import { readLedgerDifferences } from '../activities/ledger-queries.ts';
import { readFreshness, readLateBeyondHorizon, readOverdue } from '../activities/window-queries.ts';
import type { ClickHouse } from '../clickhouse/client.ts';
import { LEDGER_CODES } from '../events/ledger.ts';
import { GRANULARITY_SECONDS } from '../events/settings.ts';
import type { Metrics } from '../otel/metrics.ts';
import { LIVE_REPLAY_STATES, RECURRING_JOBS, WINDOW_STATES, type WINDOWS_METRICS } from '../otel/registry/windows.ts';
import type { PostgresPool } from '../postgres/pool.ts';
import { countLiveReplays } from '../postgres/replays.ts';
import { type Tenant, loadTenants } from '../postgres/tenants.ts';

/** What reads the gauges of windows before a scrape. A part that is away leaves them as they were. */
export function createWindowGauges(options: {
  client: WindowClient;
  clickhouse: ClickHouse;
  postgres: PostgresPool;
  /** For how long the ledger measures hours again. */
  measurableMs: number;
  metrics: Metrics<typeof WINDOWS_METRICS>;
  onError: (error: unknown) => void;
}): () => Promise<void> {
  const { client, clickhouse, postgres, measurableMs, metrics, onError } = options;
  const begunAtMs = Date.now();

  async function readWindows(): Promise<void> {
    for (const state of WINDOW_STATES) metrics.windows.set({ state }, await countRunningWindows(client, state));
  }

  async function readAges(): Promise<void> {
    for (const { tenantId, windowEndMs } of await readFreshness(clickhouse, {})) {
      metrics.freshness.set({ tenant: tenantId }, secondsSince(windowEndMs));
    }
  }

  /** What is wrong with the data of each tenant; of one of which nothing is known that is nothing. */
  async function readFaults(): Promise<void> {
    const tenants = await loadTenants(postgres);
    await Promise.all([
      readLongestOverdue(tenants),
      readBeyondHorizon(tenants),
      readCopies(tenants),
      readDifferences(tenants),
    ]);
  }

  async function readLongestOverdue(tenants: readonly Tenant[]): Promise<void> {
    const overdue = await readOverdue(clickhouse, {
      tenantIds: tenants.map(({ tenant_id }) => tenant_id),
      windowSeconds: tenants.map(({ settings }) => GRANULARITY_SECONDS[settings.granularity]),
      latenessSeconds: tenants.map(({ settings }) => settings.allowed_lateness_seconds),
      nowMs: Date.now(),
    });
    const dueAt = new Map(overdue.map(({ tenantId, dueAtMs }) => [tenantId, dueAtMs]));
    for (const { tenant_id: tenant } of tenants) {
      metrics.overdue.set({ tenant }, secondsSince(dueAt.get(tenant) ?? Date.now()));
    }
  }

  async function readBeyondHorizon(tenants: readonly Tenant[]): Promise<void> {
    const found = await readLateBeyondHorizon(clickhouse, {});
    const rows = new Map(found.map((entry) => [entry.tenantId, entry.rows]));
    for (const { tenant_id: tenant } of tenants) metrics.lateBeyondHorizon.set({ tenant }, rows.get(tenant) ?? 0);
  }

  async function readCopies(tenants: readonly Tenant[]): Promise<void> {
    const found = await readCollisions(clickhouse, {});
    const copies = new Map(found.map((entry) => [entry.tenantId, entry.copies]));
    for (const { tenant_id: tenant } of tenants) metrics.collisions.set({ tenant }, copies.get(tenant) ?? 0);
  }

  async function readDifferences(tenants: readonly Tenant[]): Promise<void> {
    const differences = await readLedgerDifferences(clickhouse, { fromMs: Date.now() - measurableMs });
    for (const { tenant_id: tenant } of tenants) {
      for (const code of LEDGER_CODES) {
        const found = differences.find((entry) => entry.tenantId === tenant && entry.code === code);
        metrics.ledgerDifferences.set({ tenant, code }, found?.events ?? 0);
      }
    }
  }

  async function readReplays(): Promise<void> {
    const counts = await countLiveReplays(postgres);
    for (const state of LIVE_REPLAY_STATES) metrics.replays.set({ state }, counts.get(state) ?? 0);
  }

  async function readJobs(): Promise<void> {
    for (const job of RECURRING_JOBS) {
      metrics.jobAge.set({ job_name: job }, secondsSince((await readLastSuccess(client, job)) ?? begunAtMs));
    }
  }

  return async function readGauges() {
    const reads = [readWindows, readAges, readFaults, readReplays, readJobs];
    await Promise.all(reads.map((read) => read().catch(onError)));
  };
}

const secondsSince = (epochMs: number): number => Math.max(0, (Date.now() - epochMs) / 1_000);
