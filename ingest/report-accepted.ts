import { setTimeout as wait } from 'node:timers/promises';
import { type UnmogrowpError, toUnmogrowpError } from '../errors.ts';
import type { AcceptedCounts, CountReport } from './accepted-counts.ts';
import type { Spool } from './spool/spool.ts';

export interface ReportOptions {
  counts: AcceptedCounts;
  spool: Pick<Spool, 'held'>;
  /** Stores a report for the ledger; throws when it cannot. */
  save: (report: CountReport) => Promise<void>;
  onError: (error: UnmogrowpError) => void;
  intervalMs?: number;
}

/**
 * Tells every second what was accepted and what of it the spool holds, both as of one moment; gives the function that
 * tells the rest and ends it. Nothing waits for it: what cannot be told now is told later.
 */
export function startAcceptedReports(options: ReportOptions): () => Promise<void> {
  const stop = new AbortController();
  const running = reportUntil(stop.signal, options);
  return async () => {
    stop.abort();
    await running;
  };
}

async function reportUntil(signal: AbortSignal, options: ReportOptions): Promise<void> {
  const report = createReport(options);
  while (!signal.aborted) {
    await report();
    await wait(options.intervalMs ?? 1_000, undefined, { signal }).catch(() => {});
  }
  await report();
}

function createReport({ counts, spool, save, onError }: ReportOptions): () => Promise<void> {
  // What an earlier process has told of this spool is not known here.
  let toldHeld: string | undefined;
  return async function report() {
    const accepted = counts.takeChanged();
    const held = spool.held();
    const text = JSON.stringify(held);
    if (accepted.length === 0 && text === toldHeld) return;
    try {
      await save({ accepted, held });
      toldHeld = text;
    } catch (error) {
      counts.giveBack(accepted);
      onError(toUnmogrowpError(error));
    }
  };
}
