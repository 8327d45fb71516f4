/** How a bench is asked to run. */
export interface BenchOptions {
  /** Short rounds, to see that everything works; the numbers are not worth keeping. */
  readonly quick: boolean;
  /** Tells what is going on, for whoever waits. */
  readonly onProgress: (text: string) => void;
}

/** One promise of the bench in numbers. */
export interface Goal {
  readonly text: string;
  readonly measured: string;
  readonly isMet: boolean;
}

/** What a bench gives: written into docs/benchmarks.md as it is. */
export interface BenchReport {
  readonly title: string;
  /** One paragraph: what was measured against what. */
  readonly how: string;
  readonly tables: readonly { readonly head: readonly string[]; readonly rows: readonly (readonly string[])[] }[];
  readonly goals: readonly Goal[];
  readonly notes?: readonly string[];
  /** Versions of the parts that took part, by name. */
  readonly versions: Readonly<Record<string, string>>;
}

export type Bench = (options: BenchOptions) => Promise<BenchReport>;

/** The middle of some numbers; of an even count the mean of the two in the middle. */
export function median(numbers: readonly number[]): number {
  const sorted = numbers.toSorted((left, right) => left - right);
  const middle = Math.floor(sorted.length / 2);
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? Number.NaN) + upper) / 2;
}

/**
 * Measures two things in turn, so that whatever else the machine does meets both. Which one begins changes with each
 * pair, because the second one finds warmer caches and a busier disk.
 */
export async function measureInPairs<Result>(
  pairs: number,
  floor: (pair: number) => Promise<Result>,
  ours: (pair: number) => Promise<Result>,
): Promise<{ floor: Result; ours: Result }[]> {
  const results: { floor: Result; ours: Result }[] = [];
  for (let pair = 0; pair < pairs; pair += 1) {
    if (pair % 2 === 0) {
      const first = await floor(pair);
      results.push({ floor: first, ours: await ours(pair) });
    } else {
      const first = await ours(pair);
      results.push({ ours: first, floor: await floor(pair) });
    }
  }
  return results;
}

/** A count with separators, as 123,456. */
export const formatCount = (value: number): string => Math.round(value).toLocaleString('en-US');

/** A number with a fixed count of fraction digits, or a dash where nothing was measured. */
export const formatNumber = (value: number, digits = 1): string =>
  Number.isFinite(value) ? value.toFixed(digits) : '–';
