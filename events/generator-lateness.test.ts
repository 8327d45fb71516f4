import { describe, expect, it } from 'vitest';
import { generateArrivals, generateDay } from './generator.ts';
import { FIELD_LATENESS } from './generator-lateness.ts';

const HOUR_MS = 3_600_000;
const DAY = { seed: 7, dayStartMs: Date.UTC(2026, 0, 5), events: 20_000 };
const arrivals = generateArrivals({ ...DAY, lateness: FIELD_LATENESS });
const lateness = arrivals.map(({ event, arrivesAtMs }) => arrivesAtMs - event.occurred_at).sort((a, b) => a - b);
const shareOver = (ms: number): number => lateness.filter((one) => one > ms).length / lateness.length;
/** Shares over an hour, over the median, over a day and over the 90th percentile. */
const MEASURED = [0.56, 0.5, 0.199, 0.1];

describe('events that arrive as they do in the field', () => {
  it('are as late as was measured there', () => {
    const shares = [1, 3 + 38 / 60, 24, 33].map((hours) => shareOver(hours * HOUR_MS));
    expect(shares.map((share, index) => Math.abs(share - (MEASURED[index] ?? 0)) < 0.01)).toEqual([
      true,
      true,
      true,
      true,
    ]);
  });

  it('come in the order of their arrival, and never before they happened', () => {
    const times = arrivals.map(({ arrivesAtMs }) => arrivesAtMs);
    expect(times).toEqual(times.toSorted((left, right) => left - right));
    expect(lateness[0]).toBeGreaterThanOrEqual(0);
  });

  it('are the events of the same day without lateness', () => {
    const { requests, lateRequests } = generateDay({ ...DAY, eventsPerRequest: 100 });
    const sent = new Set(
      [...requests, ...lateRequests].flat().map((event) => (event as { event_id?: string }).event_id),
    );
    expect(arrivals.filter(({ event }) => !sent.has(event.event_id))).toEqual([]);
    expect(arrivals).toHaveLength(20_000);
  });
});
