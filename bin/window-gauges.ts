import { type WindowClient, countRunningWindows } from '../activities/client.ts';
import { readCollisions } from '../activities/collision-queries.ts';
import { readLedgerDifferences } from '../activities/ledger-queries.ts';
import { readFreshness, readLateBeyondHorizon } from '../activities/window-queries.ts';
import type { ClickHouse } from '../clickhouse/client.ts';
import { LEDGER_CODES } from '../events/ledger.ts';
import type { Metrics } from '../otel/metrics.ts';
import { WINDOW_STATES, type WINDOWS_METRICS } from '../otel/registry/windows.ts';

/** Temporal answers few questions to its lists a second, and every scrape of every worker would ask ten. */
const KEPT_MS = 15_000;

/** What reads the gauges of windows before a scrape. A part that is away leaves them as they were. */
export function createWindowGauges(options: {
  client: WindowClient;
  clickhouse: ClickHouse;
  /** For how long the ledger measures hours again. */
  measurableMs: number;
  metrics: Metrics<typeof WINDOWS_METRICS>;
  onError: (error: unknown) => void;
}): () => Promise<void> {
  const { client, clickhouse, measurableMs, metrics, onError } = options;
  let readAtMs = Number.NEGATIVE_INFINITY;
  /** Those of which the ledger has ever found a difference. */
  const tenants = new Set<string>();

  async function readWindows(): Promise<void> {
    for (const state of WINDOW_STATES) metrics.windows.set({ state }, await countRunningWindows(client, state));
  }

  async function readAges(): Promise<void> {
    for (const { tenantId, windowEndMs } of await readFreshness(clickhouse, {})) {
      metrics.freshness.set({ tenant: tenantId }, (Date.now() - windowEndMs) / 1_000);
    }
  }

  async function readBeyondHorizon(): Promise<void> {
    for (const { tenantId, rows } of await readLateBeyondHorizon(clickhouse, {})) {
      metrics.lateBeyondHorizon.set({ tenant: tenantId }, rows);
    }
  }

  async function readCopies(): Promise<void> {
    for (const { tenantId, copies } of await readCollisions(clickhouse, {})) {
      metrics.collisions.set({ tenant: tenantId }, copies);
    }
  }

  /** Also what has been mended is told: as 0. */
  async function readDifferences(): Promise<void> {
    const differences = await readLedgerDifferences(clickhouse, { fromMs: Date.now() - measurableMs });
    for (const tenantId of new Set(differences.map((entry) => entry.tenantId))) tenants.add(tenantId);
    for (const tenant of tenants) {
      for (const code of LEDGER_CODES) {
        const found = differences.find((entry) => entry.tenantId === tenant && entry.code === code);
        metrics.ledgerDifferences.set({ tenant, code }, found?.events ?? 0);
      }
    }
  }

  return async function readGauges() {
    if (performance.now() - readAtMs < KEPT_MS) return;
    readAtMs = performance.now();
    await Promise.all(
      [readWindows(), readAges(), readBeyondHorizon(), readCopies(), readDifferences()].map((read) =>
        read.catch(onError),
      ),
    );
  };
}
