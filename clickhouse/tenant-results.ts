import { z } from 'zod';
import { defineQuery } from './define.ts';

const count = z.number().int().nonnegative();
const ofTenant = z.object({ tenantId: z.string() });

const sql = (name: string): URL => new URL(`./queries/${name}.sql`, import.meta.url);

/** How many rows a tenant has, and how many different events they are. */
export const readCountsOfTenant = defineQuery({
  name: 'read_counts_of_tenant',
  file: sql('counts-of-tenant'),
  parameters: ofTenant,
  row: z.object({ rows: count, distinct: count, touchpoints: count, conversions: count }),
});

/** The published credits of a tenant by model, channel and currency; decimals are text because they are exact. */
export const readCreditsByChannel = defineQuery({
  name: 'read_credits_by_channel',
  file: sql('credits-by-channel'),
  parameters: ofTenant,
  row: z.object({
    model: z.string(),
    channel: z.string(),
    currency: z.string(),
    credit: z.string(),
    value: z.string(),
  }),
});

/** A conversion of a tenant that is worth looking at; no row when there is none. */
export const readConversionToShow = defineQuery({
  name: 'read_conversion_to_show',
  file: sql('conversion-to-show'),
  parameters: ofTenant,
  row: z.object({
    eventId: z.guid(),
    name: z.string(),
    windowStartMs: z.number().int(),
    value: z.string(),
    currency: z.string(),
    journeyLength: count,
  }),
});
