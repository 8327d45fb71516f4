/** Limits of one event. They bound what a row can weigh, and what a hostile client can make the platform carry. */
export const LIMITS = {
  appIdLengthMax: 128,
  nameLengthMax: 128,
  channelLengthMax: 128,
  campaignLengthMax: 256,
  adGroupLengthMax: 256,
  creativeLengthMax: 256,
  platformLengthMax: 64,
  identifierLengthMax: 256,
  /** Properties as JSON text in UTF-8, unknown fields of the event included. */
  propertiesBytesMax: 8_192,
  propertiesDepthMax: 16,
  /** 2010-01-01T00:00:00Z: before the trade that this platform measures. */
  occurredAtMin: 1_262_304_000_000,
  /** How far a clock of a client may be ahead. */
  occurredAtAheadMsMax: 86_400_000,
} as const;

export const EVENT_ID_PATTERN = /^[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}$/;
/** Stands for "no touchpoint" in the credits, so no event may have it. */
export const NIL_UUID = '00000000-0000-0000-0000-000000000000';
export const COUNTRY_PATTERN = /^[A-Za-z]{2}$/;
/** At most 12 integer and 6 fraction digits, no sign, no leading zero. */
export const REVENUE_PATTERN = /^(?:0|[1-9]\d{0,11})(?:\.\d{1,6})?$/;
/** No control characters, no half of a surrogate pair, not only blanks. */
export const PLAIN_TEXT_PATTERN = /^(?=[\s\S]*\S)[^\p{Cc}\p{Cs}]*$/u;
