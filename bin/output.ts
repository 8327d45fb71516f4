import Table from 'cli-table3';
import { toUnmogrowpError } from '../errors.ts';

/** Data for a person or, with `--json`, for a program: always on standard output, everything else on standard error. */
export function printJson(value: unknown): void {
  process.stdout.write(`${JSON.stringify(value, bigintAsText, 2)}\n`);
}

const bigintAsText = (_key: string, value: unknown): unknown => (typeof value === 'bigint' ? value.toString() : value);

/** A plain table without inner rules: numbers, and the columns from `numbersFrom` on, to the right, text to the left. */
export function printTable(
  head: readonly string[],
  rows: readonly (readonly (string | number)[])[],
  { numbersFrom = Infinity }: { numbersFrom?: number } = {},
): void {
  const numeric = head.map(
    (_, column) => column >= numbersFrom || (rows.length > 0 && rows.every((row) => typeof row[column] === 'number')),
  );
  const table = new Table({
    head: [...head],
    colAligns: numeric.map((right) => (right ? 'right' : 'left')),
    style: { head: [], border: [], compact: true },
    chars: { mid: '', 'left-mid': '', 'mid-mid': '', 'right-mid': '' },
  });
  for (const row of rows) table.push([...row]);
  process.stdout.write(`${table.toString()}\n`);
}

export function printLine(text = ''): void {
  process.stdout.write(`${text}\n`);
}

/** Progress and hints; never mixed into the data of a pipe. */
export function printProgress(text: string): void {
  process.stderr.write(`${text}\n`);
}

/** Ends the program with exit code 1 (or `exitCode`) and one message: what went wrong and its code; no stack unless asked for. */
export function failWith(thrown: unknown, exitCode = 1): never {
  const error = toUnmogrowpError(thrown);
  process.stderr.write(`error: ${error.message} (${error.code})\n`);
  if (process.env['LOG_LEVEL'] === 'debug' || error.code === 'bug') {
    process.stderr.write(`${(thrown instanceof Error && thrown.stack) || ''}\n`);
  }
  process.exit(exitCode);
}
