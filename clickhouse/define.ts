import { readFileSync } from 'node:fs';
import type { ClickHouseSettings } from '@clickhouse/client';
import { z } from 'zod';
import { UnmogrowpError } from '../errors.ts';
import { type ClickHouse, type QueryOptions, runNamed } from './client.ts';

type Parameters = z.ZodObject;

interface Declaration<P extends Parameters> {
  /** Snake case; the name of the span and the server's `log_comment`. */
  name: string;
  /** The SQL, beside its declaration: `new URL('./name.sql', import.meta.url)`; several files are one text. */
  file: URL | readonly URL[];
  /** One key for each placeholder `{key:Type}` of the SQL, and no other. Values are never written into the text. */
  parameters: P;
  settings?: ClickHouseSettings;
}

/** A declared SELECT: call it with a server and parameters, and get parsed rows. */
export type Query<P, Row> = (clickhouse: ClickHouse, parameters: P, options?: QueryOptions) => Promise<Row[]>;

/** A declared statement without an answer. */
export type Command<P> = (clickhouse: ClickHouse, parameters: P, options?: QueryOptions) => Promise<void>;

/** Declares a SELECT once: its SQL file, what it takes, and what a row of its answer is. */
export function defineQuery<P extends Parameters, R extends z.ZodType>(
  declaration: Declaration<P> & { row: R },
): Query<z.input<P>, z.output<R>> {
  const { name, parameters, row, settings } = declaration;
  const sql = readSql(declaration);
  const rows = z.array(row);
  return async function runQuery(clickhouse, values, options = {}) {
    const query_params = encodeParameters(name, parameters, values);
    const answer = await runNamed(name, withSettings(options, settings), async (call) => {
      const result = await clickhouse.client.query({ query: sql, query_params, format: 'JSONEachRow', ...call });
      return result.json();
    });
    const parsed = rows.safeParse(answer);
    if (parsed.success) return parsed.data;
    throw new UnmogrowpError('bug', `The answer of ${name} is not what was declared: ${z.prettifyError(parsed.error)}`);
  };
}

/** Declares a statement without an answer, such as INSERT … SELECT. */
export function defineCommand<P extends Parameters>(declaration: Declaration<P>): Command<z.input<P>> {
  const { name, parameters, settings } = declaration;
  const sql = readSql(declaration);
  return async function runCommand(clickhouse, values, options = {}) {
    const query_params = encodeParameters(name, parameters, values);
    await runNamed(name, withSettings(options, { ...KEPT_ALIVE, ...settings }), (call) =>
      clickhouse.client.command({ query: sql, query_params, ...call }),
    );
  };
}

/** A statement may run for minutes without a byte of an answer: progress headers keep its connection open. */
const KEPT_ALIVE: ClickHouseSettings = {
  send_progress_in_http_headers: 1,
  http_headers_progress_interval_ms: '10000',
};

const PLACEHOLDER = /\{(\w+):[^}]+\}/g;

function readSql({ name, file, parameters }: Declaration<Parameters>): string {
  const files = Array.isArray(file) ? (file as readonly URL[]) : [file as URL];
  const text = files.map((one) => readFileSync(one, 'utf8').trim()).join('\n');
  const sql = text.replace(/;$/, '');
  const inText = new Set([...sql.matchAll(PLACEHOLDER)].map((match) => match[1] ?? ''));
  const declared = Object.keys(parameters.shape);
  const missing = declared.filter((key) => !inText.has(key));
  const undeclared = [...inText].filter((key) => !declared.includes(key));
  if (missing.length > 0 || undeclared.length > 0) {
    throw new UnmogrowpError('bug', `${name}: not in the SQL: ${missing.join()}; not declared: ${undeclared.join()}`);
  }
  return sql;
}

function encodeParameters(name: string, schema: Parameters, values: unknown): Record<string, unknown> {
  const parsed = schema.safeParse(values);
  if (!parsed.success) {
    throw new UnmogrowpError('bug', `${name} was called with wrong parameters: ${z.prettifyError(parsed.error)}`);
  }
  return parsed.data;
}

function withSettings(options: QueryOptions, settings: ClickHouseSettings | undefined): QueryOptions {
  return { ...options, settings: { ...settings, ...options.settings } };
}
