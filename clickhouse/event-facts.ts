import { z } from 'zod';
import { EVENT_TYPES } from '../events/row.ts';
import { defineQuery } from './define.ts';

const count = z.number().int().nonnegative();
const epochMs = z.number().int();

const sql = (name: string): URL => new URL(`./queries/${name}.sql`, import.meta.url);

const copy = z.object({
  tenantId: z.string(),
  appId: z.string(),
  userKey: z.guid(),
  occurredAtMs: epochMs,
  eventType: z.enum(EVENT_TYPES),
  name: z.string(),
  channel: z.string(),
  campaign: z.string(),
  revenue: z.string(),
  currency: z.string(),
  identifierType: z.string(),
  receivedAtMs: epochMs,
  traceId: z.string(),
  topic: z.string(),
  partition: count,
  offset: count,
  batchFirst: count,
  batchLast: count,
  insertedAtMs: epochMs,
  /** The same for copies that say the same. */
  content: z.string(),
});

/** One row of an event as it was stored. */
export type EventCopy = z.infer<typeof copy>;

/** Every row of one event, of one tenant or (with an empty name) of all; the first of each tenant counts. */
export const readCopiesOfEvent = defineQuery({
  name: 'read_copies_of_event',
  file: sql('copies-of-event'),
  parameters: z.object({ eventId: z.guid(), tenantId: z.string() }),
  row: copy,
});

const credit = z.object({
  windowStartMs: epochMs,
  runId: z.uuid(),
  model: z.string(),
  conversionEventId: z.guid(),
  conversionName: z.string(),
  conversionAtMs: epochMs,
  touchpointEventId: z.string(),
  channel: z.string(),
  campaign: z.string(),
  position: count,
  journeyLength: count,
  credit: z.string(),
  value: z.string(),
  currency: z.string(),
});

export type EventCredit = z.infer<typeof credit>;

/** The published credits that an event earned as a touchpoint, or gave as a conversion. */
export const readCreditsOfEvent = defineQuery({
  name: 'read_credits_of_event',
  file: sql('credits-of-event'),
  parameters: z.object({
    tenantId: z.string(),
    eventId: z.guid(),
    asConversion: z.boolean(),
    windowsFromMs: epochMs,
    windowsToMs: epochMs,
  }),
  row: credit,
});

/** What a user of an app did in a range of time, each event once, in the order of time. */
export const readEventsOfUser = defineQuery({
  name: 'read_events_of_user',
  file: sql('events-of-user'),
  parameters: z.object({
    tenantId: z.string(),
    appId: z.string(),
    userKey: z.guid(),
    fromMs: epochMs,
    toMs: epochMs,
  }),
  row: z.object({
    eventId: z.guid(),
    eventType: z.enum(EVENT_TYPES),
    name: z.string(),
    occurredAtMs: epochMs,
  }),
});

/** Whether an event is late for a window and no run has seen it; no row when a run has or when it was never late. */
export const readLateRowOfEvent = defineQuery({
  name: 'read_late_row_of_event',
  file: sql('late-row-of-event'),
  parameters: z.object({ tenantId: z.string(), windowStartMs: z.number().int(), eventId: z.guid() }),
  row: z.object({
    /** Only a replay includes it. */
    isBeyondHorizon: z.union([z.boolean(), z.number()]).transform(Boolean),
  }),
});
