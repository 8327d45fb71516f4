import type { ExpectedCounts } from '../../events/generator.ts';

/** What was counted at each stage of the way, by asking that stage. */
export interface StageCounts {
  sent: number;
  accepted: number;
  rejected: number;
  rejectedByCode: Readonly<Record<string, number>>;
  /** Rows in the records on Kafka, by their headers. */
  onKafka: number;
  /** Rows in ClickHouse. */
  rows: number;
  distinct: number;
  touchpoints: number;
  conversions: number;
  /** Conversions that the publications of the windows say they hold. */
  published: number;
  models: ModelSums[];
}

/** What one model gave in all, exact. */
export interface ModelSums {
  model: string;
  /** Billionths of conversions, by whether a touchpoint or nobody earned them. */
  creditedNano: bigint;
  organicNano: bigint;
  /** Millionths by currency. */
  valueMicro: Readonly<Record<string, bigint>>;
}

/** One comparison of two counts that must be the same. */
export interface Check {
  what: string;
  actual: string;
  expected: string;
  isEqual: boolean;
}

const NANO = 1_000_000_000n;

/** Every comparison between what was counted and what must have come out. */
export function reconcileCounts(counts: StageCounts, expected: ExpectedCounts): Check[] {
  const checks: Check[] = [];
  const compare = (what: string, actual: number | bigint, wanted: number | bigint): void => {
    checks.push({ what, actual: String(actual), expected: String(wanted), isEqual: BigInt(actual) === BigInt(wanted) });
  };
  compare('sent', counts.sent, expected.sent);
  compare('sent = accepted + rejected', counts.accepted + counts.rejected, counts.sent);
  compare('accepted', counts.accepted, expected.accepted);
  for (const code of codesOf(counts, expected)) {
    compare(`rejected as ${code}`, counts.rejectedByCode[code] ?? 0, ofCode(expected, code));
  }
  compare('on Kafka = accepted', counts.onKafka, counts.accepted);
  compare('rows in ClickHouse = accepted', counts.rows, counts.accepted);
  compare('distinct events', counts.distinct, expected.distinct);
  compare('duplicates removed', counts.rows - counts.distinct, expected.resent);
  compare('touchpoints', counts.touchpoints, expected.touchpoints);
  compare('conversions', counts.conversions, expected.conversions);
  compare('conversions in publications', counts.published, expected.conversions);
  compare('models', counts.models.length === 0 ? 0 : 1, 1);
  for (const model of counts.models) compareModel(model, expected, compare);
  return checks;
}

function codesOf(counts: StageCounts, expected: ExpectedCounts): string[] {
  return [...new Set([...Object.keys(counts.rejectedByCode), ...Object.keys(expected.rejectedByCode)])].toSorted();
}

const ofCode = ({ rejectedByCode }: ExpectedCounts, code: string): number =>
  (rejectedByCode as Record<string, number>)[code] ?? 0;

function compareModel(
  { model, creditedNano, organicNano, valueMicro }: ModelSums,
  expected: ExpectedCounts,
  compare: (what: string, actual: bigint, wanted: bigint) => void,
): void {
  const conversions = BigInt(expected.conversions) * NANO;
  const organic = BigInt(expected.organic) * NANO;
  compare(`${model}: credited, in billionths`, creditedNano, conversions - organic);
  compare(`${model}: organic, in billionths`, organicNano, organic);
  const currencies = new Set([...Object.keys(valueMicro), ...Object.keys(expected.valueMicro)]);
  for (const currency of [...currencies].toSorted()) {
    compare(`${model}: ${currency}, in millionths`, valueMicro[currency] ?? 0n, expected.valueMicro[currency] ?? 0n);
  }
}

/** Decimal text as a whole number of its last digit: `1.5` with two digits is 150. */
export function toUnits(decimal: string, digits: number): bigint {
  const [whole = '0', fraction = ''] = decimal.split('.');
  return BigInt(whole + fraction.slice(0, digits).padEnd(digits, '0'));
}

/** What each model gave, from its sums by channel and currency. */
export function sumModels(
  rows: readonly { model: string; channel: string; currency: string; credit: string; value: string }[],
): ModelSums[] {
  return [...Map.groupBy(rows, ({ model }) => model)].map(([model, ofModel]) => {
    const sums = { model, creditedNano: 0n, organicNano: 0n, valueMicro: {} as Record<string, bigint> };
    for (const { channel, currency, credit, value } of ofModel) {
      if (channel === 'organic') sums.organicNano += toUnits(credit, 9);
      else sums.creditedNano += toUnits(credit, 9);
      if (currency !== '') sums.valueMicro[currency] = (sums.valueMicro[currency] ?? 0n) + toUnits(value, 6);
    }
    return sums;
  });
}
