import { CLICKHOUSE_METRICS } from './clickhouse.ts';
import { DEAD_LETTER_METRICS } from './dead-letters.ts';
import type { MetricDeclaration } from './declare.ts';
import { INCIDENTS_METRICS } from './incidents.ts';
import { INGEST_METRICS } from './ingest.ts';
import { KAFKA_METRICS } from './kafka.ts';
import { PARTS_METRICS } from './parts.ts';
import { PROCESS_METRICS } from './process.ts';
import { SINK_METRICS } from './sink.ts';
import { WINDOWS_METRICS } from './windows.ts';

/** Every metric of the platform, by the area that declares it. A new area adds its line here. */
export const AREAS: Readonly<Record<string, Readonly<Record<string, MetricDeclaration>>>> = {
  process: PROCESS_METRICS,
  ingest: INGEST_METRICS,
  kafka: KAFKA_METRICS,
  sink: SINK_METRICS,
  clickhouse: CLICKHOUSE_METRICS,
  windows: WINDOWS_METRICS,
  'dead letters': DEAD_LETTER_METRICS,
  incidents: INCIDENTS_METRICS,
  parts: PARTS_METRICS,
};
