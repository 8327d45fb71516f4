import { continueAsNew, proxyActivities } from '@temporalio/workflow';
import type { ReconcileActivities, ReconcileCounts } from '../activities/contract.ts';
import type { ReconcileInput } from './messages.ts';
import { PAGE_OPTIONS, throughPages } from './pages.ts';

const { auditPage, removeUnpublishedRuns, recordReconcile } = proxyActivities<ReconcileActivities>(PAGE_OPTIONS);

/**
 * Compares all windows with the data, page by page, and believes nobody: what Temporal or a message has lost is found here.
 * At the end it deletes what was computed and never published. Twice is once.
 */
export async function audit(input: ReconcileInput): Promise<ReconcileCounts> {
  const startedAtMs = input.startedAtMs ?? Date.now();
  const { counts, after } = await throughPages(auditPage, input);
  if (after !== null) await continueAsNew<typeof audit>({ ...input, startedAtMs, counts, after });
  await removeUnpublishedRuns({ version: 1 });
  await recordReconcile({ version: 1, kind: 'audit', counts, durationMs: Date.now() - startedAtMs });
  return counts;
}
