import fc from 'fast-check';
import { expect, it } from 'vitest';
import { begunRange, noteOf, tokenOf } from './range.ts';

const offsets = fc.tuple(fc.nat(1_000), fc.nat(1_000)).map(([first, more]) => ({ first, last: first + more }));
const places = fc.record({
  topic: fc.constantFrom('events', 'a-events'),
  topicId: fc.constantFrom('one', 'other'),
  partition: fc.nat(20),
});

it('a begun range is found again at its offset, and at no other', () => {
  fc.assert(
    fc.property(offsets, fc.nat(2_000), (range, offset) => {
      expect(begunRange(range.first, noteOf(range))).toEqual(range);
      expect(begunRange(offset, noteOf(range))).toEqual(offset === range.first ? range : undefined);
    }),
  );
});

it('what nobody wrote as a range is none', () => {
  for (const note of ['', 'begun:', 'begun:5-4', 'begun:5-9 ', 'begun:-5-9', 'else:5-9']) {
    expect(begunRange(5, note), note).toBeUndefined();
  }
});

it('two ranges have one token only if they are one range of one log', () => {
  fc.assert(
    fc.property(places, offsets, places, offsets, (place, range, otherPlace, otherRange) => {
      const isSame = JSON.stringify([place, range]) === JSON.stringify([otherPlace, otherRange]);
      expect(tokenOf(place, range) === tokenOf(otherPlace, otherRange)).toBe(isSame);
    }),
  );
});
