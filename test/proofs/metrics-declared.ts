import { AREAS } from '../../otel/registry/all.ts';
import { type ExternalDeclaration, type MetricDeclaration, isClosed } from '../../otel/registry/declare.ts';
import { EXTERNAL } from '../../otel/registry/external/all.ts';
import { PROCESS_NAMES, type ProcessName } from '../../stack/types.ts';

/** A declared metric, and the services on whose pages it stands. */
export interface Expected {
  readonly declaration: MetricDeclaration | ExternalDeclaration;
  readonly jobs: readonly string[];
}

const JOBS_OF_AREA: Readonly<Record<string, readonly ProcessName[]>> = {
  process: PROCESS_NAMES,
  ingest: ['ingest'],
  kafka: ['sink'],
  sink: ['sink'],
  clickhouse: ['worker'],
  windows: ['worker'],
  'dead letters': ['worker'],
  incidents: ['incidents'],
  parts: ['worker'],
};

const JOBS_OF_SOURCE: Readonly<Record<string, readonly string[]>> = {
  clickhouse: ['clickhouse'],
  temporal_server: ['temporal'],
  temporal_sdk: ['worker'],
  jaeger: ['jaeger'],
  alertmanager: ['alertmanager'],
  loki: ['loki'],
};

/** Every declared metric; of our own, on the pages of all processes that declare it. */
export function expectedMetrics(): Expected[] {
  const own = Object.entries(AREAS).flatMap(([area, declarations]) =>
    Object.values(declarations).map((declaration) => ({ declaration, jobs: JOBS_OF_AREA[area] ?? [] })),
  );
  const external = Object.entries(EXTERNAL).flatMap(([source, declarations]) =>
    Object.values(declarations).map((declaration) => ({ declaration, jobs: JOBS_OF_SOURCE[source] ?? [] })),
  );
  return [...own, ...external];
}

/** A series of Prometheus that stands for the metric: each combination of its labels has exactly one. */
export function seriesName({ kind, name }: Expected['declaration']): string {
  return kind === 'histogram' || kind === 'summary' ? `${name}_count` : name;
}

/** Every combination of closed label values that our own metric has from its start on; those of others come one by one. */
export function closedCombinations({ declaration }: Expected): Record<string, string>[] {
  if ('source' in declaration) return [];
  let combinations: Record<string, string>[] = [{}];
  for (const [label, values] of Object.entries(declaration.labels)) {
    if (!isClosed(values)) continue;
    combinations = combinations.flatMap((one) => values.map((value) => ({ ...one, [label]: value })));
  }
  return Object.keys(declaration.labels).length === 0 ? [] : combinations;
}

/** Why a metric has no series in health: its program shows it only after the first time. */
export const ABSENT_IN_HEALTH: Readonly<Record<string, string>> = {
  approximate_backlog_age_seconds: 'Temporal shows it after a task had to wait',
  temporal_workflow_task_execution_failed_total: "Temporal's SDK shows it after the first failure",
  temporal_activity_execution_failed_total: "Temporal's SDK shows it after the first failure",
  loki_discarded_samples_total: 'Loki shows it after the first line that it threw away',
};
