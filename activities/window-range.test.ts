import { describe, expect, it } from 'vitest';
import { holdingLease, parseWindowStart, windowAt, windowWorkflowId } from './window-range.ts';

const DAY_MS = 86_400_000;
const start = Date.parse('2026-01-05T00:00:00Z');

describe('the start of a window', () => {
  it('is a date or a time', () => {
    expect(parseWindowStart('2026-01-05')).toBe(start);
    expect(parseWindowStart('2026-01-05T00:00Z')).toBe(start);
    expect(parseWindowStart('2026-01-05T00:00:00Z')).toBe(start);
    for (const wrong of ['2026-02-30', 'yesterday', '', '2026-01-05T00:00:00']) {
      expect(() => parseWindowStart(wrong)).toThrow(/is not a time/);
    }
  });

  it('lies where windows of the tenant begin', () => {
    expect(windowAt('acme', '1d', start).windowEndMs).toBe(start + DAY_MS);
    expect(windowAt('acme', '1h', start + 3_600_000).windowEndMs).toBe(start + 7_200_000);
    expect(() => windowAt('acme', '1d', start + 3_600_000)).toThrow(/No window of acme begins/);
  });

  it('is part of the id under which every path finds the window', () => {
    expect(windowWorkflowId(windowAt('acme', '1d', start))).toBe('window/acme/2026-01-05T00:00:00Z/1d');
  });
});

describe('a lease', () => {
  const window = windowAt('acme', '1d', start);
  const lease = (fromMs: number, toMs: number, expiresAtMs = start) => ({
    lease_id: `${fromMs}`,
    tenant_id: 'acme',
    range_start: new Date(fromMs),
    range_end: new Date(toMs),
    expires_at: new Date(expiresAtMs),
  });
  const held = (leases: ReturnType<typeof lease>[], reason: 'close' | 'reopen') =>
    holdingLease(leases, { window, reason, lookbackMs: 7 * DAY_MS })?.lease_id;

  it('holds a window that it overlaps', () => {
    expect(held([lease(start - DAY_MS, start)], 'close')).toBeDefined();
    expect(held([lease(start - DAY_MS, start - 1)], 'close')).toBeUndefined();
    expect(held([lease(start + DAY_MS, start + 2 * DAY_MS)], 'close')).toBeUndefined();
  });

  it('holds a reopen also when it fills the lookback', () => {
    expect(held([lease(start - DAY_MS, start - 1)], 'reopen')).toBeDefined();
    expect(held([lease(start - 9 * DAY_MS, start - 8 * DAY_MS)], 'reopen')).toBeUndefined();
  });

  it('that ends last counts', () => {
    expect(
      held([lease(start, start, 1), lease(start + 1, start + 1, 3), lease(start + 2, start + 2, 2)], 'close'),
    ).toBe(`${start + 1}`);
  });
});
