import { z } from 'zod';
import { defineCommand, defineQuery } from '../clickhouse/define.ts';

const sql = (name: string): URL => new URL(`./sql/${name}.sql`, import.meta.url);
const count = z.number().int().nonnegative();
const flag = z.union([z.boolean(), z.number()]).transform(Boolean);

/** Stops the statement of a run and waits until it has stopped; one that has ended is no error. */
export const killRun = defineCommand({
  name: 'kill_run',
  file: sql('kill-run'),
  parameters: z.object({ runId: z.uuid() }),
});

/** The windows of some tenants that have to be started or reopened, in order, after the given one. */
export const findWindows = defineQuery({
  name: 'find_windows',
  file: sql('find-windows'),
  parameters: z.object({
    /** The five lists belong together: one entry for each tenant. */
    tenantIds: z.array(z.string()),
    windowSeconds: z.array(count),
    lookbackSeconds: z.array(count),
    horizonSeconds: z.array(count),
    /** Empty where no model asks for a milestone. */
    milestones: z.array(z.string()),
    afterTenantId: z.string(),
    afterWindowStartMs: z.number().int(),
    nowMs: z.number().int(),
    /** Late rows that were examined before. */
    examinedBeforeMs: z.number().int(),
    /** Windows that were judged before are compared with all arrivals. */
    judgedBeforeMs: z.number().int(),
    windowsMax: count,
  }),
  row: z.object({
    tenantId: z.string(),
    windowStartMs: z.number().int(),
    /** Whether no judged run has seen everything. */
    isBehind: flag,
    isPublished: flag,
    /** Topic, partition and offset of the newest rows that may matter to the window. */
    newestRows: z.array(z.tuple([z.string(), count, count])),
  }),
});

/** For each tenant the end of its newest published window. */
export const readFreshness = defineQuery({
  name: 'read_freshness',
  file: sql('read-freshness'),
  parameters: z.object({}),
  row: z.object({ tenantId: z.string(), windowEndMs: z.number().int() }),
});

/** For each tenant when its oldest window with rows and without a publication was due; no row where none is due. */
export const readOverdue = defineQuery({
  name: 'read_overdue',
  file: sql('read-overdue'),
  parameters: z.object({
    /** The three lists belong together: one entry for each tenant. */
    tenantIds: z.array(z.string()),
    windowSeconds: z.array(count),
    latenessSeconds: z.array(count),
    nowMs: z.number().int(),
  }),
  row: z.object({ tenantId: z.string(), dueAtMs: z.number().int() }),
});

/** For each tenant how many rows came after the late horizon of their window. */
export const readLateBeyondHorizon = defineQuery({
  name: 'read_late_beyond_horizon',
  file: sql('read-late-beyond-horizon'),
  parameters: z.object({}),
  row: z.object({ tenantId: z.string(), rows: count }),
});
