import { counter, gauge } from './declare.ts';

/** What a process measures that exports the ClickHouse server's own spans. */
export const CLICKHOUSE_METRICS = {
  serverSpans: counter({
    name: 'unmogrowp_clickhouse_server_spans_total',
    help: "Spans of the ClickHouse server that were handed to the trace store; some more than once, which it doesn't mind.",
  }),
  serverSpanLag: gauge({
    name: 'unmogrowp_clickhouse_server_spans_lag_seconds',
    help: 'Age of the newest span of the ClickHouse server that was handed on, when the last batch was read.',
  }),
} as const;
