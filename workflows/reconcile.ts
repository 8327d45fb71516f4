import { continueAsNew, proxyActivities, workflowInfo } from '@temporalio/workflow';
import type { ReconcileActivities, ReconcileCounts, ReconcileCursor } from '../activities/contract.ts';
import { HEARTBEAT_TIMEOUT_MS } from './heartbeat-timeouts.ts';
import type { ReconcileInput } from './messages.ts';

const WINDOWS_PER_PAGE = 200;
const PAGES_PER_RUN = 50;

/** Bounded: the schedule skips what comes while one runs, so a reconcile that hangs would stop all later ones. */
const { reconcilePage, removeUnpublishedRuns, freeLostTurns, recordReconcile } = proxyActivities<ReconcileActivities>({
  startToCloseTimeout: '5 minutes',
  heartbeatTimeout: HEARTBEAT_TIMEOUT_MS.other,
  scheduleToCloseTimeout: '15 minutes',
  retry: { initialInterval: '1 second', backoffCoefficient: 2, maximumInterval: '30 seconds' },
});

/**
 * Finds the windows that the data asks for, page by page: it starts those that nothing looks after and reopens those
 * that late data touches. At the end it deletes what was computed and never published. Twice is once.
 */
export async function reconcile(input: ReconcileInput): Promise<ReconcileCounts> {
  const startedAtMs = input.startedAtMs ?? Date.now();
  const windowsMax = input.windowsPerPage ?? WINDOWS_PER_PAGE;
  let counts = input.counts ?? { started: 0, reopened: 0, held: 0 };
  let after: ReconcileCursor | null = input.after ?? null;
  for (let page = 1; ; page += 1) {
    const { next, ...found } = await reconcilePage({ version: 1, after, windowsMax });
    counts = addCounts(counts, found);
    if (next === null) break;
    after = next;
    if (page >= (input.pagesPerRun ?? PAGES_PER_RUN) || workflowInfo().continueAsNewSuggested) {
      await continueAsNew<typeof reconcile>({ ...input, after, startedAtMs, counts });
    }
  }
  await removeUnpublishedRuns({ version: 1 });
  await freeLostTurns({ version: 1 });
  await recordReconcile({ version: 1, counts, durationMs: Date.now() - startedAtMs });
  return counts;
}

function addCounts(left: ReconcileCounts, right: ReconcileCounts): ReconcileCounts {
  return {
    started: left.started + right.started,
    reopened: left.reopened + right.reopened,
    held: left.held + right.held,
  };
}
