import { UnmogrowpError } from '../errors.ts';
import type { WindowActivities } from './contract.ts';
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
  const { clickhouse, nowMs } = dependencies;

  /** Its credits may be gone by now. What is published already stays so: it was never in the way of the janitor. */
  async function refuseOldRun(run: Run): Promise<void> {
    if (nowMs() - run.startedAtMs < PUBLISHABLE_MS) return;
    const [current] = await readCurrentPublication(clickhouse, keyOf(run));
    if (current?.runId === run.runId) return;
    throw new UnmogrowpError('run_expired', `The run ${run.runId} is too old to be published: it is computed again`, {
      context: { run_id: run.runId },
    });
  }

  return async function publishRun({ window, runId, reason, settingsVersion, publicationVersion, publishedAtMs }) {
    const [run] = await readRun(clickhouse, { ...keyOf(window), runId });
    if (run === undefined) throw new UnmogrowpError('bug', `The run ${runId} was never recorded`);
    await refuseOldRun(run);
    const traceId = run.traceId === '' ? currentTraceId() : run.traceId;
    await insertPublication(clickhouse, {
      ...window,
      version: publicationVersion,
      runId,
      reason,
      settingsVersion,
      publishedAtMs,
      traceId,
    });
    const [current] = await readCurrentPublication(clickhouse, keyOf(window));
    if (current?.runId !== runId || current.version !== publicationVersion) {
      throw new UnmogrowpError(
        'publication_conflict',
        `Version ${publicationVersion} of the window is taken: run ${current?.runId ?? 'unknown'} is published as ${current?.version ?? 0}`,
        { context: { run_id: runId, version: publicationVersion } },
      );
    }
    await insertRun(clickhouse, { ...run, state: 'published' });
    return { firstPublishedAtMs: current.firstPublishedAtMs };
  };
}
