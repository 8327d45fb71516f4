import { expect, it } from 'vitest';
import type { ExpectedCounts } from '../../events/generator.ts';
import { type StageCounts, reconcileCounts, sumModels, toUnits } from './reconciliation.ts';

const expected: ExpectedCounts = {
  sent: 113,
  accepted: 110,
  rejected: 3,
  distinct: 100,
  resent: 10,
  rejectedByCode: { invalid_time: 2, unknown_type: 1 },
  touchpoints: 90,
  conversions: 10,
  organic: 4,
  valueMicro: { EUR: 19_900_000n },
};
const counts: StageCounts = {
  sent: 113,
  accepted: 110,
  rejected: 3,
  onKafka: 110,
  rows: 110,
  distinct: 100,
  rejectedByCode: { invalid_time: 2, unknown_type: 1 },
  touchpoints: 90,
  conversions: 10,
  published: 10,
  models: [
    {
      model: 'linear',
      creditedNano: 6_000_000_000n,
      organicNano: 4_000_000_000n,
      valueMicro: { EUR: 19_900_000n },
    },
  ],
};
const differing = (changes: Partial<StageCounts>): string[] =>
  reconcileCounts({ ...counts, ...changes }, expected)
    .filter(({ isEqual }) => !isEqual)
    .map(({ what }) => what);

it('counts that agree at every stage reconcile', () => {
  expect(differing({})).toEqual([]);
});

it.each<[string, Partial<StageCounts>, string[]]>([
  ['an event got lost before Kafka', { onKafka: 109 }, ['on Kafka = accepted']],
  ['a row came twice', { rows: 111 }, ['rows in ClickHouse = accepted', 'duplicates removed']],
  [
    'an answer was not counted',
    { accepted: 109 },
    ['sent = accepted + rejected', 'accepted', 'on Kafka = accepted', 'rows in ClickHouse = accepted'],
  ],
  ['a duplicate counted', { distinct: 101 }, ['distinct events', 'duplicates removed']],
  [
    'a rejection had another reason',
    { rejectedByCode: { invalid_time: 3 } },
    ['rejected as invalid_time', 'rejected as unknown_type'],
  ],
  ['a window missed a conversion', { published: 9 }, ['conversions in publications']],
  ['nothing was published', { models: [] }, ['models']],
])('a difference is found and named: %s', (_what, changes, names) => {
  expect(differing(changes)).toEqual(names);
});

it('a difference of the last stored digit of a credit or a value is found', () => {
  const [linear] = counts.models;
  if (linear === undefined) throw new Error('there is one');
  expect(differing({ models: [{ ...linear, creditedNano: linear.creditedNano - 1n }] })).toEqual([
    'linear: credited, in billionths',
  ]);
  expect(differing({ models: [{ ...linear, valueMicro: { EUR: 19_900_001n } }] })).toEqual([
    'linear: EUR, in millionths',
  ]);
});

it('sums decimals of ClickHouse exactly, whatever digits they are shown with', () => {
  expect([toUnits('0.333333333', 9), toUnits('2', 9), toUnits('19.9', 6)]).toEqual([
    333_333_333n,
    2_000_000_000n,
    19_900_000n,
  ]);
  const row = (channel: string, credit: string, value: string) => ({
    model: 'linear',
    channel,
    currency: 'EUR',
    credit,
    value,
  });
  expect(
    sumModels([row('search', '0.333333333', '0.1'), row('email', '0.666666667', '0.2'), row('organic', '1', '0.3')]),
  ).toEqual([
    { model: 'linear', creditedNano: 1_000_000_000n, organicNano: 1_000_000_000n, valueMicro: { EUR: 600_000n } },
  ]);
});
