import { expect, it } from 'vitest';
import { encodeRow } from '../../events/encode.ts';
import { readMetrics, valueOf } from '../support/openmetrics.ts';
import { countRows, newRow, newRows, openParts, readCommits, readDeadLetters, startSinkProcess } from './setup.ts';

const { clickhouse, produceRecords } = await openParts();

const ROWS_PER_RECORD = 64;
const RECORDS = 64;
const ROWS = ROWS_PER_RECORD * RECORDS;

const record = (partition: number, lines: readonly string[]) => ({
  partition,
  value: Buffer.from(lines.join('\n')),
  headers: { tenant_id: 'acme', row_count: String(lines.length), row_format: '1' },
});
const goodRecord = (partition: number) => record(partition, newRows(ROWS_PER_RECORD).map(encodeRow));

it('a poisonous row holds its partition up for its bisection and no longer, and the other partitions not at all', async () => {
  const poison = encodeRow(newRow({ user_key: 'not-a-uuid' }));
  const poisoned = record(2, [...newRows(ROWS_PER_RECORD - 1).map(encodeRow), poison]);
  const before = Array.from({ length: RECORDS / 2 }, () => goodRecord(2));
  const behind = Array.from({ length: RECORDS / 2 - 1 }, () => goodRecord(2));
  await produceRecords([...before, poisoned, ...behind, goodRecord(5)]);
  const sink = await startSinkProcess({ SINK_BATCH_WAIT_MS: '500' });
  await expect.poll(async () => (await readCommits()).get(5)?.offset, { timeout: 40_000 }).toBe(1);
  await expect.poll(async () => (await readCommits()).get(2)?.offset, { timeout: 40_000 }).toBe(RECORDS);
  expect(await countRows(clickhouse)).toMatchObject({
    rows: ROWS - 1 + ROWS_PER_RECORD,
    ids: ROWS - 1 + ROWS_PER_RECORD,
  });
  expect((await readDeadLetters(1))[0]?.value).toBe(poison);

  // One that is refused is halved: at most once for each doubling of the rows, with one half stored each time.
  const halvings = Math.log2(ROWS);
  const page = await readMetrics(sink.metricsUrl);
  const inserts = (outcome: string) => valueOf(page, 'unmogrowp_sink_insert_duration_seconds_count', { outcome });
  const ranges = valueOf(page, 'unmogrowp_sink_batch_rows_count');
  expect(inserts('refused')).toBeGreaterThan(1);
  expect(inserts('refused')).toBeLessThanOrEqual(halvings + 1);
  expect(inserts('inserted')).toBeLessThanOrEqual(ranges + halvings);
  expect(inserts('failed')).toBe(0);
  // It is judged once and never tried again by itself: what comes later on the partition does not meet it any more.
  expect(await sink.metric('unmogrowp_sink_retries_total')).toBe(0);
  await produceRecords([goodRecord(2)]);
  await expect.poll(async () => (await readCommits()).get(2)?.offset, { timeout: 40_000 }).toBe(RECORDS + 1);
  const after = await readMetrics(sink.metricsUrl);
  expect(valueOf(after, 'unmogrowp_sink_insert_duration_seconds_count', { outcome: 'refused' })).toBe(
    inserts('refused'),
  );
  expect(await sink.metric('unmogrowp_sink_dead_letters_total')).toBe(1);
  expect(await sink.end('SIGTERM')).toBe(0);
});
