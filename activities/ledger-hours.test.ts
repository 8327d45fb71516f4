import { expect, it } from 'vitest';
import { HOUR_MS, createLedgerHours } from './ledger-hours.ts';
import { nearRanges } from './ledger-suspects.ts';

it('an hour is what was added to it, and what lies outside of the span or is of somebody else is left out', () => {
  const hours = createLedgerHours({ tenantId: 'acme', fromMs: 0, toMs: 2 * HOUR_MS }, 2 * HOUR_MS + 59_999);
  hours.add('acme', 0, { accepted: 4, spooled: 1, onKafka: 2 });
  hours.add('acme', 0, { onKafka: 1, arrived: 3, stored: 2, events: 1, insideWindows: 1 });
  hours.add('acme', HOUR_MS, { onKafka: 1, deadLettered: 1, accepted: 1 });
  hours.add('acme', 2 * HOUR_MS, { accepted: 9 });
  hours.add('beta', 0, { accepted: 9 });
  hours.follow('acme');
  const [first, second, ...others] = hours.list();
  expect(first).toMatchObject({
    accepted: 4,
    onKafka: 3,
    stored: 2,
    duplicates: 1,
    events: 1,
    waiting: 0,
    isClosed: true,
  });
  expect(first?.differences).toEqual({ row_gap: 1 });
  expect(second).toMatchObject({ hourMs: HOUR_MS, accepted: 1, deadLettered: 1, differences: {}, isClosed: false });
  expect(others).toEqual([]);
});

it('rows that were stored twice are no others, whichever of the two tables holds them twice', () => {
  const differencesOf = (facts: { onKafka: number; arrived: number; insertedTwice: number; stored: number }) => {
    const hours = createLedgerHours({ tenantId: '', fromMs: 0, toMs: HOUR_MS }, 0);
    hours.add('acme', 0, { accepted: 5, ...facts });
    hours.follow('acme');
    return hours.list()[0]?.differences;
  };
  expect(differencesOf({ onKafka: 5, arrived: 7, insertedTwice: 2, stored: 7 })).toEqual({ inserted_twice: 2 });
  expect(differencesOf({ onKafka: 5, arrived: 7, insertedTwice: 2, stored: 5 })).toEqual({});
  expect(differencesOf({ onKafka: 5, arrived: 7, insertedTwice: 2, stored: 4 })).toEqual({ row_gap: 1 });
});

it('rows of a tenant that nobody knows are those that arrived', () => {
  const hours = createLedgerHours({ tenantId: '', fromMs: 0, toMs: HOUR_MS }, 0);
  hours.add('', 0, { onKafka: 3, arrived: 3 });
  expect(hours.list()).toMatchObject([
    { stored: 3, events: 3, duplicates: 0, waiting: 3, differences: { uncounted: 3 } },
  ]);
});

it('places of the log that lie near each other are read at once', () => {
  const at = (partition: number, offset: number) => ({ partition, offset });
  expect(nearRanges([at(1, 5), at(0, 100), at(0, 7), at(0, 8), at(0, 40)])).toEqual([
    { partition: 0, from: 7, until: 41 },
    { partition: 0, from: 100, until: 101 },
    { partition: 1, from: 5, until: 6 },
  ]);
});
