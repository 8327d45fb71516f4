import { continueAsNew, proxyActivities } from '@temporalio/workflow';
import type { ReconcileActivities, ReconcileCounts } from '../activities/contract.ts';
import type { ReconcileInput } from './messages.ts';
import { PAGE_OPTIONS, throughPages } from './pages.ts';

/** After so many slices of the log the windows that were found are told, whatever is left to be examined. */
const SLICES_PER_RUN = 10;

const { examineArrivals, tellTouchedWindows, freeLostTurns, recordReconcile } =
  proxyActivities<ReconcileActivities>(PAGE_OPTIONS);

/**
 * Examines what has come since it was last here, then tells the windows that it concerns: those that nobody looks after are
 * started, those that have not seen it are reopened, and no others. Twice is once.
 */
export async function reconcile(input: ReconcileInput): Promise<ReconcileCounts> {
  const startedAtMs = input.startedAtMs ?? Date.now();
  const { after: begin, isMore: isMoreBefore = false, ...kept } = input;
  const isMore = begin === undefined ? await examineSome() : isMoreBefore;
  const { counts, after } = await throughPages(tellTouchedWindows, input);
  if (after !== null) await continueAsNew<typeof reconcile>({ ...kept, startedAtMs, counts, after, isMore });
  if (isMore) await continueAsNew<typeof reconcile>({ ...kept, startedAtMs, counts });
  await freeLostTurns({ version: 1 });
  await recordReconcile({ version: 1, kind: 'reconcile', counts, durationMs: Date.now() - startedAtMs });
  return counts;
}

/** Whether there is more to examine than was now. */
async function examineSome(): Promise<boolean> {
  for (let slice = 1; slice <= SLICES_PER_RUN; slice += 1) {
    const { isMore } = await examineArrivals({ version: 1 });
    if (!isMore) return false;
  }
  return true;
}
