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
 * Measures several things in turn, so that whatever else the machine does meets all of them. Each round begins with
 * another one, because a later one finds warmer caches and a busier disk.
 */
export async function measureInTurn<Results extends Record<string, unknown>>(
  rounds: number,
  contestants: { readonly [Name in keyof Results]: (round: number) => Promise<Results[Name]> },
): Promise<{ [Name in keyof Results]: Results[Name][] }> {
  const names = Object.keys(contestants) as (keyof Results)[];
  const results = Object.fromEntries(names.map((name) => [name, []])) as unknown as {
    [Name in keyof Results]: Results[Name][];
  };
  for (let round = 0; round < rounds; round += 1) {
    const first = round % names.length;
    for (const name of [...names.slice(first), ...names.slice(0, first)]) {
      results[name].push(await contestants[name](round));
    }
  }
  return results;
}

/** The ratios of what was measured in the same rounds. */
export const ratios = (ours: readonly number[], floor: readonly number[]): number[] =>
  ours.map((value, round) => value / (floor[round] ?? Number.NaN));

/** The middle of the ratios of what was measured in the same rounds. */
export const medianRatio = (ours: readonly number[], floor: readonly number[]): number => median(ratios(ours, floor));

/** A count with separators, as 123,456. */
export const formatCount = (value: number): string => Math.round(value).toLocaleString('en-US');

/** A number with a fixed count of fraction digits, or a dash where nothing was measured. */
export const formatNumber = (value: number, digits = 1): string =>
  Number.isFinite(value) ? value.toFixed(digits) : '–';
