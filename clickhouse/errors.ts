import { ClickHouseError } from '@clickhouse/client';
import { type ErrorCode, UnmogrowpError } from '../errors.ts';

/** Numbers of ClickHouse's own errors, by what they mean to a caller. Everything else is a mistake in the query. */
const CODES_OF_SERVER: Readonly<Partial<Record<ErrorCode, readonly number[]>>> = {
  // TIMEOUT_EXCEEDED, TOO_SLOW, SOCKET_TIMEOUT
  clickhouse_timeout: [159, 160, 209],
  // TOO_MANY_SIMULTANEOUS_QUERIES, QUOTA_EXCEEDED, MEMORY_LIMIT_EXCEEDED, NOT_ENOUGH_SPACE, TOO_MANY_PARTS,
  // CANNOT_ALLOCATE_MEMORY, CANNOT_SCHEDULE_TASK, SERVER_OVERLOADED
  clickhouse_overloaded: [202, 201, 241, 243, 252, 173, 439, 745],
  // file system errors, NO_FREE_CONNECTION, NETWORK_ERROR, NO_ZOOKEEPER, ABORTED, TABLE_IS_READ_ONLY,
  // ALL_CONNECTION_TRIES_FAILED, TOO_FEW_LIVE_REPLICAS, UNSATISFIED_QUORUM_FOR_PREVIOUS_WRITE, ALL_REPLICAS_ARE_STALE,
  // UNKNOWN_STATUS_OF_INSERT, QUERY_WAS_CANCELLED, S3_ERROR, ALL_REPLICAS_LOST, KEEPER_EXCEPTION
  clickhouse_unavailable: [
    74, 75, 76, 203, 210, 225, 236, 242, 279, 285, 286, 288, 297, 319, 369, 394, 415, 425, 499, 999,
  ],
  // What only the bytes of a row can cause: unreadable texts and numbers, values out of range, strings of a wrong size,
  // enum elements and UUIDs that are none, too many or too few values, violated constraints.
  clickhouse_row_refused: [
    6, 7, 25, 26, 27, 33, 38, 41, 69, 70, 72, 95, 117, 129, 130, 131, 321, 349, 376, 407, 436, 441, 467, 469, 563, 675,
    676, 691,
  ],
};

const codeOfNumber = new Map<number, ErrorCode>(
  Object.entries(CODES_OF_SERVER).flatMap(([code, numbers]) =>
    numbers.map((number): [number, ErrorCode] => [number, code as ErrorCode]),
  ),
);

const UNKNOWN_DATABASE = 81;
const UNKNOWN_TABLE = 60;

/** The platform's error behind anything that the client or the server threw. */
export function classifyClickHouseError(thrown: unknown, query: string): UnmogrowpError {
  if (thrown instanceof UnmogrowpError) return thrown;
  if (thrown instanceof ClickHouseError) return ofServer(thrown, query);
  const error = thrown instanceof Error ? thrown : new Error(String(thrown));
  const context = { query };
  if (/aborted/i.test(error.message)) {
    return new UnmogrowpError('interrupted', `ClickHouse: ${query} was interrupted`, { cause: thrown, context });
  }
  const code: ErrorCode = /timeout/i.test(error.message) ? 'clickhouse_timeout' : 'clickhouse_unavailable';
  const message = error.message || (error as NodeJS.ErrnoException).code || 'connection refused';
  return new UnmogrowpError(code, `ClickHouse does not answer: ${message}`, { cause: thrown, context });
}

function ofServer(error: ClickHouseError, query: string): UnmogrowpError {
  const number = Number(error.code);
  const isMissing = number === UNKNOWN_DATABASE || number === UNKNOWN_TABLE;
  const hint = isMissing ? ' Its tables are missing or old: run unmogrowp migrate' : '';
  return new UnmogrowpError(
    codeOfNumber.get(number) ?? 'clickhouse_query_failed',
    `ClickHouse refused ${query}: ${error.message}${hint}`,
    { cause: error, context: { query, clickhouse_code: number, clickhouse_error: error.type ?? '' } },
  );
}
