import fc from 'fast-check';
import { expect, it } from 'vitest';
import { sendInOrder } from './send-in-order.ts';

async function* eachOf<Item>(items: readonly Item[]): AsyncGenerator<Item> {
  for (const item of items) yield await Promise.resolve(item);
}

it('batches are committed in their order, however their sending ends, and never more are under way than allowed', async () => {
  await fc.assert(
    fc.asyncProperty(fc.scheduler(), fc.integer({ min: 1, max: 5 }), async (scheduler, concurrency) => {
      const batches = Array.from({ length: 12 }, (_, index) => index);
      const committed: number[] = [];
      let underWay = 0;
      let underWayMax = 0;
      const done = sendInOrder({
        batches: eachOf(batches),
        concurrency,
        send: async (batch) => {
          underWay += 1;
          underWayMax = Math.max(underWayMax, underWay);
          await scheduler.schedule(Promise.resolve());
          underWay -= 1;
          return batch * 2;
        },
        commit: (batch, sent) => {
          expect(sent).toBe(batch * 2);
          committed.push(batch);
          return Promise.resolve();
        },
        signal: new AbortController().signal,
      });
      await scheduler.waitFor(done);
      expect(committed).toEqual(batches);
      expect(underWayMax).toBeLessThanOrEqual(concurrency);
    }),
    { numRuns: 50 },
  );
});

it('after a failure nothing behind it is committed, and the failure is thrown', async () => {
  const committed: number[] = [];
  const sending = sendInOrder({
    batches: eachOf([0, 1, 2, 3, 4, 5]),
    concurrency: 3,
    send: (batch) => (batch === 2 ? Promise.reject(new Error('away')) : Promise.resolve(batch)),
    commit: (batch) => {
      committed.push(batch);
      return Promise.resolve();
    },
    signal: new AbortController().signal,
  });
  await expect(sending).rejects.toThrow('away');
  expect(committed).toEqual([0, 1]);
});
