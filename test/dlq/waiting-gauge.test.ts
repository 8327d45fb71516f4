import { expect, test } from 'vitest';
import { readMetrics, valueOf } from '../support/openmetrics.ts';
import { startQuietWorker } from '../windows/reconciling.ts';
import { startParts } from '../windows/setup.ts';
import { dlq, openDeadLetters } from './setup.ts';

const { bury } = await openDeadLetters();

test('how many dead letters wait for somebody stands on the metrics of the worker', async () => {
  const worker = await startQuietWorker(await startParts());
  const waiting = async (reason: string) =>
    valueOf(await readMetrics(worker.metricsUrl), 'unmogrowp_dead_letters_waiting', { reason });
  const letter = (offset: number) => ({
    partition: 0,
    value: Buffer.from('broken'),
    headers: { reason: 'row_refused', stage: 'insert', origin_topic: 'events', origin_offset: String(offset) },
  });
  await bury([letter(1), letter(2)]);
  await expect.poll(() => waiting('row_refused'), { timeout: 40_000, interval: 500 }).toBe(2);
  expect(await waiting('unknown_row_format')).toBe(0);
  expect((await dlq('discard', '--all', '--note', 'broken')).code).toBe(0);
  await expect.poll(() => waiting('row_refused'), { timeout: 40_000, interval: 500 }).toBe(0);
  expect(await worker.end('SIGTERM')).toBe(0);
});
