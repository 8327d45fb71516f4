import { ClickHouseError } from '@clickhouse/client';
import { type ErrorCode, UnmogrowpError } from '../errors.ts';

/** ClickHouse's own errors by what they mean to a caller. Everything else is a mistake in the query. */
export const ERRORS_OF_SERVER = {
  clickhouse_timeout: { TIMEOUT_EXCEEDED: 159, TOO_SLOW: 160, SOCKET_TIMEOUT: 209 },
  clickhouse_overloaded: {
    CANNOT_ALLOCATE_MEMORY: 173,
    QUOTA_EXCEEDED: 201,
    TOO_MANY_SIMULTANEOUS_QUERIES: 202,
    MEMORY_LIMIT_EXCEEDED: 241,
    NOT_ENOUGH_SPACE: 243,
    TOO_MANY_PARTS: 252,
    RECEIVED_ERROR_TOO_MANY_REQUESTS: 364,
    CANNOT_SCHEDULE_TASK: 439,
    SERVER_OVERLOADED: 745,
    TCP_CONNECTION_LIMIT_REACHED: 749,
    HTTP_CONNECTION_LIMIT_REACHED: 762,
    RESOURCE_LIMIT_EXCEEDED: 776,
    MEMORY_RESERVATION_KILLED: 777,
    MEMORY_RESERVATION_FAILED: 778,
  },
  clickhouse_unavailable: {
    CANNOT_READ_ALL_DATA: 33,
    CANNOT_READ_FROM_FILE_DESCRIPTOR: 74,
    CANNOT_WRITE_TO_FILE_DESCRIPTOR: 75,
    CANNOT_OPEN_FILE: 76,
    CANNOT_READ_FROM_SOCKET: 95,
    CANNOT_WRITE_TO_SOCKET: 96,
    NO_FREE_CONNECTION: 203,
    NETWORK_ERROR: 210,
    NO_ZOOKEEPER: 225,
    ABORTED: 236,
    TABLE_IS_READ_ONLY: 242,
    NO_ACTIVE_REPLICAS: 254,
    NO_AVAILABLE_REPLICA: 265,
    ALL_CONNECTION_TRIES_FAILED: 279,
    TOO_FEW_LIVE_REPLICAS: 285,
    UNSATISFIED_QUORUM_FOR_PREVIOUS_WRITE: 286,
    REPLICA_IS_NOT_IN_QUORUM: 289,
    SHARD_HAS_NO_CONNECTIONS: 297,
    UNKNOWN_STATUS_OF_INSERT: 319,
    ALL_REPLICAS_ARE_STALE: 369,
    PART_IS_TEMPORARILY_LOCKED: 384,
    QUERY_WAS_CANCELLED: 394,
    ALL_REPLICAS_LOST: 415,
    SYSTEM_ERROR: 425,
    DEADLOCK_AVOIDED: 473,
    S3_ERROR: 499,
    AZURE_BLOB_STORAGE_ERROR: 500,
    THREAD_WAS_CANCELED: 677,
    TABLE_IS_BEING_RESTARTED: 733,
    KEEPER_EXCEPTION: 999,
  },
  // What nothing but the bytes of a row can cause: the row is put aside, so a doubtful error must not stand here.
  clickhouse_row_refused: {
    CANNOT_PARSE_TEXT: 6,
    CANNOT_PARSE_ESCAPE_SEQUENCE: 25,
    CANNOT_PARSE_QUOTED_STRING: 26,
    CANNOT_PARSE_INPUT_ASSERTION_FAILED: 27,
    CANNOT_PARSE_DATE: 38,
    CANNOT_PARSE_DATETIME: 41,
    ARGUMENT_OUT_OF_BOUND: 69,
    CANNOT_PARSE_NUMBER: 72,
    INCORRECT_DATA: 117,
    CANNOT_READ_ARRAY_FROM_TEXT: 130,
    TOO_LARGE_STRING_SIZE: 131,
    VALUE_IS_OUT_OF_RANGE_OF_DATA_TYPE: 321,
    CANNOT_INSERT_NULL_IN_ORDINARY_COLUMN: 349,
    CANNOT_PARSE_UUID: 376,
    DECIMAL_OVERFLOW: 407,
    CANNOT_PARSE_DOMAIN_VALUE_FROM_STRING: 441,
    CANNOT_PARSE_BOOL: 467,
    VIOLATED_CONSTRAINT: 469,
    CANNOT_READ_MAP_FROM_TEXT: 563,
    UNKNOWN_ELEMENT_OF_ENUM: 691,
  },
} as const satisfies Partial<Record<ErrorCode, Readonly<Record<string, number>>>>;

const codeOfNumber = new Map<number, ErrorCode>(
  Object.entries(ERRORS_OF_SERVER).flatMap(([code, errors]) =>
    Object.values(errors).map((number: number): [number, ErrorCode] => [number, code as ErrorCode]),
  ),
);

const UNKNOWN_DATABASE = 81;
const UNKNOWN_TABLE = 60;
const REQUIRED_PASSWORD = 194;
const AUTHENTICATION_FAILED = 516;

/** The platform's error behind anything that the client or the server threw; `isAborted` when the caller ended the call. */
export function classifyClickHouseError(
  thrown: unknown,
  { query, isAborted }: { query: string; isAborted: boolean },
): UnmogrowpError {
  if (thrown instanceof UnmogrowpError) return thrown;
  if (thrown instanceof ClickHouseError) return ofServer(thrown, query);
  const error = thrown instanceof Error ? thrown : new Error(String(thrown));
  const context = { query };
  // Not by the message: an answer that breaks off is called aborted, too.
  if (isAborted) {
    return new UnmogrowpError('interrupted', `ClickHouse: ${query} was interrupted`, { cause: thrown, context });
  }
  const code: ErrorCode = /timeout/i.test(error.message) ? 'clickhouse_timeout' : 'clickhouse_unavailable';
  const message = error.message || (error as NodeJS.ErrnoException).code || 'connection refused';
  return new UnmogrowpError(code, `ClickHouse does not answer: ${message}`, { cause: thrown, context });
}

function ofServer(error: ClickHouseError, query: string): UnmogrowpError {
  const number = Number(error.code);
  return new UnmogrowpError(
    codeOfNumber.get(number) ?? 'clickhouse_query_failed',
    `ClickHouse refused ${query}: ${textOf(error.message, number)}`,
    { cause: error, context: { query, clickhouse_code: number, clickhouse_error: error.type ?? '' } },
  );
}

/** What the server said and what follows from it for us. */
function textOf(message: string, number: number): string {
  if (number === UNKNOWN_DATABASE || number === UNKNOWN_TABLE) {
    return `${message} Its tables are missing or old: run unmogrowp migrate`;
  }
  // The server goes on with a page of advice about its own files.
  if (number === AUTHENTICATION_FAILED || number === REQUIRED_PASSWORD) {
    return `${message.split('\n')[0]} See CLICKHOUSE_USERNAME and CLICKHOUSE_PASSWORD`;
  }
  return message;
}
