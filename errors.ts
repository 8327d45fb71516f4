/**
 * The closed list of error codes of the platform.
 *
 * The code is the metric label, the log field and the Temporal failure type. `retryable` says whether the same call may
 * succeed later without anybody changing anything; it is decided here, per code, and never guessed from a message.
 */
export const ERROR_CODES = {
  configuration_invalid: { retryable: false },
  toolchain_missing: { retryable: false },
  part_build_failed: { retryable: true },
  part_start_failed: { retryable: true },
  stack_busy: { retryable: true },
  kafka_unavailable: { retryable: true },
  kafka_timeout: { retryable: true },
  kafka_fenced: { retryable: false },
  kafka_record_too_large: { retryable: false },
  spool_full: { retryable: true },
  spool_failed: { retryable: true },
  clickhouse_unavailable: { retryable: true },
  clickhouse_timeout: { retryable: true },
  clickhouse_overloaded: { retryable: true },
  clickhouse_query_failed: { retryable: false },
  clickhouse_row_refused: { retryable: false },
  clickhouse_rows_lost: { retryable: true },
  postgres_unavailable: { retryable: true },
  postgres_query_failed: { retryable: false },
  migration_changed: { retryable: false },
  migration_failed: { retryable: false },
  temporal_unavailable: { retryable: true },
  jaeger_unavailable: { retryable: true },
  trace_unknown: { retryable: false },
  tenant_unknown: { retryable: false },
  tenant_exists: { retryable: false },
  key_unknown: { retryable: false },
  settings_invalid: { retryable: false },
  window_invalid: { retryable: false },
  window_unknown: { retryable: false },
  arrival_incomplete: { retryable: true },
  run_inconsistent: { retryable: false },
  publication_conflict: { retryable: false },
  run_expired: { retryable: false },
  replay_unknown: { retryable: false },
  replay_invalid: { retryable: false },
  replay_overlaps: { retryable: false },
  dead_letter_unknown: { retryable: false },
  import_invalid: { retryable: false },
  import_failed: { retryable: true },
  incidents_unavailable: { retryable: true },
  incident_unknown: { retryable: false },
  incident_refused: { retryable: false },
  incident_policy_invalid: { retryable: false },
  channel_failed: { retryable: true },
  channel_refused: { retryable: false },
  contact_overloaded: { retryable: false },
  link_invalid: { retryable: false },
  oncall_invalid: { retryable: false },
  prometheus_unavailable: { retryable: true },
  loki_unavailable: { retryable: true },
  alert_invalid: { retryable: false },
  interrupted: { retryable: true },
  bug: { retryable: false },
} as const satisfies Record<string, { retryable: boolean }>;

export type ErrorCode = keyof typeof ERROR_CODES;

/** Facts that help whoever reads the error; never the identity of a person. */
export type ErrorContext = Readonly<Record<string, string | number | boolean | null>>;

/** Every error that the platform throws on purpose: a broken service, a refused command or a bug, never bad data. */
export class UnmogrowpError extends Error {
  override readonly name = 'UnmogrowpError';
  readonly code: ErrorCode;
  readonly context: ErrorContext;

  constructor(code: ErrorCode, message: string, options: { cause?: unknown; context?: ErrorContext } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.context = options.context ?? {};
  }

  get retryable(): boolean {
    return ERROR_CODES[this.code].retryable;
  }
}

/** The platform's error behind anything that was thrown; what nobody classified is a bug and is not retried. */
export function toUnmogrowpError(thrown: unknown): UnmogrowpError {
  if (thrown instanceof UnmogrowpError) return thrown;
  const message = thrown instanceof Error ? thrown.message : String(thrown);
  return new UnmogrowpError('bug', message, { cause: thrown });
}
