import { z } from 'zod';
import { defineCommand, defineQuery } from '../clickhouse/define.ts';

const sql = (name: string): URL => new URL(`./sql/${name}.sql`, import.meta.url);
const count = z.number().int().nonnegative();
const epochMs = z.number().int();

/** A slice of the log: for each partition the first offset and the one after the last. The lists belong together. */
const slice = {
  topic: z.string().min(1),
  partitions: z.array(count),
  offsetsFrom: z.array(count),
  offsetsUntil: z.array(count),
};
export type SliceParameters = z.infer<z.ZodObject<typeof slice>>;

const tenantIds = z.array(z.string());
const windowMs = z.array(count);

/** By what the rows of each tenant are led to windows: one entry of each list for each tenant. */
const tenants = {
  tenantIds,
  windowMs,
  /** Empty for all of them. */
  conversionNames: z.array(z.array(z.string())),
  /** End of the newest window of the tenant that was ever computed, or is being closed. */
  judgedUntilMs: z.array(count),
};
const lookbacks = { lookbackClickMs: z.array(count), lookbackImpressionMs: z.array(count) };

const conversionQuestion = { ...slice, ...tenants };
export type ConversionParameters = z.infer<z.ZodObject<typeof conversionQuestion>>;

/** Names of the milestones of each tenant. */
const milestoneQuestion = { ...slice, ...tenants, ...lookbacks, milestones: z.array(z.array(z.string())) };
export type MilestoneParameters = z.infer<z.ZodObject<typeof milestoneQuestion>>;

const collisionQuestion = { ...slice, ...tenants, ...lookbacks };
export type CollisionParameters = z.infer<z.ZodObject<typeof collisionQuestion>>;

/** No touchpoint that matters lies before the given moment. */
const touchpointQuestion = { ...slice, ...tenants, ...lookbacks, touchpointsFromMs: epochMs };
export type TouchpointParameters = z.infer<z.ZodObject<typeof touchpointQuestion>>;

/** Windows whose late rows are kept: one entry of each list for each window. */
const windows = {
  windowTenantIds: z.array(z.string()),
  windowStartsMs: z.array(epochMs),
  areBeyondHorizon: z.array(z.boolean()),
  /** Of every partition of the topic the first offset that no judged run has seen. */
  seenUntil: z.array(z.array(count)),
};
export type LateWindowParameters = z.infer<z.ZodObject<typeof windows>>;

/** What the rows of a slice are, by tenant, hour of event time and partition. */
export const listArrivals = defineQuery({
  name: 'list_arrivals',
  file: sql('list-arrivals'),
  parameters: z.object(slice),
  row: z.object({
    tenantId: z.string(),
    hourMs: epochMs,
    partition: count,
    /** The offset after the last of these rows. */
    until: count,
    touchpoints: count,
    /** Names of the conversions among them. */
    conversionNames: z.array(z.string()),
  }),
});

/** The oldest row of each partition that is still known; none of partitions without rows. */
export const readFirstArrivals = defineQuery({
  name: 'read_first_arrivals',
  file: sql('read-first-arrivals'),
  parameters: z.object({ topic: z.string() }),
  row: z.object({ partition: count, offset: count }),
});

/** How far the windows of tenants were judged, and by which settings; nothing of tenants without runs. */
export const readJudgedTenants = defineQuery({
  name: 'read_judged_tenants',
  file: sql('read-judged-tenants'),
  parameters: z.object({ tenantIds: z.array(z.string()), sinceMs: epochMs }),
  row: z.object({ tenantId: z.string(), judgedUntilMs: epochMs, settingsVersions: z.array(count) }),
});

const touchedWindow = z.object({
  tenantId: z.string(),
  windowStartMs: epochMs,
  partition: count,
  /** The offset after the last row that may change the window. */
  until: count,
});

const TOUCHES_OF_TOUCHPOINTS = ['touches-of-touchpoints', 'touches-of-first-copies'] as const;

/** Which judged windows the conversions of a slice may change. */
export const findTouchedByConversions = defineQuery({
  name: 'find_touched_by_conversions',
  file: [sql('arrived-rows'), sql('touches-of-conversions'), sql('find-touched-windows')],
  parameters: z.object(conversionQuestion),
  row: touchedWindow,
});

/** Which judged windows the milestones of a slice may change. */
export const findTouchedByMilestones = defineQuery({
  name: 'find_touched_by_milestones',
  file: [sql('arrived-rows'), sql('touches-of-milestones'), sql('find-touched-windows')],
  parameters: z.object(milestoneQuestion),
  row: touchedWindow,
});

/** Which judged windows the touchpoints of a slice may change. */
export const findTouchedByTouchpoints = defineQuery({
  name: 'find_touched_by_touchpoints',
  file: [sql('arrived-rows'), ...TOUCHES_OF_TOUCHPOINTS.map(sql), sql('find-touched-windows')],
  parameters: z.object(touchpointQuestion),
  row: touchedWindow,
});

/** Which judged windows counted a copy of an event of which the first copy is among the rows of a slice. */
export const findTouchedByCollisions = defineQuery({
  name: 'find_touched_by_collisions',
  file: [sql('arrived-rows'), sql('touches-of-collisions'), sql('find-touched-windows')],
  parameters: z.object(collisionQuestion),
  row: touchedWindow,
});

const lateRows = (...touches: readonly string[]): URL[] =>
  ['insert-late-rows-into', 'arrived-rows', ...touches, 'insert-late-rows'].map(sql);

/** Rows that come very late concern windows of many months, and each month is a partition. */
const MANY_MONTHS = { max_partitions_per_insert_block: '10000' };

/** Keeps the conversions of a slice that the judged runs of windows have not seen. Repeating it changes nothing. */
export const insertLateConversions = defineCommand({
  name: 'insert_late_conversions',
  file: lateRows('touches-of-conversions'),
  parameters: z.object({ ...conversionQuestion, ...windows }),
  settings: MANY_MONTHS,
});

/** The same for milestones. */
export const insertLateMilestones = defineCommand({
  name: 'insert_late_milestones',
  file: lateRows('touches-of-milestones'),
  parameters: z.object({ ...milestoneQuestion, ...windows }),
  settings: MANY_MONTHS,
});

/** The same for touchpoints that may change something. */
export const insertLateTouchpoints = defineCommand({
  name: 'insert_late_touchpoints',
  file: lateRows(...TOUCHES_OF_TOUCHPOINTS),
  parameters: z.object({ ...touchpointQuestion, ...windows }),
  settings: MANY_MONTHS,
});

/** The same for touchpoints in the windows of their own time, whatever they change. */
export const insertLateByTime = defineCommand({
  name: 'insert_late_by_time',
  file: lateRows('touches-by-time', 'touches-of-first-copies'),
  parameters: z.object({ ...slice, tenantIds, windowMs, ...windows }),
  settings: MANY_MONTHS,
});

/** What windows have seen and when they were published first; nothing of windows that were never judged. */
export const readWindowStates = defineQuery({
  name: 'read_window_states',
  file: sql('read-window-states'),
  parameters: z.object({ tenantIds: z.array(z.string()), windowStartsMs: z.array(epochMs) }),
  row: z.object({
    tenantId: z.string(),
    windowStartMs: epochMs,
    cutoff: z.record(z.string(), z.array(count).readonly()),
    /** 0 when it was never published. */
    firstPublishedAtMs: epochMs,
  }),
});
