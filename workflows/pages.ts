import { workflowInfo } from '@temporalio/workflow';
import type { ReconcileActivities, ReconcileCounts, ReconcileCursor } from '../activities/contract.ts';
import { HEARTBEAT_TIMEOUT_MS } from './heartbeat-timeouts.ts';
import type { ReconcileInput } from './messages.ts';

const WINDOWS_PER_PAGE = 200;
const PAGES_PER_RUN = 50;

/** Bounded: the schedule skips what comes while one runs, so one that hangs would stop all later ones. */
export const PAGE_OPTIONS = {
  startToCloseTimeout: '5 minutes',
  heartbeatTimeout: HEARTBEAT_TIMEOUT_MS.other,
  scheduleToCloseTimeout: '15 minutes',
  retry: { initialInterval: '1 second', backoffCoefficient: 2, maximumInterval: '30 seconds' },
} as const;

/**
 * Goes through windows page by page from where the input says. `after` is where a new history has to go on, or null when
 * all pages are done.
 */
export async function throughPages(
  readPage: ReconcileActivities['auditPage'],
  input: ReconcileInput,
): Promise<{ counts: ReconcileCounts; after: ReconcileCursor | null }> {
  const { windowsPerPage: windowsMax = WINDOWS_PER_PAGE, pagesPerRun = PAGES_PER_RUN } = input;
  let counts = input.counts ?? { started: 0, reopened: 0, held: 0 };
  let after = input.after ?? null;
  for (let page = 1; ; page += 1) {
    const { next, ...found } = await readPage({ version: 1, after, windowsMax });
    counts = addCounts(counts, found);
    after = next;
    if (after === null || page >= pagesPerRun || workflowInfo().continueAsNewSuggested) return { counts, after };
  }
}

function addCounts(left: ReconcileCounts, right: ReconcileCounts): ReconcileCounts {
  return {
    started: left.started + right.started,
    reopened: left.reopened + right.reopened,
    held: left.held + right.held,
  };
}
