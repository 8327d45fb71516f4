import { expect, it } from 'vitest';
import { type RunTotals, summarize, totalsProblems } from './verify-totals.ts';

const totals = (model: string, more: Partial<RunTotals> = {}): RunTotals => ({
  model,
  currency: 'EUR',
  credit: '2.000000000',
  value: '10.300000',
  credits: 3,
  conversionsOrganic: 1,
  touchpoints: '4',
  checksum: '18446744073709551615',
  ...more,
});
const expected = [{ currency: 'EUR', conversions: 2, value: '10.3' }];

it('credits that add up to the last digit are no problem', () => {
  expect(totalsProblems(['linear', 'last_touch'], [totals('linear'), totals('last_touch')], expected)).toEqual([]);
  expect(totalsProblems(['linear'], [], [])).toEqual([]);
});

it('a nano of credit or a micro of value too much or too little is named', () => {
  for (const wrong of [
    { credit: '1.999999999' },
    { credit: '2.000000001' },
    { value: '10.300001' },
    { value: '-10.3' },
  ]) {
    expect(totalsProblems(['linear'], [totals('linear', wrong)], expected)).toHaveLength(1);
  }
});

it('a model or a currency that is missing, or that nobody asked for, is named', () => {
  expect(totalsProblems(['linear', 'last_touch'], [totals('linear')], expected)).toHaveLength(1);
  expect(totalsProblems(['linear'], [totals('linear'), totals('w_shaped')], expected)).toHaveLength(1);
  expect(totalsProblems(['linear'], [totals('linear'), totals('linear', { currency: 'USD' })], expected)).toHaveLength(
    1,
  );
  expect(
    totalsProblems(['linear'], [totals('linear')], [...expected, { currency: '', conversions: 1, value: '0' }]),
  ).toHaveLength(1);
});

it('counts conversions once however many models there are, and sums checksums modulo 2^64', () => {
  const run = [totals('linear'), totals('linear', { currency: '', credit: '1', checksum: '2' }), totals('last_touch')];
  expect(summarize(run)).toEqual({
    conversions: 3,
    conversionsOrganic: 2,
    touchpoints: 8,
    credits: 9,
    checksum: '0',
  });
  expect(summarize([])).toMatchObject({ conversions: 0, checksum: '0' });
});
