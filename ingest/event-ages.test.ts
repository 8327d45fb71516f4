import { expect, it } from 'vitest';
import { countEventAges } from './event-ages.ts';

const HOUR_MS = 3_600_000;

it('events are counted by how long before their receipt they happened, and a clock that is ahead is seen', () => {
  const receivedAt = 1_000 * HOUR_MS;
  const ages = [
    -60_000,
    -59_999,
    0,
    HOUR_MS,
    HOUR_MS + 1,
    24 * HOUR_MS,
    24 * HOUR_MS + 1,
    168 * HOUR_MS,
    169 * HOUR_MS,
  ];
  const rows = ages.map((age) => ({ occurred_at: receivedAt - age }));
  expect(countEventAges(rows, receivedAt)).toEqual({
    ahead: 1,
    within_hour: 3,
    within_day: 2,
    within_week: 2,
    older: 1,
  });
});
