/** What the credits of a run are, by model and currency. Decimals as text. */
export interface RunTotals {
  model: string;
  currency: string;
  credit: string;
  value: string;
  credits: number;
  conversionsOrganic: number;
  touchpoints: string;
  checksum: string;
}

/** What they must be, from the events themselves. */
export interface ExpectedTotals {
  currency: string;
  conversions: number;
  value: string;
}

/** One line for each model and currency whose credits do not add up, to the last digit. */
export function totalsProblems(
  models: readonly string[],
  totals: readonly RunTotals[],
  expected: readonly ExpectedTotals[],
): string[] {
  return [...new Set([...models, ...totals.map(({ model }) => model)])].flatMap((model) => {
    const currencies = [...expected, ...totals.filter((entry) => entry.model === model)].map(
      ({ currency }) => currency,
    );
    return [...new Set(currencies)].flatMap((currency) => {
      const found = totals.find((entry) => entry.model === model && entry.currency === currency);
      const wanted = models.includes(model) ? expected.find((entry) => entry.currency === currency) : undefined;
      const credit = toFixedPoint(found?.credit ?? '0') - toFixedPoint(String(wanted?.conversions ?? 0));
      const value = toFixedPoint(found?.value ?? '0') - toFixedPoint(wanted?.value ?? '0');
      if (credit === 0n && value === 0n) return [];
      const name = currency === '' ? 'no currency' : currency;
      return [
        `${model}, ${name}: credit ${found?.credit ?? '0'} of ${wanted?.conversions ?? 0}, value ${found?.value ?? '0'} of ${wanted?.value ?? '0'}`,
      ];
    });
  });
}

/** Counts of a run over all its models; those of one model where every model has the same. */
export function summarize(totals: readonly RunTotals[]): {
  conversions: number;
  conversionsOrganic: number;
  touchpoints: number;
  credits: number;
  checksum: string;
} {
  const one = totals.filter(({ model }) => model === totals[0]?.model);
  const sum = (entries: readonly RunTotals[], of: (entry: RunTotals) => number): number =>
    entries.reduce((total, entry) => total + of(entry), 0);
  const checksum = totals.reduce((total, entry) => total + BigInt(entry.checksum), 0n);
  return {
    conversions: Math.round(sum(one, ({ credit }) => Number(credit))),
    conversionsOrganic: sum(one, ({ conversionsOrganic }) => conversionsOrganic),
    touchpoints: Math.round(sum(one, ({ touchpoints }) => Number(touchpoints))),
    credits: sum(totals, ({ credits }) => credits),
    checksum: BigInt.asUintN(64, checksum).toString(),
  };
}

const FRACTION_DIGITS = 12;

/** A decimal as an integer of its smallest unit, because a sum of floats is never exact. */
function toFixedPoint(decimal: string): bigint {
  const isNegative = decimal.startsWith('-');
  const [whole = '0', fraction = ''] = decimal.replace('-', '').split('.');
  const magnitude = BigInt(whole + fraction.padEnd(FRACTION_DIGITS, '0').slice(0, FRACTION_DIGITS));
  return isNegative ? -magnitude : magnitude;
}
