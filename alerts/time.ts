import type { HistogramDeclaration, Labels } from '../otel/registry/declare.ts';

/** How the rules write lengths of time. Proofs let it pass faster; rules and thresholds stay the same. */
export interface Time {
  /** A length of time that only has to fit the others: thresholds of ages, `for`. */
  seconds(seconds: number): number;
  /** As PromQL writes it: `5m`. */
  range(seconds: number): string;
  /** The bound of a bucket for a length of time: the smallest that is no shorter. */
  bucket<L extends Labels>(histogram: HistogramDeclaration<L>, seconds: number): number;
}

/** A range needs some scrapes: no faster than this, whatever the scale. */
const RANGE_SECONDS_MIN = 5;
const UNITS = [
  ['d', 86_400],
  ['h', 3_600],
  ['m', 60],
] as const;

/** Time that passes `timeScale` times as fast: with 60 an hour takes a minute. */
export function createTime(timeScale: number): Time {
  const scaled = (seconds: number): number => seconds / timeScale;
  return {
    seconds: (seconds) => Math.round(scaled(seconds) * 10) / 10,
    range: (seconds) => inUnits(Math.max(RANGE_SECONDS_MIN, Math.round(scaled(seconds)))),
    bucket: ({ name, buckets }, seconds) => {
      const bound = buckets.find((each) => each >= scaled(seconds));
      if (bound === undefined) throw new RangeError(`${name} has no bucket for ${scaled(seconds)} s`);
      return bound;
    },
  };
}

/** Whole units where it is one: `1h`, `90s`. */
function inUnits(seconds: number): string {
  const [unit, length] = UNITS.find(([, each]) => seconds >= each && seconds % each === 0) ?? ['s', 1];
  return `${seconds / length}${unit}`;
}
