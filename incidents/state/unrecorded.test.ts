import { describe, expect, it } from 'vitest';
import type { TimelineEntry, TimelineKind } from '../types.ts';
import { withinBounds } from './unrecorded.ts';

const entry = (number: number, kind: TimelineKind = 'notified'): TimelineEntry => ({
  entryId: `i/${number}`,
  incidentId: 'i',
  atMs: number,
  kind,
  actor: 'platform',
  details: {},
});
const numbers = (entries: readonly TimelineEntry[]): string[] => entries.map(({ entryId }) => entryId.slice(2));

describe('lines that wait for the store', () => {
  it('stay as they are while they fit', () => {
    const entries = [entry(1), entry(2, 'acknowledged')];
    expect(withinBounds(entries, 2)).toEqual(entries);
  });

  it('are summed up where they are only many, and what people did stays', () => {
    const entries = [entry(1, 'opened'), entry(2), entry(3, 'acknowledged'), entry(4, 'alerts_changed'), entry(5)];
    const kept = withinBounds(entries, 4);
    expect(numbers(kept)).toEqual(['1', '2', '3', '5']);
    expect(kept[1]).toMatchObject({ kind: 'noted', details: { leftOut: 2 } });
  });

  it('are counted all, however often they are summed up', () => {
    let waiting: TimelineEntry[] = [];
    for (let number = 1; number <= 100; number += 1) waiting = withinBounds([...waiting, entry(number)], 10);
    expect(waiting).toHaveLength(10);
    expect(waiting[0]?.details['leftOut']).toBe(91);
  });

  it('lose the oldest when nothing can be summed up', () => {
    const entries = [entry(1, 'noted'), entry(2, 'noted'), entry(3, 'notified'), entry(4, 'noted')];
    expect(numbers(withinBounds(entries, 2))).toEqual(['3', '4']);
  });
});
