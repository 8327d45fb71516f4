/** One whole conversion in billionths: credits are counted in integers, so that they add up to the last digit. */
export const ONE_NANO = 1_000_000_000n;

/**
 * Divides one conversion by weights: every touchpoint gets its share rounded down, and the last one takes what is left.
 * Without any weight all are equal.
 */
export function divideByWeights(weights: readonly bigint[]): bigint[] {
  const sum = weights.reduce((total, weight) => total + weight, 0n);
  if (sum === 0n) return divideByWeights(weights.map(() => 1n));
  return withRemainderLast(weights.map((weight) => (weight * ONE_NANO) / sum));
}

/** The same for weights that are no integers. */
export function divideByFractions(weights: readonly number[]): bigint[] {
  const sum = weights.reduce((total, weight) => total + weight, 0);
  return withRemainderLast(weights.map((weight) => BigInt(Math.floor((weight / sum) * Number(ONE_NANO)))));
}

function withRemainderLast(shares: readonly bigint[]): bigint[] {
  return replaceLast(shares, ONE_NANO);
}

/** The value of each credit in millionths of the currency, rounded down, with what is left at the last touchpoint. */
export function divideValue(valueMicro: bigint, credits: readonly bigint[]): bigint[] {
  const shares = credits.map((credit) => (valueMicro * credit) / ONE_NANO);
  return replaceLast(shares, valueMicro);
}

function replaceLast(shares: readonly bigint[], total: bigint): bigint[] {
  const others = shares.slice(0, -1);
  return [...others, others.reduce((left, share) => left - share, total)];
}

/** A decimal with at most 6 fraction digits in millionths. */
export function parseMicro(decimal: string): bigint {
  const [whole = '0', fraction = ''] = decimal.split('.');
  return BigInt(whole) * 1_000_000n + BigInt(fraction.padEnd(6, '0'));
}
