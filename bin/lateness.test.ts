import { expect, test } from 'vitest';
import { adviseOn } from './lateness.ts';
import { durationText } from './lateness-text.ts';

const HOUR = 3_600;
const DAY = 24 * HOUR;
const waits = (...shares: [number, number][]) =>
  shares.map(([wait_seconds, share_after]) => ({ wait_seconds, share_after }));

test.each([
  {
    is: 'the shortest waits that leave few enough events behind',
    waits: waits([0, 0.6], [HOUR, 0.06], [6 * HOUR, 0.04], [DAY, 0.002], [7 * DAY, 0.0005], [30 * DAY, 0]),
    advice: { allowed_lateness_seconds: 6 * HOUR, late_horizon_seconds: 7 * DAY - 6 * HOUR },
  },
  {
    is: 'no wait where everything comes in time, and a day all the same for what nobody foresaw',
    waits: waits([0, 0.01], [HOUR, 0.0001]),
    advice: { allowed_lateness_seconds: 0, late_horizon_seconds: DAY },
  },
  {
    is: 'the longest that can be set where nothing is enough',
    waits: waits([0, 0.9], [30 * DAY, 0.5], [90 * DAY, 0.3]),
    advice: { allowed_lateness_seconds: 30 * DAY, late_horizon_seconds: 60 * DAY },
  },
])('advises $is', ({ waits: known, advice }) => {
  expect(adviseOn(known)).toEqual(advice);
});

test.each([
  [0, '0 s'],
  [59.6, '1 m'],
  [13_080, '3 h 38 m'],
  [33 * HOUR, '1 d 9 h'],
  [DAY + 60, '1 d'],
])('writes %s s as %s', (seconds, text) => {
  expect(durationText(seconds)).toBe(text);
});
