import { describe, expect, it } from 'vitest';
import { isDue, spansOf } from './ledger-due.ts';
import { HOUR_MS, createLedgerHours } from './ledger-hours.ts';

const MINUTE_MS = 60_000;
const counts = { tenantId: 'acme', hourMs: 0, accepted: 5, spooled: 0 };
const CLOSED_MS = HOUR_MS + MINUTE_MS;

function measured(
  atMs: number,
  more: { waiting?: number; differences?: Record<string, number>; isTold?: boolean } = {},
) {
  const hours = createLedgerHours({ tenantId: '', fromMs: 0, toMs: HOUR_MS }, atMs);
  hours.add('acme', 0, { accepted: 5 });
  const [hour] = hours.list();
  if (hour === undefined) throw new Error('nothing was measured');
  return { ...hour, differences: {}, ...more };
}

describe('an hour of receipt is measured', () => {
  const due = (known: ReturnType<typeof measured> | undefined, nowMs: number, of = counts) =>
    isDue(of, known, { nowMs, sinceMs: nowMs });

  it('once it is over, and not before', () => {
    expect(due(undefined, CLOSED_MS - 1)).toBe(false);
    expect(due(undefined, CLOSED_MS)).toBe(true);
    expect(due(measured(CLOSED_MS - 1), CLOSED_MS)).toBe(true);
    expect(due(measured(CLOSED_MS), CLOSED_MS + 1)).toBe(false);
  });

  it('before it is over when somebody has measured it and its windows have not heard of what was found', () => {
    const isDueWith = (isTold: boolean, sinceMs: number) =>
      isDue(counts, measured(5, { isTold, differences: { row_gap: 1 } }), { nowMs: CLOSED_MS - 1, sinceMs });
    expect(isDueWith(false, 6)).toBe(true);
    expect(isDueWith(false, 5)).toBe(false);
    expect(isDueWith(true, 6)).toBe(false);
  });

  it('again after a day, sooner while events wait for their window, and each time while something is wrong', () => {
    const ages = [1, HOUR_MS - 1, HOUR_MS, 24 * HOUR_MS - 1, 24 * HOUR_MS];
    const dueAt = (known: ReturnType<typeof measured>) => ages.map((age) => due(known, CLOSED_MS + age));
    expect(dueAt(measured(CLOSED_MS))).toEqual([false, false, false, false, true]);
    expect(dueAt(measured(CLOSED_MS, { waiting: 1 }))).toEqual([false, false, true, true, true]);
    const later = measured(CLOSED_MS + 9 * HOUR_MS, { waiting: 1 });
    expect(due(later, CLOSED_MS + 14 * HOUR_MS - 1)).toBe(false);
    expect(due(later, CLOSED_MS + 14 * HOUR_MS + MINUTE_MS)).toBe(true);
    expect(dueAt(measured(CLOSED_MS, { differences: { missing: 1 } }))).toEqual([true, true, true, true, true]);
    expect(dueAt(measured(CLOSED_MS, { differences: { uncounted: 1 } }))).toEqual(dueAt(measured(CLOSED_MS)));
    expect(dueAt(measured(CLOSED_MS, { isTold: false }))).toEqual([true, true, true, true, true]);
  });

  it('again when more of it was counted', () => {
    expect(due(measured(CLOSED_MS), CLOSED_MS + 1, { ...counts, accepted: 6 })).toBe(true);
    expect(due(measured(CLOSED_MS), CLOSED_MS + 1, { ...counts, spooled: 1 })).toBe(true);
  });

  it('only once by whoever began before', () => {
    const known = measured(CLOSED_MS + 5, { differences: { missing: 1 }, isTold: false });
    expect(isDue(counts, known, { nowMs: CLOSED_MS + 9, sinceMs: CLOSED_MS + 5 })).toBe(false);
    expect(isDue(counts, known, { nowMs: CLOSED_MS + 9, sinceMs: CLOSED_MS + 6 })).toBe(true);
  });
});

it('hours that follow each other are measured at once, of one tenant and at most so many', () => {
  const at = (tenantId: string, hour: number) => ({ tenantId, hourMs: hour * HOUR_MS });
  const span = (tenantId: string, from: number, to: number) => ({
    tenantId,
    fromMs: from * HOUR_MS,
    toMs: to * HOUR_MS,
  });
  expect(spansOf([at('beta', 1), at('acme', 5), at('acme', 2), at('acme', 1), at('acme', 3)], 2)).toEqual([
    span('acme', 1, 3),
    span('acme', 3, 4),
    span('acme', 5, 6),
    span('beta', 1, 2),
  ]);
});
