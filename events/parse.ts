import type { Rejection } from './codes.ts';
import { type FieldReader, createFieldReader, isAbsent } from './fields.ts';
import { EVENT_ID_PATTERN, LIMITS, NIL_UUID } from './limits.ts';
import { FORBIDDEN_KEY, propertiesText } from './properties.ts';
import { EVENT_TYPES, type EventRow, type EventType, IDENTIFIER_TYPES, type IdentifierType } from './row.ts';
import { parseRfc3339 } from './time.ts';
import type { UserKeyOf } from './user-key.ts';

/** What is known about an event before it is read. */
export interface ParseContext {
  tenantId: string;
  /** Epoch milliseconds at which the request was taken. */
  receivedAt: number;
  traceId: string;
  identityPriority: readonly IdentifierType[];
  userKeyOf: UserKeyOf;
  /** Gives the identity of an event that comes without one. */
  newEventId: () => string;
}

export type ParsedEvent = { row: EventRow; rejection?: undefined } | { row?: undefined; rejection: Rejection };

const KNOWN_FIELDS = [
  ...(['event_id', 'type', 'name', 'occurred_at', 'app_id', 'channel', 'campaign', 'ad_group', 'creative'] as const),
  ...(['country', 'platform', 'revenue', 'currency', 'properties'] as const),
  ...IDENTIFIER_TYPES,
] as const;
type KnownField = (typeof KNOWN_FIELDS)[number];
type Fields = Readonly<Partial<Record<KnownField, unknown>>>;

const KNOWN: ReadonlySet<string> = new Set(KNOWN_FIELDS);
const TYPES: ReadonlySet<unknown> = new Set(EVENT_TYPES);

/**
 * Judges one event as a client sent it: a row, or the first reason against it. Never throws over what a client sends.
 * It accepts what `eventSchema` accepts, and then asks what a schema cannot know: the time now, the identifiers that
 * the tenant counts, the weight of the properties.
 */
export function parseEvent(input: unknown, context: ParseContext): ParsedEvent {
  if (typeof input !== 'object' || input === null || Array.isArray(input)) {
    return { rejection: { code: 'malformed_event', message: 'an event is a JSON object' } };
  }
  const fields = input as Fields;
  const reader = createFieldReader();
  const type = readType(fields.type, reader);
  if (type === undefined) return { rejection: reader.rejection as Rejection };
  const isTouchpoint = type === 'click' || type === 'impression';
  const row: EventRow = {
    tenant_id: context.tenantId,
    app_id: reader.requiredText('app_id', fields.app_id, LIMITS.appIdLengthMax),
    user_key: '',
    occurred_at: readOccurredAt(fields.occurred_at, context.receivedAt, reader),
    event_id: readEventId(fields.event_id, context, reader),
    event_type: type,
    name: readName(fields.name, type, reader),
    channel: isTouchpoint
      ? reader.requiredText('channel', fields.channel, LIMITS.channelLengthMax)
      : reader.optionalText('channel', fields.channel, LIMITS.channelLengthMax),
    campaign: reader.optionalText('campaign', fields.campaign, LIMITS.campaignLengthMax),
    ad_group: reader.optionalText('ad_group', fields.ad_group, LIMITS.adGroupLengthMax),
    creative: reader.optionalText('creative', fields.creative, LIMITS.creativeLengthMax),
    country: reader.country(fields.country),
    platform: reader.optionalText('platform', fields.platform, LIMITS.platformLengthMax),
    revenue: isTouchpoint ? reader.noRevenue(fields.revenue) : reader.revenue(fields.revenue),
    currency: reader.currency(fields.currency),
    identifier_type: 'user_id',
    properties: '{}',
    received_at: context.receivedAt,
    trace_id: context.traceId,
  };
  const hasRevenue = !isAbsent(fields.revenue);
  if (hasRevenue && row.currency === '') reader.refuse('missing_field', 'currency is required with revenue');
  readIdentity(fields, row, context, reader);
  if (reader.rejection === undefined) row.properties = readProperties(fields, hasRevenue, reader);
  if (reader.rejection !== undefined) return { rejection: reader.rejection };
  if (!hasRevenue) row.currency = '';
  return { row };
}

function readType(value: unknown, reader: FieldReader): EventType | undefined {
  if (TYPES.has(value)) return value as EventType;
  if (isAbsent(value)) reader.refuse('missing_field', 'type is required');
  else reader.refuse('unknown_type', `type is one of ${EVENT_TYPES.join(', ')}`);
  return undefined;
}

function readEventId(value: unknown, context: ParseContext, reader: FieldReader): string {
  if (isAbsent(value)) return context.newEventId();
  if (typeof value === 'string' && EVENT_ID_PATTERN.test(value) && value !== NIL_UUID) return value.toLowerCase();
  reader.refuse('invalid_event_id', 'event_id is a UUID other than the nil one');
  return '';
}

function readOccurredAt(value: unknown, receivedAt: number, reader: FieldReader): number {
  if (isAbsent(value)) {
    reader.refuse('missing_field', 'occurred_at is required');
    return 0;
  }
  const time = typeof value === 'string' ? parseRfc3339(value) : value;
  if (typeof time !== 'number' || !Number.isSafeInteger(time)) {
    reader.refuse('invalid_time', 'occurred_at is RFC 3339 text with an offset, or whole epoch milliseconds');
    return 0;
  }
  if (time < LIMITS.occurredAtMin || time > receivedAt + LIMITS.occurredAtAheadMsMax) {
    reader.refuse('time_out_of_range', 'occurred_at lies before 2010 or more than 24 h ahead');
  }
  return time;
}

function readName(value: unknown, type: EventType, reader: FieldReader): string {
  if (type === 'conversion') {
    const name = reader.requiredText('name', value, LIMITS.nameLengthMax);
    if (name === 'install') reader.refuse('invalid_field', 'name: install is a type of its own');
    return name;
  }
  if (!isAbsent(value) && !(type === 'install' && value === 'install')) {
    reader.refuse('invalid_field', 'name belongs to events of type conversion');
  }
  return type === 'install' ? 'install' : '';
}

/** Advertising ids come in both cases from different platforms and mean the same device. */
const CASELESS: ReadonlySet<IdentifierType> = new Set<IdentifierType>(['idfa', 'gaid', 'idfv']);

/** Takes the first identifier that the tenant counts; all of them are checked. */
function readIdentity(fields: Fields, row: EventRow, context: ParseContext, reader: FieldReader): void {
  let chosen: IdentifierType | undefined;
  let identifier = '';
  let rank = context.identityPriority.length;
  for (const type of IDENTIFIER_TYPES) {
    if (fields[type] === undefined) continue;
    const value = reader.optionalText(type, fields[type], LIMITS.identifierLengthMax);
    const place = context.identityPriority.indexOf(type);
    if (value === '' || value === NIL_UUID || place < 0 || place >= rank) continue;
    [chosen, identifier, rank] = [type, value, place];
  }
  if (reader.rejection !== undefined) return;
  if (chosen === undefined) {
    reader.refuse('missing_identity', `none of ${context.identityPriority.join(', ')} has a value`);
    return;
  }
  row.identifier_type = chosen;
  row.user_key = context.userKeyOf(chosen, CASELESS.has(chosen) ? identifier.toLowerCase() : identifier);
}

function readProperties(fields: Fields, hasRevenue: boolean, reader: FieldReader): string {
  const named = fields.properties;
  if (!isAbsent(named) && (typeof named !== 'object' || Array.isArray(named))) {
    reader.refuse('invalid_field', 'properties is a JSON object');
    return '';
  }
  const unknownFields = collectUnknown(fields, hasRevenue, reader);
  if (reader.rejection !== undefined) return '';
  const text = propertiesText(named ? (named as Record<string, unknown>) : undefined, unknownFields);
  if (typeof text === 'string') return text;
  reader.refuse(text.code, text.message);
  return '';
}

function collectUnknown(fields: Fields, hasRevenue: boolean, reader: FieldReader): Record<string, unknown> | undefined {
  let unknownFields: Record<string, unknown> | undefined;
  for (const key in fields) {
    if (KNOWN.has(key)) continue;
    if (key === '__proto__') {
      reader.refuse(FORBIDDEN_KEY.code, FORBIDDEN_KEY.message);
      return undefined;
    }
    (unknownFields ??= {})[key] = (fields as Record<string, unknown>)[key];
  }
  // A currency without revenue says something (of a cost, say), so it is kept beside the other fields.
  if (!hasRevenue && !isAbsent(fields.currency)) (unknownFields ??= {})['currency'] = fields.currency;
  return unknownFields;
}
