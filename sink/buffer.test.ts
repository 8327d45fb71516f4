import { describe, expect, it } from 'vitest';
import type { ConsumedRecord, FetchedPartition } from '../kafka/fetcher.ts';
import { createPartitionBuffer } from './buffer.ts';

const LIMITS = { rowsMax: 10, bytesMax: 1_000, waitMs: 20 };
const never = new AbortController().signal;

/** Records from an offset on, of `rows` rows and `bytes` bytes each. */
function fetched(from: number, count: number, { rows = 1, bytes = 10 } = {}): FetchedPartition {
  const records = Array.from({ length: count }, (_, index): ConsumedRecord => ({
    offset: from + index,
    timestampMs: 0,
    value: Buffer.alloc(bytes),
    headers: [[Buffer.from('row_count'), Buffer.from(String(rows))]],
  }));
  return { partition: 0, records, nextOffset: from + count, endOffset: from + count };
}

describe('the buffer of a partition', () => {
  it('gives full batches at once, and what is less after its wait', async () => {
    const buffer = createPartitionBuffer(5, LIMITS);
    buffer.add(fetched(5, 25));
    expect(buffer.isDue()).toBe(true);
    expect([buffer.take(), buffer.take()]).toMatchObject([
      { first: 5, last: 14 },
      { first: 15, last: 24 },
    ]);
    expect(buffer.isDue()).toBe(false);
    await buffer.untilDue(never);
    expect(buffer.take()).toMatchObject({ first: 25, last: 29 });
    expect(buffer.take()).toBeUndefined();
    expect(buffer.bytes()).toBe(0);
  });

  it('counts rows and bytes, not records, and takes a record that is larger than all limits', () => {
    const byRows = createPartitionBuffer(0, LIMITS);
    byRows.add(fetched(0, 4, { rows: 4 }));
    expect(byRows.take()).toMatchObject({ first: 0, last: 2 });
    const byBytes = createPartitionBuffer(0, LIMITS);
    byBytes.add(fetched(0, 3, { bytes: 5_000 }));
    expect(byBytes.take()).toMatchObject({ first: 0, last: 0 });
    expect(byBytes.bytes()).toBe(10_000);
  });

  it('asks for no more than its room, but never starves while it is empty', () => {
    const buffer = createPartitionBuffer(0, LIMITS);
    expect(buffer.hasRoom(-1)).toBe(true);
    buffer.add(fetched(0, 5));
    expect([buffer.hasRoom(1), buffer.hasRoom(0)]).toEqual([true, false]);
    buffer.add(fetched(5, 5));
    expect(buffer.hasRoom(1)).toBe(false);
  });

  it('gives exactly the records of a begun range, whatever the limits are and whatever came after it', async () => {
    const buffer = createPartitionBuffer(0, LIMITS);
    const taking = buffer.takeRange({ first: 0, last: 24 }, never);
    for (let from = 0; from < 30; from += 10) {
      expect(buffer.hasRoom(-1)).toBe(true);
      buffer.add(fetched(from, 10));
    }
    const range = await taking;
    expect(range?.records.map(({ offset }) => offset)).toEqual(Array.from({ length: 25 }, (_, offset) => offset));
    expect(buffer.take()).toMatchObject({ first: 25, last: 29 });
  });

  it('gives what is left of a begun range when the retention has deleted some of it', async () => {
    const buffer = createPartitionBuffer(0, LIMITS);
    buffer.add({ partition: 0, records: [], nextOffset: 3, endOffset: 3, earliestOffset: 3 });
    buffer.add(fetched(3, 5));
    const range = await buffer.takeRange({ first: 0, last: 4 }, never);
    expect(range).toMatchObject({ first: 0, last: 4 });
    expect(range?.records.map(({ offset }) => offset)).toEqual([3, 4]);
  });

  it('waits no longer than it is told to', async () => {
    const ended = new AbortController();
    const buffer = createPartitionBuffer(0, LIMITS);
    const waits = [buffer.untilDue(ended.signal), buffer.takeRange({ first: 0, last: 5 }, ended.signal)];
    ended.abort();
    expect(await Promise.all(waits)).toEqual([undefined, undefined]);
  });
});
