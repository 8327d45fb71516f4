import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MODELS, type Model } from '../events/settings.ts';
import { type ModelOptions, type Touch, shareCreditBy } from './models.ts';
import { ONE_NANO, divideValue, parseMicro } from './numbers.ts';

const DAY_MS = 86_400_000;
const DEFAULTS: ModelOptions = {
  halfLifeMs: 7 * DAY_MS,
  firstShareNano: 400_000_000,
  lastShareNano: 400_000_000,
  milestoneAtMs: undefined,
};

const journey = fc
  .array(
    fc.record({ atMs: fc.integer({ min: 0, max: 30 * DAY_MS }), channel: fc.constantFrom('direct', 'a', 'b', 'c') }),
    {
      minLength: 1,
      maxLength: 200,
    },
  )
  .map((touches) => touches.toSorted((left, right) => left.atMs - right.atMs));
const share = fc.integer({ min: 0, max: 500_000_000 });
const options = fc.record({
  halfLifeMs: fc.integer({ min: 1, max: 365 * DAY_MS }),
  firstShareNano: share,
  lastShareNano: share,
  milestoneAtMs: fc.option(fc.integer({ min: 0, max: 30 * DAY_MS }), { nil: undefined }),
});
const model = fc.constantFrom(...MODELS);
const total = (shares: readonly bigint[]) => shares.reduce((sum, one) => sum + one, 0n);

function creditByChannel(name: Model, touches: readonly Touch[], chosen: ModelOptions): Record<string, bigint> {
  const sums: Record<string, bigint> = {};
  for (const [index, credit] of shareCreditBy[name](touches, chosen).entries()) {
    const channel = touches[index]?.channel ?? '';
    sums[channel] = (sums[channel] ?? 0n) + credit;
  }
  return sums;
}

describe('every model', () => {
  it('gives exactly one conversion and exactly its value, and never less than nothing', () => {
    const revenue = fc.bigInt({ min: 0n, max: 10n ** 18n - 1n });
    fc.assert(
      fc.property(model, journey, options, revenue, (name, touches, chosen, value) => {
        const credits = shareCreditBy[name](touches, chosen);
        expect(credits).toHaveLength(touches.length);
        expect(total(credits)).toBe(ONE_NANO);
        expect(total(divideValue(value, credits))).toBe(value);
        expect([...credits, ...divideValue(value, credits)].every((part) => part >= 0n)).toBe(true);
      }),
    );
  });

  it('knows channels by nothing but whether they are direct: other names carry the same credit', () => {
    const renamed: Record<string, string> = { direct: 'direct', a: 'c', b: 'a', c: 'b' };
    fc.assert(
      fc.property(model, journey, options, (name, touches, chosen) => {
        const before = creditByChannel(name, touches, chosen);
        const after = creditByChannel(
          name,
          touches.map((touch) => ({ ...touch, channel: renamed[touch.channel] ?? '' })),
          chosen,
        );
        expect(after).toEqual(
          Object.fromEntries(Object.entries(before).map(([channel, sum]) => [renamed[channel], sum])),
        );
      }),
    );
  });

  it('gives a single touchpoint everything', () => {
    fc.assert(
      fc.property(model, options, (name, chosen) => {
        expect(shareCreditBy[name]([{ atMs: 1, channel: 'direct' }], chosen)).toEqual([ONE_NANO]);
      }),
    );
  });
});

describe('limits', () => {
  it('time decay with an endless half-life is linear', () => {
    fc.assert(
      fc.property(journey, (touches) => {
        const decayed = shareCreditBy.time_decay(touches, { ...DEFAULTS, halfLifeMs: 1e30 });
        const linear = shareCreditBy.linear(touches, DEFAULTS);
        for (const [index, credit] of decayed.slice(0, -1).entries()) {
          const difference = credit - (linear[index] ?? 0n);
          expect(difference <= 1n && difference >= -1n).toBe(true);
        }
      }),
    );
  });

  it('time decay with no half-life to speak of is last touch', () => {
    const distinct = journey.map((touches) =>
      touches.map((touch, index) => ({ ...touch, atMs: touch.atMs + index * 100 })),
    );
    fc.assert(
      fc.property(distinct, (touches) => {
        const decayed = shareCreditBy.time_decay(touches, { ...DEFAULTS, halfLifeMs: 1 });
        expect(decayed).toEqual(shareCreditBy.last_touch(touches, DEFAULTS));
      }),
    );
  });

  it('position based is linear for two touchpoints at the defaults', () => {
    const two = [
      { atMs: 1, channel: 'a' },
      { atMs: 2, channel: 'b' },
    ];
    expect(shareCreditBy.position_based(two, DEFAULTS)).toEqual(shareCreditBy.linear(two, DEFAULTS));
    expect(shareCreditBy.w_shaped(two, { ...DEFAULTS, milestoneAtMs: 1 })).toEqual(shareCreditBy.linear(two, DEFAULTS));
  });

  it('time decay halves with each half-life', () => {
    const touches = [0, 14, 21, 28].map((day) => ({ atMs: day * DAY_MS, channel: 'a' }));
    const shares = shareCreditBy.time_decay(touches, DEFAULTS).map((credit) => Number(credit) / 1e9);
    expect(shares.map((one) => one.toFixed(6))).toEqual(['0.034483', '0.137931', '0.275862', '0.551724']);
  });
});

it('reads decimals to the last digit', () => {
  expect(['0', '12', '0.5', '999999999999.999999', '0.000001'].map(parseMicro)).toEqual([
    0n,
    12_000_000n,
    500_000n,
    999_999_999_999_999_999n,
    1n,
  ]);
});
