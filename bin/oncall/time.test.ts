import { expect, test } from 'vitest';
import { momentText, readMoment } from './time.ts';

test.each([
  ['2026-12-24', 'Europe/Berlin', '2026-12-23T23:00:00.000Z'],
  ['2026-12-24T09:00', 'Europe/Berlin', '2026-12-24T08:00:00.000Z'],
  ['2026-07-24 09:00:30', 'Europe/Berlin', '2026-07-24T07:00:30.000Z'],
  ['2026-12-24T09:00Z', 'Europe/Berlin', '2026-12-24T09:00:00.000Z'],
  ['2026-12-24T09:00-05:00', 'Europe/Berlin', '2026-12-24T14:00:00.000Z'],
  // A time that the clock skips, and one that it shows twice.
  ['2026-03-29T02:30', 'Europe/Berlin', '2026-03-29T01:00:00.000Z'],
  ['2026-10-25T02:30', 'Europe/Berlin', '2026-10-25T00:30:00.000Z'],
])('%s in %s is %s', (text, timeZone, expected) => {
  expect(new Date(readMoment(text, timeZone)).toISOString()).toBe(expected);
});

test.each(['', 'tomorrow', '2026-02-30', '2026-12-24T25:00', '2026-12-24T09', '2026-12-24T09:00+99:00', '24.12.2026'])(
  '%j is refused with what to write instead',
  (text) => {
    expect(() => readMoment(text, 'Europe/Berlin')).toThrow(
      expect.objectContaining({
        code: 'oncall_invalid',
        message: expect.stringContaining('2026-01-05T09:00') as string,
      }),
    );
  },
);

test('a moment is shown by the clock of the schedule, with its offset', () => {
  expect(momentText(Date.parse('2026-07-05T07:00Z'), 'Europe/Berlin')).toBe('Sun 2026-07-05 09:00 +02:00');
});
