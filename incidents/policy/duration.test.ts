import fc from 'fast-check';
import { expect, it } from 'vitest';
import { durationMs, durationSchema } from './duration.ts';

it('reads lengths of time', () => {
  expect(['30s', '5m', '1h30m', '2d', '1d2h3m4s', '0s'].map(durationMs)).toEqual([
    30_000, 300_000, 5_400_000, 172_800_000, 93_784_000, 0,
  ]);
});

it('refuses what is none', () => {
  for (const text of ['', '5', 'm', '5 m', '-5m', '1.5h', '30m1h', '5m5m', '1w', '5M', '5m\n']) {
    expect(durationMs(text), text).toBeUndefined();
  }
});

it('is the sum of its parts', () => {
  const count = fc.integer({ min: 0, max: 999 });
  fc.assert(
    fc.property(count, count, count, count, (days, hours, minutes, seconds) => {
      expect(durationMs(`${days}d${hours}h${minutes}m${seconds}s`)).toBe(
        (((days * 24 + hours) * 60 + minutes) * 60 + seconds) * 1_000,
      );
    }),
  );
});

it('has to lie between its limits, which belong to it', () => {
  const schema = durationSchema('1m', '1h');
  expect(['1m', '60m', '59s', '61m', 'soon'].map((text) => schema.safeParse(text).success)).toEqual([
    true,
    true,
    false,
    false,
    false,
  ]);
});

it('may be never where it is a limit', () => {
  expect(durationSchema('1m', '1h', { orNever: true }).safeParse('never').success).toBe(true);
  expect(durationSchema('1m', '1h').safeParse('never').success).toBe(false);
});
