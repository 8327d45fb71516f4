import { expect, it } from 'vitest';
import { createSlots } from './slots.ts';

const never = new AbortController().signal;

it('never more slots are taken than there are, and they are given in the order in which they were asked for', async () => {
  const slots = createSlots(2);
  expect([slots.tryAcquire(), slots.tryAcquire(), slots.tryAcquire()]).toEqual([true, true, false]);
  const order: number[] = [];
  const waiting = [1, 2, 3].map((number) => slots.acquire(never).then(() => order.push(number)));
  slots.release();
  // The one that was set free belongs to who waits, not to who comes along.
  expect(slots.tryAcquire()).toBe(false);
  slots.release();
  slots.release();
  await Promise.all(waiting);
  expect(order).toEqual([1, 2, 3]);
  expect(slots.tryAcquire()).toBe(false);
});

it('who gives up waiting takes no slot with him', async () => {
  const slots = createSlots(1);
  expect(await slots.acquire(never)).toBe(true);
  const ended = new AbortController();
  const [given, kept] = [slots.acquire(ended.signal), slots.acquire(never)];
  ended.abort();
  expect(await given).toBe(false);
  slots.release();
  expect(await kept).toBe(true);
  slots.release();
  expect(await slots.acquire(ended.signal)).toBe(false);
  expect([slots.tryAcquire(), slots.tryAcquire()]).toEqual([true, false]);
});
