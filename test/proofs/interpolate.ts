/** What Grafana fills into the queries of a board: the values of its variables and the shown time. */
export interface Shown {
  readonly variables: Readonly<Record<string, readonly string[]>>;
  readonly fromMs: number;
  readonly toMs: number;
  /** Time between two points. */
  readonly intervalSeconds: number;
  /** Time between two scrapes. */
  readonly scrapeSeconds: number;
}

/** PromQL or LogQL as Grafana would send it: macros by time, several values of a variable as alternatives. */
export function interpolateExpression(text: string, shown: Shown): string {
  const rateSeconds = Math.max(shown.intervalSeconds + shown.scrapeSeconds, 4 * shown.scrapeSeconds);
  const withMacros = text
    .replaceAll('$__rate_interval', `${rateSeconds}s`)
    .replaceAll('$__interval', `${shown.intervalSeconds}s`)
    .replaceAll('$__range', `${Math.round((shown.toMs - shown.fromMs) / 1_000)}s`);
  return interpolateVariables(withMacros, shown, alternatives);
}

/** SQL as the ClickHouse plugin would send it. */
export function interpolateSql(text: string, shown: Shown): string {
  const from = `toDateTime(${Math.floor(shown.fromMs / 1_000)})`;
  const to = `toDateTime(${Math.floor(shown.toMs / 1_000)})`;
  const withMacros = text
    .replaceAll(/\$__timeFilter\((\w+)\)/g, (_, column: string) => `${column} >= ${from} AND ${column} <= ${to}`)
    .replaceAll(
      /\$__timeInterval\((\w+)\)/g,
      (_, column: string) => `toStartOfInterval(toDateTime(${column}), INTERVAL ${shown.intervalSeconds} second)`,
    )
    .replaceAll('$__interval_s', String(shown.intervalSeconds))
    .replaceAll('$__fromTime', from)
    .replaceAll('$__toTime', to);
  return interpolateVariables(withMacros, shown, (values) => values[0] ?? '');
}

type Format = (values: readonly string[]) => string;

function interpolateVariables(text: string, { variables }: Shown, plain: Format): string {
  return text.replaceAll(
    /\$(?:\{(\w+)(?::(\w+))?\}|(\w+))/g,
    (whole, braced?: string, format?: string, bare?: string) => {
      const name = braced ?? bare ?? '';
      const values = variables[name];
      if (values === undefined) throw new Error(`${whole} is no variable of the board and no macro`);
      return (format === undefined ? plain : formatNamed(format))(values);
    },
  );
}

function formatNamed(name: string): Format {
  if (name === 'singlequote')
    return (values) => values.map((value) => `'${value.replaceAll("'", String.raw`\'`)}'`).join(',');
  throw new Error(`the format ${name} of a variable is not known here`);
}

/** As the Prometheus plugin writes several values. */
const alternatives: Format = (values) => {
  const escaped = values.map((value) => value.replaceAll(/[\\^$.|?*+()[\]{}]/g, String.raw`\\$&`));
  return escaped.length === 1 ? (escaped[0] ?? '') : `(${escaped.join('|')})`;
};
