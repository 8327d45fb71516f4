import type { Metrics } from '../../otel/metrics.ts';
import { type INCIDENTS_METRICS, OPEN_STATUSES } from '../../otel/registry/incidents.ts';
import { countOpenIncidents, countPagesPerPersonMax } from '../../postgres/incident-counts.ts';
import type { PostgresPool } from '../../postgres/pool.ts';

const DAY_MS = 86_400_000;

/** What reads the gauges of incidents before a scrape. PostgreSQL that is away leaves them as they were. */
export function createIncidentGauges(options: {
  postgres: PostgresPool;
  metrics: Metrics<typeof INCIDENTS_METRICS>;
  onError: (error: unknown) => void;
}): () => Promise<void> {
  const { postgres, metrics, onError } = options;

  async function readOpen(): Promise<void> {
    const counts = await countOpenIncidents(postgres);
    for (const status of OPEN_STATUSES) metrics.openIncidents.set({ status }, counts.get(status) ?? 0);
  }

  async function readPages(): Promise<void> {
    metrics.pagesPerPersonMax.set(await countPagesPerPersonMax(postgres, new Date(Date.now() - DAY_MS)));
  }

  return async function readGauges() {
    await Promise.all([readOpen, readPages].map((read) => read().catch(onError)));
  };
}
