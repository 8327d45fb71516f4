import { UnmogrowpError, toUnmogrowpError } from '../errors.ts';
import { measureClose } from './close-delay.ts';
import type { PublicationReason, WindowActivities, WindowKey } from './contract.ts';
import type { ActivityDependencies } from './dependencies.ts';
import { keyOf } from './load-window.ts';
import {
  PUBLISHABLE_MS,
  type Run,
  insertPublication,
  insertRun,
  readCurrentPublication,
  readRun,
} from './run-queries.ts';
import { currentTraceId } from './trace-id.ts';

/**
 * Makes a run the truth: one row, which every view follows. Repeating it writes nothing; a version that somebody else
 * has taken, or a newer one, is never overwritten.
 */
export function createPublishRun(dependencies: ActivityDependencies): WindowActivities['publishRun'] {
  return async function publishRun({ window, runId, reason, publicationVersion, publishedAtMs }) {
    const run = await readRecordedRun(dependencies, window, runId);
    await refuseOldRun(dependencies, run, PUBLISHABLE_MS);
    const published = await publishAs(dependencies, run, { reason, publicationVersion, publishedAtMs });
    if (publicationVersion === 1) {
      // It is published: whether that can be measured decides nothing.
      await measureClose(dependencies, run, publishedAtMs).catch((error: unknown) =>
        dependencies.metrics.errors.inc({ code: toUnmogrowpError(error).code }),
      );
    }
    return published;
  };
}

/** A run that was recorded before anybody could have heard of it. */
export async function readRecordedRun(
  { clickhouse }: ActivityDependencies,
  window: WindowKey,
  runId: string,
): Promise<Run> {
  const [run] = await readRun(clickhouse, { ...keyOf(window), runId });
  if (run === undefined) throw new UnmogrowpError('bug', `The run ${runId} was never recorded`);
  return run;
}

/** Its credits may be gone by now. What is published already stays so: it was never in the way of the janitor. */
export async function refuseOldRun(
  { clickhouse, nowMs }: ActivityDependencies,
  run: Run,
  publishableMs: number,
): Promise<void> {
  if (nowMs() - run.startedAtMs < publishableMs) return;
  const [current] = await readCurrentPublication(clickhouse, keyOf(run));
  if (current?.runId === run.runId) return;
  throw new UnmogrowpError('run_expired', `The run ${run.runId} is too old to be published: it is computed again`, {
    context: { run_id: run.runId },
  });
}

/** Publishes a run as a version. Throws `publication_conflict` when this version or a newer one is another run's. */
export async function publishAs(
  { clickhouse }: ActivityDependencies,
  run: Run,
  as: { reason: PublicationReason; publicationVersion: number; publishedAtMs: number },
): Promise<{ firstPublishedAtMs: number }> {
  const { tenantId, windowStartMs, windowEndMs, granularity, runId, settingsVersion } = run;
  const { publicationVersion: version } = as;
  await insertPublication(clickhouse, {
    tenantId,
    windowStartMs,
    windowEndMs,
    granularity,
    version,
    runId,
    reason: as.reason,
    settingsVersion,
    publishedAtMs: as.publishedAtMs,
    traceId: run.traceId === '' ? currentTraceId() : run.traceId,
  });
  const [current] = await readCurrentPublication(clickhouse, keyOf(run));
  if (current?.runId !== runId || current.version !== version) {
    throw new UnmogrowpError(
      'publication_conflict',
      `Version ${version} of the window is taken: run ${current?.runId ?? 'unknown'} is published as ${current?.version ?? 0}`,
      { context: { run_id: runId, version } },
    );
  }
  await insertRun(clickhouse, { ...run, state: 'published' });
  return { firstPublishedAtMs: current.firstPublishedAtMs };
}
