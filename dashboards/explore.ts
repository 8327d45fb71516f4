import { type Datasource, datasourceRef } from './queries.ts';

/** Where Grafana shows the trace of the value on which somebody clicks. */
export const traceOfValue = (): string => explore('jaeger', { queryType: '', query: '${__value.raw}' });

/** Where Grafana shows the log lines that belong to that trace. */
export const logsOfValue = (): string =>
  explore('loki', { queryType: 'range', expr: '{service=~".+"} | trace_id="${__value.raw}"' });

function explore(datasource: Datasource, query: Readonly<Record<string, string>>): string {
  const panes = {
    one: {
      datasource: `\${${datasource}}`,
      queries: [{ refId: 'A', datasource: datasourceRef(datasource), ...query }],
      range: { from: '${__from}', to: '${__to}' },
    },
  };
  return `/explore?schemaVersion=1&orgId=1&panes=${encode(JSON.stringify(panes))}`;
}

/** Grafana replaces variables in the address, so they must not be encoded themselves. */
const encode = (text: string): string =>
  encodeURIComponent(text).replaceAll(/%24%7B([\w.]+)%7D/g, (_, name: string) => `\${${name}}`);
