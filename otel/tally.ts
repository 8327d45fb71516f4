import { UnmogrowpError } from '../errors.ts';
import { type Values, byLabels } from './by-labels.ts';

/** What was counted under some labels and is not handed over yet. */
interface Tally {
  readonly labels: Values;
  sum: number;
}

export interface Tallied {
  readonly inc: (labels: Values, value: number) => void;
  /** Hands over what was counted since the last time. */
  readonly flush: () => void;
}

/**
 * Sums what is counted under the same labels and gives it to `add` when `flush` is called, which has to happen before every
 * scrape. The library makes a text of the labels of each single measurement, and a request counts five times. New labels
 * are given to `add` at once: they are a series from then on, and labels that it does not take are refused where they are used.
 */
export function tallied(labelNames: readonly string[], add: (labels: Values, value: number) => void): Tallied {
  const tallies: Tally[] = [];
  const tallyOf = byLabels(labelNames, (labels) => {
    const tally: Tally = { labels, sum: 0 };
    add(labels, 0);
    tallies.push(tally);
    return tally;
  });

  return {
    inc(labels, value) {
      if (!(value >= 0 && value < Infinity)) throw new UnmogrowpError('bug', `A counter cannot count ${value}.`);
      tallyOf(labels).sum += value;
    },
    flush() {
      for (const tally of tallies) {
        if (tally.sum > 0) add(tally.labels, tally.sum);
        tally.sum = 0;
      }
    },
  };
}
