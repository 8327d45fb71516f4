/**
 * Row format 1: what one event is on Kafka and in ClickHouse.
 *
 * A line is a JSON array (ClickHouse format JSONCompactEachRow) with one value for each of `ROW_COLUMNS`, in their order.
 * The sink writes the values of `POSITION_COLUMNS` in front of it without parsing it. Arrays instead of objects because
 * the server parses them at three quarters of the cost. A changed list of columns is a new row format.
 */
export const ROW_FORMAT = 1;

export const POSITION_COLUMNS = [
  'kafka_topic',
  'kafka_partition',
  'kafka_offset',
  'batch_offset_first',
  'batch_offset_last',
] as const;

export const ROW_COLUMNS = [
  'tenant_id',
  'app_id',
  'user_key',
  'occurred_at',
  'event_id',
  'event_type',
  'name',
  'channel',
  'campaign',
  'ad_group',
  'creative',
  'country',
  'platform',
  'revenue',
  'currency',
  'identifier_type',
  'properties',
  'received_at',
  'trace_id',
] as const;

export const EVENT_TYPES = ['click', 'impression', 'install', 'conversion'] as const;
export type EventType = (typeof EVENT_TYPES)[number];

/** Identifiers of a person that an event may carry; they end at ingest, which turns one of them into the user key. */
export const IDENTIFIER_TYPES = ['user_id', 'idfa', 'gaid', 'idfv', 'android_id', 'device_id', 'anonymous_id'] as const;
export type IdentifierType = (typeof IDENTIFIER_TYPES)[number];

export interface EventRow {
  tenant_id: string;
  app_id: string;
  /** UUID-shaped keyed hash of one identifier. */
  user_key: string;
  /** Epoch milliseconds. */
  occurred_at: number;
  event_id: string;
  event_type: EventType;
  /** Name of a conversion (`purchase`); `install` for an install; empty for a touchpoint. */
  name: string;
  channel: string;
  campaign: string;
  ad_group: string;
  creative: string;
  /** ISO 3166-1 alpha-2, or empty. */
  country: string;
  platform: string;
  /** Decimal with at most 12 integer and 6 fraction digits; "0" when there is none. */
  revenue: string;
  /** ISO 4217, or empty when there is no revenue. */
  currency: string;
  identifier_type: IdentifierType;
  /** JSON object as text. */
  properties: string;
  /** Epoch milliseconds at which ingest took the event. */
  received_at: number;
  /** 32 hexadecimal digits of the request's trace, sampled or not. */
  trace_id: string;
}
