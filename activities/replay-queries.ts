import { z } from 'zod';
import { defineCommand, defineQuery } from '../clickhouse/define.ts';
import { GRANULARITIES } from '../events/settings.ts';
import type { ReplayRunState } from './replay-contract.ts';

const REPLAY_RUN_STATES = [
  'failed',
  'unchanged',
  'computed',
  'conflict',
  'published',
  'kept',
  'rolled_back',
] as const satisfies readonly ReplayRunState[];

/** Stands for no run. */
export const NO_RUN = '00000000-0000-0000-0000-000000000000';

const sql = (name: string): URL => new URL(`./sql/${name}.sql`, import.meta.url);
const epochMs = z.number().int();
const count = z.number().int().nonnegative();
const cutoff = z.record(z.string(), z.array(count).readonly());
const flag = z.union([z.boolean(), z.number()]).transform(Boolean);
const state = z.enum(REPLAY_RUN_STATES);
const windowOfTenant = { tenantId: z.string().min(1), windowStartMs: epochMs };
const windowOfReplay = { replayId: z.uuid(), windowStartMs: epochMs };
const page = { afterMs: epochMs, windowsMax: count.min(1) };
const pageRow = z.object({ windowStartMs: epochMs, remaining: count });

/** A page of the windows that a replay has to compute, each with how many there are from this page on. */
export const findReplayWindows = defineQuery({
  name: 'find_replay_windows',
  file: sql('find-replay-windows'),
  parameters: z.object({
    replayId: z.uuid(),
    tenantId: z.string().min(1),
    fromMs: epochMs,
    toMs: epochMs,
    windowSeconds: count.min(1),
    latenessSeconds: count,
    nowMs: epochMs,
    ...page,
  }),
  row: pageRow,
});

/** A page of the windows of a replay that stand in one state, each with how many there are from this page on. */
export const findReplayRuns = defineQuery({
  name: 'find_replay_runs',
  file: sql('find-replay-runs'),
  parameters: z.object({ replayId: z.uuid(), state, ...page }),
  row: pageRow,
});

/** How a window of a replay stands; no row when it was not reached yet. */
export const readReplayRun = defineQuery({
  name: 'read_replay_run',
  file: sql('read-replay-run'),
  parameters: z.object(windowOfReplay),
  row: z.object({ state, runId: z.uuid(), baseRunId: z.uuid(), baseVersion: count, version: count }),
});

/** Records that a window of a replay reached a state. Repeating it changes nothing. */
export const insertReplayRun = defineCommand({
  name: 'insert_replay_run',
  file: sql('insert-replay-run'),
  parameters: z.object({
    ...windowOfReplay,
    tenantId: z.string().min(1),
    windowEndMs: epochMs,
    granularity: z.enum(GRANULARITIES),
    state,
    runId: z.uuid(),
    baseRunId: z.uuid(),
    baseVersion: count,
    version: count,
    code: z.string(),
    message: z.string(),
    recordedAtMs: epochMs,
  }),
});

/** How many windows of a replay stand in which state. */
export const countReplayRuns = defineQuery({
  name: 'count_replay_runs',
  file: sql('count-replay-runs'),
  parameters: z.object({ replayId: z.uuid() }),
  row: z.object({ state, windows: count }),
});

/** What was published of a window at a moment; no row when nothing was. */
export const readPublicationAt = defineQuery({
  name: 'read_publication_at',
  file: sql('read-publication-at'),
  parameters: z.object({ ...windowOfTenant, atMs: epochMs }),
  row: z.object({ settingsVersion: count, cutoff }),
});

/** How far the sink was known to have come at a moment; no row when nothing had been recorded by then. */
export const readCutoffAt = defineQuery({
  name: 'read_cutoff_at',
  file: sql('read-cutoff-at'),
  parameters: z.object({ atMs: epochMs }),
  row: z.object({ cutoff, recordedAtMs: epochMs }),
});

/** Records how far the sink has come, if that is news. */
export const insertCutoff = defineCommand({
  name: 'insert_cutoff',
  file: sql('insert-cutoff'),
  parameters: z.object({ cutoff, recordedAtMs: epochMs }),
});

/** Whether rows have come that a run with this cut-off could not see. */
export const readIsBehind = defineQuery({
  name: 'read_is_behind',
  file: sql('is-behind'),
  parameters: z.object({ tenantId: z.string().min(1), reachStartMs: epochMs, windowEndMs: epochMs, cutoff }),
  row: z.object({ isBehind: flag }),
});
