import Table from 'cli-table3';
import { toUnmogrowpError } from '../errors.ts';
import { hintOf } from './hints.ts';

/** Data for a person or, with `--json`, for a program: always on standard output, everything else on standard error. */
export function printJson(value: unknown): void {
  process.stdout.write(`${JSON.stringify(value, bigintAsText, 2)}\n`);
}

const bigintAsText = (_key: string, value: unknown): unknown => (typeof value === 'bigint' ? value.toString() : value);

/** A plain table without inner rules: numbers, and the columns from `numbersFrom` on, to the right, text to the left. */
export function printTable(
  head: readonly string[],
  rows: readonly (readonly (string | number)[])[],
  options: { numbersFrom?: number } = {},
): void {
  const { columns } = process.stdout;
  process.stdout.write(`${tableText(head, rows, { ...options, ...(columns ? { width: columns } : {}) })}\n`);
}

/** The text of a table; rows that do not fit into `width` become a block of lines each, as a terminal would tear them. */
export function tableText(
  head: readonly string[],
  rows: readonly (readonly (string | number)[])[],
  { numbersFrom = Infinity, width = Infinity }: { numbersFrom?: number; width?: number } = {},
): string {
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
  const text = table.toString();
  const isTooWide = text.slice(0, text.indexOf('\n')).length > width;
  return isTooWide ? rows.map((row) => blockText(head, row)).join('\n\n') : text;
}

function blockText(head: readonly string[], row: readonly (string | number)[]): string {
  return factsText(head.map((name, column) => [name, String(row[column] ?? '')]));
}

/** Names and what is known of each, one a line; what is empty is left out. */
function factsText(facts: readonly (readonly [name: string, value: string])[]): string {
  const known = facts.filter(([, value]) => value !== '');
  const width = Math.max(...known.map(([name]) => name.length));
  return known.map(([name, value]) => `${name.padEnd(width)}  ${value}`).join('\n');
}

/** Names and what is known of each, for people. */
export function printFacts(facts: readonly (readonly [name: string, value: string])[]): void {
  printLine(factsText(facts));
}

export function printLine(text = ''): void {
  process.stdout.write(`${text}\n`);
}

/** `1 row`, `1,200 rows`. */
export function countText(count: number, what: string): string {
  return `${count.toLocaleString('en')} ${what}${count === 1 ? '' : 's'}`;
}

/** Progress and hints; never mixed into the data of a pipe. */
export function printProgress(text: string): void {
  process.stderr.write(`${text}\n`);
}

/** Ends the program with exit code 1 (or `exitCode`) and one message: what went wrong, its code, and what to do; no stack unless asked for. */
export function failWith(thrown: unknown, exitCode = 1): never {
  const error = toUnmogrowpError(thrown);
  // The code stands behind the first line: behind the last of several it would read as a part of that one.
  const [first = '', ...more] = error.message.split('\n');
  const hint = hintOf(error.code, process.env);
  const lines = [`error: ${first} (${error.code})`, ...more, ...(hint === undefined ? [] : [hint])];
  process.stderr.write(`${lines.join('\n')}\n`);
  if (process.env['LOG_LEVEL'] === 'debug' || error.code === 'bug') {
    process.stderr.write(`${(thrown instanceof Error && thrown.stack) || ''}\n`);
  }
  process.exit(exitCode);
}
