import { expect, test } from 'vitest';
import { nextRanges } from './late-slice.ts';

const examined = (...offsets: number[]) => offsets.map((next_offset, partition) => ({ partition, next_offset }));

test('examines what was committed since, and nothing when there is nothing', () => {
  const log = { first: [], recordsMax: 100 };
  expect(nextRanges({ ...log, committed: [7, 5], examined: examined(3, 5) })).toEqual([
    { partition: 0, from: 3, until: 7 },
  ]);
  expect(nextRanges({ ...log, committed: [7, 5], examined: examined(7, 5) })).toEqual([]);
});

test('takes so many records that all partitions move on', () => {
  const ranges = nextRanges({ committed: [1_000, 1_000, 3], examined: examined(0, 990, 0), first: [], recordsMax: 30 });
  expect(ranges).toEqual([
    { partition: 0, from: 0, until: 10 },
    { partition: 1, from: 990, until: 1_000 },
    { partition: 2, from: 0, until: 3 },
  ]);
});

test('begins with the oldest known row of a partition, and leaves out what is known no more', () => {
  const first = [{ partition: 0, offset: 40 }];
  expect(nextRanges({ committed: [50, 9], examined: [], first, recordsMax: 100 })).toEqual([
    { partition: 0, from: 40, until: 50 },
    { partition: 1, from: 9, until: 9 },
  ]);
});

test('never goes back: a committed offset that is lower than before is not examined again', () => {
  expect(nextRanges({ committed: [3], examined: examined(8), first: [], recordsMax: 100 })).toEqual([]);
});
