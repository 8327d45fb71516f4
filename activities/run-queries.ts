import type { ClickHouseSettings } from '@clickhouse/client';
import { z } from 'zod';
import type { ClickHouse, QueryOptions } from '../clickhouse/client.ts';
import { defineCommand, defineQuery } from '../clickhouse/define.ts';
import { GRANULARITIES, MODELS } from '../events/settings.ts';

/** States that a run reaches, in their order, as stored in `runs`. */
const RUN_STATES = ['computed', 'unchanged', 'published', 'inconsistent'] as const;

/** Why a window was computed, as stored with runs and publications. */
const RUN_REASONS = ['close', 'reopen', 'command', 'replay'] as const;

/** Why a run was published. */
const PUBLICATION_REASONS = [...RUN_REASONS, 'rollback'] as const;

const sql = (name: string): URL => new URL(`./sql/${name}.sql`, import.meta.url);

const epochMs = z.number().int();
const count = z.number().int().nonnegative();
const cutoff = z.record(z.string(), z.array(count).readonly());
/** An unsigned number of 64 bits, which a JavaScript number cannot hold. */
const checksum = z.string().regex(/^\d{1,20}$/);

const windowOfTenant = { tenantId: z.string().min(1), windowStartMs: epochMs };
const oneRun = z.object({ ...windowOfTenant, runId: z.uuid() });

const runRow = z.object({
  ...oneRun.shape,
  windowEndMs: epochMs,
  granularity: z.enum(GRANULARITIES),
  state: z.enum(RUN_STATES),
  reason: z.enum(RUN_REASONS),
  settingsVersion: count,
  /** The settings it was computed with, as JSON. */
  settings: z.string(),
  cutoff,
  codeVersion: z.string(),
  conversions: count,
  conversionsAttributed: count,
  conversionsOrganic: count,
  touchpoints: count,
  /** Rows of credit. */
  credits: count,
  checksum,
  traceId: z.string(),
  startedAtMs: epochMs,
  finishedAtMs: epochMs,
  /** Of which replay; empty for none. */
  replayId: z.string(),
});

/** A run as recorded. */
export type Run = z.infer<typeof runRow>;

/** What lets the server use all its cores for the one statement of a run. */
const COMPUTE_SETTINGS: ClickHouseSettings = {
  // Without it a statement that also fills the sums per day runs on a single thread from its first row on.
  parallel_view_processing: 1,
  max_insert_threads: '4',
  // The server takes fewer when each could not have so much; by its default of 4 GiB it would often be a single one.
  max_insert_threads_min_free_memory_per_thread: '1073741824',
  // Blocks that are small enough for several threads to have some.
  min_insert_block_size_rows: '524288',
  // One row of twenty is of a user with a conversion: blocks bounded by what is read would hold a few hundred of them.
  preferred_block_size_bytes: '0',
};

/**
 * Computes the credits of one window by all models of its tenant, inside ClickHouse, as one statement. The rows are
 * invisible until the run is published. A retry takes a new run: parameters come from `creditParameters`.
 */
export const computeCredits = defineCommand({
  name: 'compute_credits',
  file: new URL('../attribution/credits.sql', import.meta.url),
  parameters: z.object({
    ...oneRun.shape,
    windowEndMs: epochMs,
    topics: z.array(z.string()).min(1),
    topicPlaces: z.array(count).min(1),
    places: z.array(count).min(1),
    visibleUntil: z.array(count).min(1),
    models: z.array(z.enum(MODELS)).min(1),
    lookbackClickMs: count,
    lookbackImpressionMs: count,
    conversionNames: z.array(z.string()),
    halfLifeMs: count.min(1),
    firstOfTwoNano: count,
    firstShareNano: count,
    lastShareNano: count,
    milestone: z.string(),
  }),
  settings: COMPUTE_SETTINGS,
});

/** What a run gave, by model and currency. Numbers that must be exact are decimals as text. */
export const readRunTotals = defineQuery({
  name: 'read_run_totals',
  file: sql('read-run-totals'),
  parameters: oneRun,
  row: z.object({
    model: z.enum(MODELS),
    currency: z.string(),
    /** Sum of the credits: how many conversions they are of. */
    credit: z.string(),
    value: z.string(),
    /** Rows of credit. */
    credits: count,
    conversionsOrganic: count,
    /** Touchpoints in all journeys; one in the journeys of two conversions counts twice. */
    touchpoints: z.string(),
    /** Order-free sum of the rows' hashes, modulo 2^64. */
    checksum,
  }),
});

/** What the credits of a window must add up to under a cut-off, from the events themselves. */
export const readExpectedTotals = defineQuery({
  name: 'read_expected_totals',
  file: sql('read-expected-totals'),
  parameters: z.object({ ...windowOfTenant, windowEndMs: epochMs, cutoff, conversionNames: z.array(z.string()) }),
  row: z.object({ currency: z.string(), conversions: count, value: z.string() }),
  // One row of many is a conversion: see COMPUTE_SETTINGS.
  settings: { preferred_block_size_bytes: '0' },
});

/** How many rows of credit of a run are there. */
export const countRunCredits = defineQuery({
  name: 'count_run_credits',
  file: sql('count-run-credits'),
  parameters: oneRun,
  row: z.object({ credits: count }),
});

/** Records that a run reached a state. Repeating it changes nothing. */
export const insertRun = defineCommand({ name: 'insert_run', file: sql('insert-run'), parameters: runRow });

/** The run of a window that was started last, in its newest state; no row when there was none. */
export const readLatestRun = defineQuery({
  name: 'read_latest_run',
  file: sql('read-latest-run'),
  parameters: z.object(windowOfTenant),
  row: runRow,
});

/** What the judged runs of a window were allowed to see: those that ended with a verdict or were published. */
export const readSeenCutoffs = defineQuery({
  name: 'read_seen_cutoffs',
  file: sql('read-seen-cutoffs'),
  parameters: z.object(windowOfTenant),
  row: z.object({ cutoff }),
});

/** One run in its newest state; no row when it was never recorded. */
export const readRun = defineQuery({ name: 'read_run', file: sql('read-run'), parameters: oneRun, row: runRow });

/**
 * Publishes a run as a version of its window: the one row that readers follow. Writes nothing when that version or a
 * newer one exists, so it can be repeated; whoever publishes reads the current publication afterwards.
 */
export const insertPublication = defineCommand({
  name: 'insert_publication',
  file: sql('insert-publication'),
  parameters: z.object({
    ...oneRun.shape,
    windowEndMs: epochMs,
    granularity: z.enum(GRANULARITIES),
    version: count.min(1),
    reason: z.enum(PUBLICATION_REASONS),
    settingsVersion: count,
    publishedAtMs: epochMs,
    traceId: z.string(),
  }),
});

/** The publication of a window that readers see; no row when there is none. */
export const readCurrentPublication = defineQuery({
  name: 'read_current_publication',
  file: sql('read-current-publication'),
  parameters: z.object(windowOfTenant),
  row: z.object({
    version: count,
    runId: z.uuid(),
    reason: z.enum(PUBLICATION_REASONS),
    settingsVersion: count,
    publishedAtMs: epochMs,
    traceId: z.string(),
    /** When the window was published for the first time: its late horizon counts from here. */
    firstPublishedAtMs: epochMs,
  }),
});

const readUnpublishedRuns = defineQuery({
  name: 'read_unpublished_runs',
  file: sql('read-unpublished-runs'),
  parameters: z.object({ ageMs: count, dryRunAgeMs: count, runsMax: count.min(1) }),
  row: oneRun,
});

const deleteCredits = defineCommand({
  name: 'delete_run_credits',
  file: sql('delete-run-credits'),
  parameters: oneRun,
});

const deleteCreditsPerDay = defineCommand({
  name: 'delete_run_credits_per_day',
  file: sql('delete-run-credits-per-day'),
  parameters: oneRun,
});

/** Deletes all credits of a run. The caller knows that it will never be published. */
export async function deleteRunCredits(
  clickhouse: ClickHouse,
  { tenantId, windowStartMs, runId }: z.infer<typeof oneRun>,
  options: QueryOptions = {},
): Promise<void> {
  await deleteCredits(clickhouse, { tenantId, windowStartMs, runId }, options);
  // Last, because it is what finds the run again when this is interrupted.
  await deleteCreditsPerDay(clickhouse, { tenantId, windowStartMs, runId }, options);
}

/** A run that began longer ago is not published any more. */
export const PUBLISHABLE_MS = 12 * 3_600_000;
/** A run that was computed longer ago and is not published is removed: well after it could still have been published. */
export const REMOVABLE_MS = 24 * 3_600_000;
/** The same for what dry runs computed: somebody looks at it for days before it is published. */
export const DRY_RUN_PUBLISHABLE_MS = 7 * 86_400_000;
export const DRY_RUN_REMOVABLE_MS = 8 * 86_400_000;

/**
 * Deletes the credits of runs that were never published and were computed longer ago than `ageMs`, or than `dryRunAgeMs`
 * by a dry run; at most `runsMax` of them. Gives how many.
 */
export async function deleteUnpublishedRuns(
  clickhouse: ClickHouse,
  parameters: { ageMs: number; dryRunAgeMs: number; runsMax: number },
  options: QueryOptions = {},
): Promise<number> {
  const runs = await readUnpublishedRuns(clickhouse, parameters, options);
  for (const run of runs) await deleteRunCredits(clickhouse, run, options);
  return runs.length;
}
