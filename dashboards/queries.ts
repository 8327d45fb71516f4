import { readFileSync } from 'node:fs';
import type { Builder, Dataquery } from '@grafana/grafana-foundation-sdk/cog';

export const DATASOURCES = {
  prometheus: 'prometheus',
  loki: 'loki',
  clickhouse: 'grafana-clickhouse-datasource',
  jaeger: 'jaeger',
} as const;
export type Datasource = keyof typeof DATASOURCES;

/** A question of a panel, a variable or an annotation, as Grafana's plugin of the datasource wants it. */
export interface Query {
  readonly datasource: Datasource;
  readonly text: string;
  readonly model: Readonly<Record<string, unknown>>;
  /** Why it finds nothing in health, beside others of its panel that find something. */
  readonly emptyBecause?: string;
}

/** A query that finds something only when something happens. */
export const seldom = (query: Query, emptyBecause: string): Query => ({ ...query, emptyBecause });

/** The datasource that the variable of the board names. */
export const datasourceRef = (datasource: Datasource): { type: string; uid: string } => ({
  type: DATASOURCES[datasource],
  uid: `\${${datasource}}`,
});

/** PromQL over the shown time. `exemplars` shows single measurements with their traces. */
export const metric = (text: string, legend = '', options: { exemplars?: boolean } = {}): Query => ({
  datasource: 'prometheus',
  text,
  model: { expr: text, legendFormat: legend, range: true, exemplar: options.exemplars === true, editorMode: 'code' },
});

/** PromQL at the end of the shown time. */
export const metricNow = (text: string, legend = ''): Query => ({
  datasource: 'prometheus',
  text,
  model: { expr: text, legendFormat: legend, instant: true, range: false, editorMode: 'code' },
});

/** The same as rows of a table, with a column for each label. */
export const metricRows = (text: string): Query => ({
  datasource: 'prometheus',
  text,
  model: { expr: text, instant: true, range: false, format: 'table', editorMode: 'code' },
});

/** PromQL whose buckets become the rows of a heatmap. */
export const metricBuckets = (text: string): Query => ({
  datasource: 'prometheus',
  text,
  model: { expr: text, legendFormat: '{{le}}', range: true, format: 'heatmap', exemplar: false, editorMode: 'code' },
});

/** The newest log lines of a LogQL selector. */
export const logLines = (text: string): Query => ({
  datasource: 'loki',
  text,
  model: { expr: text, queryType: 'range', maxLines: 100, editorMode: 'code' },
});

/** LogQL that counts lines. */
export const lineCounts = (text: string, legend: string): Query => ({
  datasource: 'loki',
  text,
  model: { expr: text, queryType: 'range', legendFormat: legend, editorMode: 'code' },
});

/** The rows of `sql/<name>.sql`. */
export const rows = (name: string): Query => sql(name, { format: 1, queryType: 'table' });

/** `sql/<name>.sql` over time: its first column is the time, text columns make series. */
export const points = (name: string): Query => sql(name, { format: 0, queryType: 'timeseries' });

function sql(name: string, model: Readonly<Record<string, unknown>>): Query {
  const text = readFileSync(new URL(`sql/${name}.sql`, import.meta.url), 'utf8').trim();
  return {
    datasource: 'clickhouse',
    text,
    model: { ...model, rawSql: text, editorType: 'sql', pluginVersion: '4.0.0' },
  };
}

/** Traces of a service that took long; the newest of them. */
export const slowTraces = (search: { service: string; operation: string; minDuration?: string }): Query => ({
  datasource: 'jaeger',
  text: JSON.stringify(search),
  model: { ...search, queryType: 'search', limit: 20 },
});

/** What the builders of panels take as a target. */
export const target = (query: Query, refId: string): Builder<Dataquery> => ({
  build: () => ({
    refId,
    datasource: datasourceRef(query.datasource),
    ...query.model,
    _implementsDataqueryVariant: () => undefined,
  }),
});
