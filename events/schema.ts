import { z } from 'zod';
import { CURRENCIES } from './currencies.ts';
import { COUNTRY_PATTERN, EVENT_ID_PATTERN, LIMITS, NIL_UUID, PLAIN_TEXT_PATTERN, REVENUE_PATTERN } from './limits.ts';
import { IDENTIFIER_TYPES, type IdentifierType } from './row.ts';
import { parseRfc3339 } from './time.ts';

const text = (lengthMax: number, description: string) =>
  z.string().max(lengthMax).regex(PLAIN_TEXT_PATTERN).meta({ description });

/** A field that may be left out, null or empty: clients do all three. */
const optional = <Schema extends z.ZodType>(schema: Schema) => z.union([schema, z.literal(''), z.null()]).optional();
const optionalText = (lengthMax: number, description: string) => optional(text(lengthMax, description));

const identifiers = Object.fromEntries(
  IDENTIFIER_TYPES.map((type) => [
    type,
    optionalText(
      LIMITS.identifierLengthMax,
      'Identifier of the person; at least one is needed. Never stored in clear.',
    ),
  ]),
) as Record<IdentifierType, ReturnType<typeof optionalText>>;

const common = {
  event_id: optional(
    z
      .string()
      .regex(EVENT_ID_PATTERN)
      .refine((id) => id !== NIL_UUID)
      .meta({ description: 'UUID: identity of the event for ever. One is assigned and returned when it is missing.' }),
  ),
  occurred_at: z
    .union([
      z
        .string()
        .refine((time) => parseRfc3339(time) !== undefined)
        .meta({ format: 'date-time' }),
      z.int(),
    ])
    .meta({ description: 'RFC 3339 with offset, or epoch milliseconds; from 2010 to 24 h ahead.' }),
  app_id: text(LIMITS.appIdLengthMax, 'App or site in which it happened.'),
  campaign: optionalText(LIMITS.campaignLengthMax, 'Campaign.'),
  ad_group: optionalText(LIMITS.adGroupLengthMax, 'Ad group.'),
  creative: optionalText(LIMITS.creativeLengthMax, 'Creative.'),
  country: optional(z.string().regex(COUNTRY_PATTERN).meta({ description: 'ISO 3166-1 alpha-2.' })),
  platform: optionalText(LIMITS.platformLengthMax, 'Platform, as `ios`, `android` or `web`.'),
  currency: optional(
    z
      .string()
      .refine((code) => CURRENCIES.has(code.toUpperCase()))
      .meta({ description: 'ISO 4217; required with revenue.' }),
  ),
  ...identifiers,
  properties: optional(
    z
      .record(z.string(), z.unknown())
      .meta({ description: 'Anything else, at most 8 KiB; unknown fields of the event are added to it.' }),
  ),
};

const none = z.union([z.null(), z.literal('')]).optional();

const touchpoint = z
  .looseObject({
    type: z.enum(['click', 'impression']),
    channel: text(LIMITS.channelLengthMax, 'Channel, as `search` or `social`; `direct` marks visits without an ad.'),
    name: none,
    revenue: none,
    ...common,
  })
  .meta({ title: 'Touchpoint', description: 'Somebody met an ad.' });

const revenue = optional(
  z.string().regex(REVENUE_PATTERN).meta({ description: 'Decimal string, at most 12 integer and 6 fraction digits.' }),
);
const conversionChannel = optionalText(LIMITS.channelLengthMax, 'Channel that the client saw; not used for credit.');

const install = z
  .looseObject({
    type: z.literal('install'),
    channel: conversionChannel,
    name: z.union([z.literal('install'), none]),
    revenue,
    ...common,
  })
  .meta({ title: 'Install', description: 'The first opening of an app.' });

const conversion = z
  .looseObject({
    type: z.literal('conversion'),
    channel: conversionChannel,
    name: text(LIMITS.nameLengthMax, 'Name, as `purchase` or `signup`; not `install`.').refine(
      (name) => name !== 'install',
    ),
    revenue,
    ...common,
  })
  .meta({ title: 'Conversion', description: 'Something that was wanted, with or without revenue.' });

/**
 * One event as clients send it: the contract, from which the OpenAPI document is generated. Requests are judged by
 * `parseEvent`, which is faster, gives one reason and shows no values; a property test proves that both accept the same.
 */
export const eventSchema = z
  .discriminatedUnion('type', [touchpoint, install, conversion])
  .refine((event) => !event.revenue || Boolean(event.currency), { message: 'currency is required with revenue' })
  .meta({ title: 'Event' });
