import { continueAsNew, proxyActivities } from '@temporalio/workflow';
import type { LedgerActivities } from '../activities/contract.ts';
import type { ReconcileInput } from './messages.ts';
import { PAGE_OPTIONS } from './pages.ts';

/** After so many calls a new history begins. */
const CALLS_PER_RUN = 20;

const { keepLedger } = proxyActivities<LedgerActivities>(PAGE_OPTIONS);

/**
 * Keeps the ledger: compares, by tenant and hour of receipt, what was accepted with what became of it, until no hour is due
 * any more. Twice is once.
 */
export async function ledger(input: ReconcileInput): Promise<void> {
  const startedAtMs = input.startedAtMs ?? Date.now();
  for (let call = 1; ; call += 1) {
    const { isMore } = await keepLedger({ version: 1, sinceMs: startedAtMs });
    if (!isMore) return;
    if (call >= CALLS_PER_RUN) await continueAsNew<typeof ledger>({ ...input, startedAtMs });
  }
}
