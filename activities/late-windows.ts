import { type Cutoff, cutoffUntil, mergeCutoffs } from '../events/cutoff.ts';

/** What is known of a window before late rows are judged. */
export interface LateWindowFacts {
  /** What its judged runs have seen; null when it was never judged. */
  seen: Cutoff | null;
  /** When it was published first; null when it never was. */
  firstPublishedAtMs: number | null;
  lateHorizonMs: number;
  /** Whether a run of it is under way, which may have taken its cut-off before these rows came. */
  isRunning: boolean;
}

/** How far on the log the rows of a slice lie that concern a window, by partition; empty for none. */
export interface LateWindowRows {
  /** Rows of its own time. */
  own: ReadonlyMap<number, number>;
  /** Rows that may change its credits. */
  changing: ReadonlyMap<number, number>;
}

/**
 * What has to be done for a window: `start` when nobody may look after it, `reopen` when rows that may change it were
 * not seen, `beyond` when its horizon has passed and they can only be counted.
 */
export type LateDecision = 'none' | 'start' | 'reopen' | 'beyond';

/** Decides from facts alone, so that a table of cases can prove it. */
export function decideLate(
  facts: LateWindowFacts,
  rows: LateWindowRows,
  at: { topic: string; nowMs: number },
): LateDecision {
  const { seen, firstPublishedAtMs, lateHorizonMs, isRunning } = facts;
  const isUnseen = (offsets: ReadonlyMap<number, number>): boolean =>
    [...offsets].some(([partition, until]) => until > (seen?.[at.topic]?.[partition] ?? 0));
  if (firstPublishedAtMs !== null && firstPublishedAtMs + lateHorizonMs <= at.nowMs) {
    return isUnseen(rows.own) || isUnseen(rows.changing) ? 'beyond' : 'none';
  }
  // A window that was never judged and does not run now takes its cut-off later than these rows came.
  if ((seen !== null || isRunning) && isUnseen(rows.changing)) return 'reopen';
  return firstPublishedAtMs === null && rows.own.size > 0 ? 'start' : 'none';
}

/** As far as a run has to see that sees these rows. */
export function arrivalsOf(topic: string, offsets: ReadonlyMap<number, number>): Cutoff {
  return [...offsets].reduce<Cutoff>(
    (merged, [partition, until]) => mergeCutoffs(merged, cutoffUntil(topic, partition, until)),
    {},
  );
}
