/** Why one event of a request was refused; the events beside it are judged on their own. */
export const REJECTION_CODES = [
  'malformed_event',
  'unknown_type',
  'invalid_event_id',
  'duplicate_event_id',
  'missing_field',
  'invalid_field',
  'field_too_long',
  'invalid_time',
  'time_out_of_range',
  'missing_identity',
  'invalid_revenue',
  'unknown_currency',
  'properties_too_large',
  'nesting_too_deep',
  'forbidden_field',
] as const;
export type RejectionCode = (typeof REJECTION_CODES)[number];

/** Why a whole request was refused. */
export const REQUEST_CODES = [
  'malformed_json',
  'invalid_utf8',
  'key_missing',
  'key_unknown',
  'body_too_large',
  'too_many_events',
  'unsupported_media_type',
  'unsupported_encoding',
  'body_timeout',
  'rate_limited',
  'unavailable',
  'no_usable_event',
] as const;
export type RequestCode = (typeof REQUEST_CODES)[number];

/** A refusal of one event. The message names fields and limits, never the values that were sent. */
export interface Rejection {
  code: RejectionCode;
  message: string;
}
