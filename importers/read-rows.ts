import { createReadStream } from 'node:fs';
import { type Info, CsvError, parse } from 'csv-parse';
import { UnmogrowpError } from '../errors.ts';

/** One row of a CSV file. */
export interface CsvRow {
  /** Where the row begins, from 1; the header is line 1. */
  line: number;
  cells: readonly string[];
}

/** A place between two rows, from which a file can be read on. */
export interface CsvPosition {
  /** Lines that lie before. */
  lines: number;
  bytes: number;
}

export interface PositionedRow extends CsvRow {
  /** The place after the row. */
  end: CsvPosition;
}

/** A row may hold 8 KiB of properties many times over; beyond it a quote was surely left open. */
const ROW_BYTES_MAX = 1_048_576;

const START: CsvPosition = { lines: 0, bytes: 0 };

/**
 * Reads the rows of a CSV file one after another, the header as the first of them. Reading starts at `from`. Throws
 * `import_invalid` when a quote is never closed: nothing after it can be told apart.
 */
export async function* readRows(
  path: string,
  options: { delimiter: string; from?: CsvPosition; signal?: AbortSignal },
): AsyncGenerator<PositionedRow> {
  const { delimiter, from = START, signal } = options;
  const file = createReadStream(path, { start: from.bytes, highWaterMark: 262_144 });
  const parser = parse({
    delimiter,
    bom: from.bytes === 0,
    info: true,
    // Judged by the mapper, which rejects the one row; the parser would end the import.
    relax_column_count: true,
    relax_quotes: true,
    skip_empty_lines: true,
    max_record_size: ROW_BYTES_MAX,
  });
  file.once('error', (error) => parser.destroy(error));
  let lines = from.lines;
  let emptyLines = 0;
  try {
    for await (const { record, info } of file.pipe(parser) as AsyncIterable<{ record: string[]; info: Info }>) {
      signal?.throwIfAborted();
      // The parser counts the line ends inside of quotes twice when they are CR LF.
      const line = lines + (info.empty_lines - emptyLines) + 1;
      emptyLines = info.empty_lines;
      lines = line + lineEndsIn(record);
      yield { line, cells: record, end: { lines, bytes: from.bytes + info.bytes } };
    }
  } catch (error) {
    throw readFailure(error, path, lines);
  } finally {
    file.destroy();
  }
}

/** The header of a CSV file and its first row, which may be missing. */
export async function readHead(
  path: string,
  delimiter: string,
): Promise<{ header: readonly string[]; firstRow: readonly string[]; end: CsvPosition }> {
  const rows: PositionedRow[] = [];
  for await (const row of readRows(path, { delimiter })) {
    rows.push(row);
    if (rows.length === 2) break;
  }
  const [head, first] = rows;
  if (head === undefined)
    throw new UnmogrowpError('import_invalid', `${path} is empty: it needs a row of column names`);
  const header = head.cells.map((name) => name.trim());
  const repeated = header.find((name, index) => header.indexOf(name) !== index);
  if (repeated !== undefined) {
    throw new UnmogrowpError('import_invalid', `${path} has two columns named ${JSON.stringify(repeated)}`);
  }
  return { header, firstRow: first?.cells ?? [], end: head.end };
}

function lineEndsIn(cells: readonly string[]): number {
  let count = 0;
  for (const cell of cells) {
    if (cell.includes('\n') || cell.includes('\r')) count += cell.match(/\r\n|\n|\r/g)?.length ?? 0;
  }
  return count;
}

function readFailure(error: unknown, path: string, lines: number): unknown {
  if (error instanceof UnmogrowpError) return error;
  if (error instanceof CsvError) {
    const isOpenQuote = error.code === 'CSV_QUOTE_NOT_CLOSED' || error.code === 'CSV_MAX_RECORD_SIZE';
    const reason = isOpenQuote ? 'a quote is opened there and never closed' : error.message;
    return new UnmogrowpError('import_invalid', `${path} cannot be read after line ${lines}: ${reason}`, {
      cause: error,
    });
  }
  const code = (error as NodeJS.ErrnoException | undefined)?.code;
  if (code === undefined) return error;
  const reason = code === 'ENOENT' ? 'there is no such file' : code === 'EISDIR' ? 'it is a folder' : code;
  return new UnmogrowpError('import_invalid', `${path} cannot be read: ${reason}`, { cause: error });
}
