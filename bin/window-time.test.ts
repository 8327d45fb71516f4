import { expect, it } from 'vitest';
import { UnmogrowpError } from '../errors.ts';
import { readWindowStart, windowText } from './window-time.ts';

const TEN = Date.UTC(2026, 0, 5, 10);

it('a window is named by its start however much of the time is written, always in UTC', () => {
  const texts = ['2026-01-05T10', '2026-01-05T10Z', '2026-01-05 10:00', '2026-01-05T10:00Z', '2026-01-05T10:00:00Z'];
  expect(texts.map(readWindowStart)).toEqual(texts.map(() => TEN));
  expect(readWindowStart('2026-01-05T12:00:00+02:00')).toBe(TEN);
  expect(readWindowStart('2026-01-05')).toBe(Date.UTC(2026, 0, 5));
});

it('what a table shows is taken by the commands', () => {
  expect(windowText(TEN)).toBe('2026-01-05T10:00Z');
  expect(readWindowStart(windowText(TEN))).toBe(TEN);
});

it.each(['yesterday', '2026-02-30T10:00', '2026-01-05T25:00Z', '10:00', ''])('%j is refused', (text) => {
  expect(() => readWindowStart(text)).toThrow(UnmogrowpError);
});
