import { z } from 'zod';
import { defineQuery } from './define.ts';

const count = z.number().int().nonnegative();
const epochMs = z.number().int();
const sql = (name: string): URL => new URL(`./queries/${name}.sql`, import.meta.url);

/** How late the events of a tenant came, all together first and then by channel. */
export const readLateness = defineQuery({
  name: 'read_lateness',
  file: sql('lateness'),
  parameters: z.object({
    tenantId: z.string(),
    /** Of the moments at which events were received. */
    fromMs: epochMs,
    toMs: epochMs,
    windowMs: count.min(1),
    latenessBoundsMs: z.array(count),
    /** Counted from the end of the window of an event's time. */
    afterEndBoundsMs: z.array(count),
  }),
  row: z.object({
    isAll: z.union([z.boolean(), z.number()]).transform(Boolean),
    /** Empty of events that have none. */
    channel: z.string(),
    events: count,
    /** The median, the 90th and the 99th percentile. */
    latenessMs: z.tuple([z.number(), z.number(), z.number()]),
    /** How many events are later than each of the bounds. */
    laterThan: z.array(count),
    laterAfterEndThan: z.array(count),
  }),
  // Beyond this the identities of the events go to the disk of the server.
  settings: { max_bytes_before_external_group_by: '1000000000' },
});

/** How much came after the late horizon, by day of event time. */
export const readLateBeyondHorizonOfTenant = defineQuery({
  name: 'read_late_beyond_horizon_of_tenant',
  file: sql('late-beyond-horizon-of-tenant'),
  parameters: z.object({ tenantId: z.string(), fromMs: epochMs }),
  row: z.object({ day: z.string(), rows: count, touchpoints: count, conversions: count }),
});
