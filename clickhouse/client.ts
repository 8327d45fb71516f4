import type { Readable } from 'node:stream';
import { finished } from 'node:stream/promises';
import { type ClickHouseClient, ClickHouseLogLevel, type ClickHouseSettings, createClient } from '@clickhouse/client';
import { SpanKind, SpanStatusCode, context, propagation, trace } from '@opentelemetry/api';
import { classifyClickHouseError } from './errors.ts';

export interface ClickHouseConfig {
  url: string;
  username: string;
  password: string;
  database: string;
  /** Shown in the server's query log, so that a query can be led back to its process. */
  applicationName: string;
  /** How long a request may stay without any byte going either way. */
  requestTimeoutMs?: number;
  connectionsMax?: number;
}

/** A connected server. Nothing is opened before the first query. */
export interface ClickHouse {
  readonly database: string;
  readonly client: ClickHouseClient;
  /** Whether the server answers now. */
  isHealthy(): Promise<boolean>;
  close(): Promise<void>;
}

export interface QueryOptions {
  signal?: AbortSignal;
  settings?: ClickHouseSettings;
  /** Under this id the server's logs know the query; it must be new for each. */
  queryId?: string;
}

/** Makes the client of one process. */
export function createClickHouse(config: ClickHouseConfig): ClickHouse {
  const client = createClient({
    url: config.url,
    username: config.username,
    password: config.password,
    database: config.database,
    application: config.applicationName,
    request_timeout: config.requestTimeoutMs ?? 120_000,
    max_open_connections: config.connectionsMax ?? 10,
    // A long statement reports its progress in headers, which keeps proxies from cutting an idle connection.
    max_response_headers_size: 1_048_576,
    // Errors reach the caller, who logs them with what it was doing; the client's own log would show them twice.
    log: { level: ClickHouseLogLevel.OFF },
    clickhouse_settings: SETTINGS,
  });
  return {
    database: config.database,
    client,
    isHealthy: async () => (await client.ping()).success,
    close: () => client.close(),
  };
}

/** How values are written in answers, whatever the server's profile says. */
const SETTINGS: ClickHouseSettings = {
  // Counts and offsets stay below 2^53; decimals would lose digits as numbers.
  output_format_json_quote_64bit_integers: 0,
  output_format_json_quote_decimals: 1,
  date_time_output_format: 'iso',
};

const tracer = trace.getTracer('clickhouse');

/**
 * Runs one call of the client in a span that carries the query's name; the server's own spans join the same trace, and
 * its query log shows the name as `log_comment`. Throws the platform's errors.
 */
export function runNamed<Result>(
  name: string,
  options: QueryOptions,
  call: (parameters: {
    http_headers: Record<string, string>;
    clickhouse_settings: ClickHouseSettings;
    abort_signal?: AbortSignal;
    query_id?: string;
  }) => Promise<Result>,
): Promise<Result> {
  const attributes = { 'db.system.name': 'clickhouse', 'db.query.summary': name };
  return tracer.startActiveSpan(name, { kind: SpanKind.CLIENT, attributes }, async (span) => {
    const headers: Record<string, string> = {};
    propagation.inject(context.active(), headers);
    try {
      return await call({
        http_headers: headers,
        clickhouse_settings: { log_comment: name, ...options.settings },
        ...(options.signal === undefined ? {} : { abort_signal: options.signal }),
        ...(options.queryId === undefined ? {} : { query_id: options.queryId }),
      });
    } catch (thrown) {
      const error = classifyClickHouseError(thrown, { query: name, isAborted: options.signal?.aborted === true });
      span.setStatus({ code: SpanStatusCode.ERROR, message: error.code });
      throw error;
    } finally {
      span.end();
    }
  });
}

/** Inserts bytes that are already in a ClickHouse format, as one statement. */
export async function insertBytes(
  clickhouse: ClickHouse,
  statement: { name: string; table: string; columns: readonly string[]; format: string; bytes: Readable },
  options: QueryOptions = {},
): Promise<void> {
  const { name, table, columns, format, bytes } = statement;
  await runNamed(name, options, async (parameters) => {
    const query = `INSERT INTO ${table} (${columns.join(', ')}) FORMAT ${format}`;
    const { stream } = await clickhouse.client.exec({ query, values: bytes, ...parameters });
    // The connection is free for the next request only when the (empty) answer was read.
    await finished(stream.resume());
  });
}
