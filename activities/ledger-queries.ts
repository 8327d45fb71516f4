import { z } from 'zod';
import { defineCommand, defineQuery } from '../clickhouse/define.ts';

const sql = (name: string): URL => new URL(`./sql/${name}.sql`, import.meta.url);
const count = z.number().int().nonnegative();
const epochMs = z.number().int();
const flag = z.union([z.boolean(), z.number()]).transform(Boolean);
const differences = z.record(z.string(), count);

/** Records of the log in some hours of receipt, as far as the sink has committed them. */
const records = {
  topic: z.string(),
  /** Of every partition the next offset that the sink has not committed. */
  visibleUntil: z.array(count),
  /** Empty for all tenants. */
  tenantId: z.string(),
  fromMs: epochMs,
  toMs: epochMs,
};

/** What arrived, by tenant and hour of receipt. */
export const countLedgerRecords = defineQuery({
  name: 'count_ledger_records',
  file: [sql('ledger-records'), sql('ledger-record-counts')],
  parameters: z.object(records),
  row: z.object({
    tenantId: z.string(),
    hourMs: epochMs,
    rows: count,
    /** As the records say it. */
    onKafka: count,
    insertedTwice: count,
    occurredFromMs: epochMs,
    occurredToMs: epochMs,
  }),
});

/** Records of which fewer rows arrived than they announced. */
export const findShortRecords = defineQuery({
  name: 'find_short_records',
  file: [sql('ledger-records'), sql('ledger-short-records')],
  parameters: z.object({ ...records, recordsMax: count }),
  row: z.object({
    partition: count,
    offset: count,
    tenantId: z.string(),
    hourMs: epochMs,
    arrived: count,
    announced: count,
  }),
});

/** Offsets in a piece of one partition of which nothing arrived, by the thousand. */
export const findOffsetGaps = defineQuery({
  name: 'find_offset_gaps',
  file: sql('ledger-gaps'),
  parameters: z.object({ topic: z.string(), partition: count, from: count, until: count, piecesMax: count }),
  row: z.object({ offsets: z.array(count) }),
});

/** What became of the events of one tenant, by hour of receipt. */
export const countLedgerEvents = defineQuery({
  name: 'count_ledger_events',
  file: sql('ledger-events'),
  parameters: z.object({
    ...records,
    windowSeconds: count.min(1),
    /** Between which moments the events happened. */
    occurredFromMs: epochMs,
    occurredToMs: epochMs,
    /** Into how many shares the events are divided, and which of them is counted. */
    shares: count.min(1),
    share: count,
  }),
  row: z.object({
    hourMs: epochMs,
    stored: count,
    /** Rows of an event that came with the same moment of receipt before. */
    repeated: count,
    events: count,
    insideWindows: count,
    lateBeyondHorizon: count,
    conversions: count,
    credited: count,
    organic: count,
    notCounted: count,
    uncredited: count,
  }),
});

const ledgerHour = z.object({
  tenantId: z.string(),
  hourMs: epochMs,
  accepted: count,
  spooled: count,
  onKafka: count,
  deadLettered: count,
  stored: count,
  duplicates: count,
  events: count,
  insideWindows: count,
  waiting: count,
  lateBeyondHorizon: count,
  conversions: count,
  credited: count,
  organic: count,
  notCounted: count,
  differences,
  /** Whether the hour was over, so that nothing more of it is on its way to being counted. */
  isClosed: flag,
  /** Whether the windows that its differences concern know of them. */
  isTold: flag,
  measuredAtMs: epochMs,
});

/** One tenant and hour of receipt, as it was measured. */
export type LedgerHour = z.output<typeof ledgerHour>;

/** The ledger of one tenant, or of all (empty), in a range of hours. */
export const readLedger = defineQuery({
  name: 'read_ledger',
  file: sql('read-ledger'),
  parameters: z.object({
    tenantId: z.string(),
    fromMs: epochMs,
    toMs: epochMs,
    /** Only hours of which windows have to hear. */
    isUntold: z.boolean().default(false),
  }),
  row: ledgerHour,
});

/** Writes measures; their counts stand in the order of `COUNTS`. */
export const insertLedgerHours = defineCommand({
  name: 'insert_ledger_hours',
  file: sql('insert-ledger-hours'),
  parameters: z.object({
    tenantIds: z.array(z.string()),
    hoursMs: z.array(epochMs),
    counts: z.array(z.array(count)),
    differences: z.array(differences),
    areClosed: z.array(z.boolean()),
    areTold: z.array(z.boolean()),
    measuredAtMs: z.array(epochMs),
  }),
});

/** Tenants and hours of receipt of the rows that came since a moment. */
export const readArrivedHours = defineQuery({
  name: 'read_arrived_hours',
  file: sql('read-arrived-hours'),
  parameters: z.object({ topic: z.string(), fromMs: epochMs }),
  row: z.object({ tenantId: z.string(), hourMs: epochMs }),
});

/** Hours of receipt of a tenant in which some of these differences were found. */
export const readLedgerLosses = defineQuery({
  name: 'read_ledger_losses',
  file: sql('read-ledger-losses'),
  parameters: z.object({ tenantId: z.string(), codes: z.array(z.string()) }),
  row: z.object({ hourMs: epochMs, differences }),
});

/** Hours of receipt of the rows in a window. */
export const readHoursOfWindow = defineQuery({
  name: 'read_hours_of_window',
  file: sql('read-hours-of-window'),
  parameters: z.object({ tenantId: z.string(), windowStartMs: epochMs, windowEndMs: epochMs }),
  row: z.object({ hourMs: epochMs }),
});

/** The conversions in a window, as its publication has seen them. */
export const countWindowConversions = defineQuery({
  name: 'count_window_conversions',
  file: sql('window-conversions'),
  parameters: z.object({ tenantId: z.string(), windowStartMs: epochMs, windowEndMs: epochMs }),
  row: z.object({ conversions: count, notCounted: count }),
});

/** Judged windows that an hour of receipt concerns, the newest first. */
export const readWindowsOfHour = defineQuery({
  name: 'read_windows_of_hour',
  file: sql('read-windows-of-hour'),
  parameters: z.object({ tenantId: z.string(), hourMs: epochMs, windowSeconds: count.min(1), windowsMax: count }),
  row: z.object({
    windowStartMs: epochMs,
    /** Of the newest run with a verdict. */
    runState: z.string(),
    /** 0 when it was never published. */
    firstPublishedAtMs: epochMs,
  }),
});

/** How many events differ, by tenant and code, in the hours of receipt since a moment. */
export const readLedgerDifferences = defineQuery({
  name: 'read_ledger_differences',
  file: sql('read-ledger-differences'),
  parameters: z.object({ fromMs: epochMs }),
  row: z.object({ tenantId: z.string(), code: z.string(), events: count }),
});
