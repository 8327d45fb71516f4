import { CLICKHOUSE_METRICS } from './clickhouse.ts';
import type { MetricDeclaration } from './declare.ts';
import { INGEST_METRICS } from './ingest.ts';
import { PROCESS_METRICS } from './process.ts';

/** Every metric of the platform, by the area that declares it. A new area adds its line here. */
export const AREAS: Readonly<Record<string, Readonly<Record<string, MetricDeclaration>>>> = {
  process: PROCESS_METRICS,
  ingest: INGEST_METRICS,
  clickhouse: CLICKHOUSE_METRICS,
};
