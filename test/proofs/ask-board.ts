import { type Query } from '../../dashboards/queries.ts';
import type { Variable } from '../../dashboards/variables.ts';
import { type Shown, interpolateExpression, interpolateSql } from './interpolate.ts';
import type { Pipeline } from './pipeline.ts';

/** What the queries of boards are asked of. */
export interface BoardAsker {
  /** How the datasources are reached, for the report. */
  readonly way: string;
  /** How many values a query finds: points, cells of rows, lines or traces. */
  count(query: Query, shown: Shown): Promise<number>;
  /** What a query of a variable gives. */
  values(query: Query, shown: Shown): Promise<string[]>;
}

/** Asks the datasources themselves, as Grafana's plugins would. */
export function askDirectly({ prometheus, loki, variables }: Pipeline): BoardAsker {
  const clickhouse = (sql: string): Promise<unknown[][]> => askClickHouse(clickHouseUrl(variables), sql, GRAFANA_USER);
  return {
    way: 'the datasources themselves',
    async count({ datasource, text, model }, shown) {
      const range = { fromMs: shown.fromMs, toMs: shown.toMs };
      if (datasource === 'clickhouse') return filled((await clickhouse(interpolateSql(text, shown))).flat());
      if (datasource === 'jaeger') return countTraces(variables['JAEGER_QUERY_URL'] ?? '', JSON.parse(text), range);
      const expression = interpolateExpression(text, shown);
      if (datasource === 'loki') {
        if (model['maxLines'] !== undefined) return (await loki.lines(expression, range)).length;
        return finite(await loki.queryRange(expression, { ...range, stepSeconds: shown.intervalSeconds }));
      }
      if (model['instant'] === true) {
        return (await prometheus.query(expression)).filter(({ value }) => Number.isFinite(value)).length;
      }
      return finite(await prometheus.queryRange(expression, { ...range, stepSeconds: shown.intervalSeconds }));
    },
    values: async ({ text }, shown) => (await clickhouse(interpolateSql(text, shown))).map(([first]) => String(first)),
  };
}

const GRAFANA_USER: Readonly<Record<string, string>> = { 'X-ClickHouse-User': 'grafana', 'X-ClickHouse-Key': '' };

const clickHouseUrl = (variables: Pipeline['variables']): string =>
  `${variables['CLICKHOUSE_URL']}/?database=${variables['CLICKHOUSE_DATABASE'] ?? 'unmogrowp'}&`;

/** Asks through Grafana: its proxies, its plugins, and the datasources as they are provisioned. */
export function askThroughGrafana(url: string, pipeline: Pipeline): BoardAsker {
  const direct = askDirectly(pipeline);
  const proxy = `${url}/api/datasources/proxy/uid`;
  const database = pipeline.variables['CLICKHOUSE_DATABASE'] ?? 'unmogrowp';
  const clickhouse = async (query: Query, shown: Shown): Promise<unknown[][]> => {
    const frames = await askGrafana(
      url,
      { ...query, model: { ...query.model, rawSql: interpolateSql(query.text, shown) } },
      shown,
    );
    if (frames !== undefined) return frames.flatMap(rowsOf);
    // A plugin without a program of its own: Grafana passes on what the browser asks.
    return askClickHouse(`${proxy}/clickhouse/jsondata/?database=${database}&`, interpolateSql(query.text, shown), {});
  };
  return {
    way: 'the API of Grafana',
    async count(query, shown) {
      if (query.datasource === 'clickhouse') return filled((await clickhouse(query, shown)).flat());
      if (query.datasource === 'jaeger') {
        return countTraces(`${proxy}/jaeger`, JSON.parse(query.text), { fromMs: shown.fromMs, toMs: shown.toMs });
      }
      const expr = interpolateExpression(query.text, shown);
      const frames = await askGrafana(url, { ...query, model: { ...query.model, expr, exemplar: false } }, shown);
      if (frames === undefined) return direct.count(query, shown);
      return frames.flatMap(rowsOf).reduce((sum, [, ...cells]) => sum + filled(cells), 0);
    },
    values: async (query, shown) => (await clickhouse(query, shown)).map(([first]) => String(first)),
  };
}

interface Frame {
  readonly data: { readonly values: readonly (readonly unknown[])[] };
}

/** What Grafana's own query API answers; nothing when the plugin has no program on the server. */
async function askGrafana(url: string, { datasource, model }: Query, shown: Shown): Promise<Frame[] | undefined> {
  const body = {
    from: String(shown.fromMs),
    to: String(shown.toMs),
    queries: [
      {
        ...model,
        refId: 'A',
        datasource: { uid: datasource },
        intervalMs: shown.intervalSeconds * 1_000,
        maxDataPoints: 1_000,
      },
    ],
  };
  const response = await fetch(`${url}/api/ds/query`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', connection: 'close' },
    body: JSON.stringify(body),
  });
  const text = await response.text();
  const answer = JSON.parse(text) as {
    results?: Readonly<Record<string, { frames?: Frame[]; error?: string }>>;
    messageId?: string;
  };
  const result = answer.results?.['A'];
  if (result?.frames !== undefined && result.error === undefined) return result.frames;
  if (result === undefined && datasource === 'clickhouse') return undefined;
  throw new Error(result?.error ?? text.slice(0, 300));
}

/** A frame holds columns. */
const rowsOf = ({ data }: Frame): unknown[][] =>
  (data.values[0] ?? []).map((_, row) => data.values.map((column) => column[row]));

async function askClickHouse(
  url: string,
  sql: string,
  headers: Readonly<Record<string, string>>,
): Promise<unknown[][]> {
  const response = await fetch(`${url}default_format=JSONCompact`, {
    method: 'POST',
    headers: { ...headers, 'content-type': 'text/plain', connection: 'close' },
    body: sql,
  });
  const text = await response.text();
  if (!response.ok) throw new Error(text.slice(0, 500));
  return (JSON.parse(text) as { data: unknown[][] }).data;
}

async function countTraces(
  url: string,
  search: Readonly<Record<string, string>>,
  { fromMs, toMs }: { fromMs: number; toMs: number },
): Promise<number> {
  const times = { start: String(fromMs * 1_000), end: String(toMs * 1_000), limit: '20', lookback: 'custom' };
  const response = await fetch(`${url}/api/traces?${new URLSearchParams({ ...search, ...times }).toString()}`, {
    headers: { connection: 'close' },
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`${response.status} ${text.slice(0, 300)}`);
  return (JSON.parse(text) as { data: unknown[] }).data.length;
}

const finite = (series: readonly { values: readonly (readonly [number, number])[] }[]): number =>
  series.reduce((sum, { values }) => sum + values.filter(([, value]) => Number.isFinite(value)).length, 0);

const filled = (cells: readonly unknown[]): number =>
  cells.filter((cell) => cell !== null && cell !== undefined && cell !== '' && !Number.isNaN(cell)).length;

/** The values that a board has when somebody opens it; a tenant of the workload before others. */
export async function chosenVariables(
  asker: BoardAsker,
  variables: readonly Variable[],
  { shown, preferred }: { shown: Shown; preferred: string },
): Promise<Record<string, readonly string[]>> {
  const chosen: Record<string, readonly string[]> = {};
  for (const { name, query, values, isAll } of variables) {
    const all = query === undefined ? (values ?? []) : await asker.values(query, { ...shown, variables: chosen });
    if (all.length === 0) throw new Error(`the variable ${name} has no value`);
    chosen[name] = isAll === true ? all : [all.includes(preferred) ? preferred : (all[0] ?? '')];
  }
  return chosen;
}
