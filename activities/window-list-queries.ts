import { z } from 'zod';
import { defineQuery } from '../clickhouse/define.ts';
import { GRANULARITIES } from '../events/settings.ts';

const sql = (name: string): URL => new URL(`./sql/${name}.sql`, import.meta.url);
const count = z.number().int().nonnegative();
const epochMs = z.number().int();

/** Windows that were ever computed, with what is published of them: the newest first. */
export const listWindows = defineQuery({
  name: 'list_windows',
  file: sql('list-windows'),
  parameters: z.object({
    /** Empty for all tenants. */
    tenantId: z.string(),
    fromMs: epochMs,
    toMs: epochMs,
    limit: count,
  }),
  row: z.object({
    tenantId: z.string(),
    windowStartMs: epochMs,
    windowEndMs: epochMs,
    granularity: z.enum(GRANULARITIES),
    /** Of the newest run. */
    runState: z.string(),
    runs: count,
    /** 0 when nothing is published; what follows then means nothing. */
    version: count,
    reason: z.string(),
    settingsVersion: count,
    publishedAtMs: epochMs,
    firstPublishedAtMs: epochMs,
    conversions: count,
    conversionsAttributed: count,
    conversionsOrganic: count,
    /** Currency and amount. */
    values: z.array(z.tuple([z.string(), z.string()])),
    /** Rows that may change its credits and that none of its runs has seen. */
    lateRows: count,
    /** Rows that came after its late horizon and that none of its runs has seen, also those that change nothing. */
    lateBeyondHorizon: count,
    traceId: z.string(),
  }),
});

/** The runs of one window, the newest first, each with the version as which it was published (0 for none). */
export const readWindowRuns = defineQuery({
  name: 'read_window_runs',
  file: sql('read-window-runs'),
  parameters: z.object({ tenantId: z.string(), windowStartMs: epochMs, runsMax: count }),
  row: z.object({
    runId: z.uuid(),
    state: z.string(),
    reason: z.string(),
    /** Empty when no replay asked for the run. */
    replayId: z.string(),
    settingsVersion: count,
    cutoff: z.record(z.string(), z.array(count)),
    codeVersion: z.string(),
    conversions: count,
    conversionsAttributed: count,
    conversionsOrganic: count,
    touchpoints: count,
    credits: count,
    traceId: z.string(),
    startedAtMs: epochMs,
    durationMs: count,
    version: count,
    publishedAtMs: epochMs,
  }),
});
