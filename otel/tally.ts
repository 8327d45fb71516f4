import { UnmogrowpError } from '../errors.ts';

export type Values = Readonly<Record<string, string>>;

/** What was counted under some labels and is not handed over yet. */
interface Tally {
  readonly labels: Values;
  sum: number;
}

/** Tallies by the values of their labels, one label after the other. */
type Level = Map<string | undefined, Level | Tally>;

const NO_LABELS: Values = {};

export interface Tallied {
  /** Counts `value`, 1 by default; labels first, if there are any. */
  readonly inc: (first?: Values | number, second?: number) => void;
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
  const root: Level = new Map();

  function tallyOf(labels: Values): Tally {
    let level = root;
    for (const name of labelNames) {
      const value = labels[name];
      let next = level.get(value);
      if (next === undefined) level.set(value, (next = new Map()));
      level = next as Level;
    }
    return (level.get(undefined) ?? openTally(level, labels)) as Tally;
  }

  function openTally(level: Level, labels: Values): Tally {
    const tally = { labels: { ...labels }, sum: 0 };
    add(tally.labels, 0);
    tallies.push(tally);
    level.set(undefined, tally);
    return tally;
  }

  return {
    inc(first, second) {
      const hasLabels = typeof first === 'object';
      const value = (hasLabels ? second : first) ?? 1;
      if (!(value >= 0 && value < Infinity)) throw new UnmogrowpError('bug', `A counter cannot count ${value}.`);
      tallyOf(hasLabels ? first : NO_LABELS).sum += value;
    },
    flush() {
      for (const tally of tallies) {
        if (tally.sum > 0) add(tally.labels, tally.sum);
        tally.sum = 0;
      }
    },
  };
}
