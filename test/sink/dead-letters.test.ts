import { randomBytes } from 'node:crypto';
import { expect, it } from 'vitest';
import { encodeRow } from '../../events/encode.ts';
import type { OutgoingRecord } from '../../kafka/producer.ts';
import { EVENTS, ask, countRows, newRow, openParts, readCommits, readDeadLetters, startSinkProcess } from './setup.ts';

const { clickhouse, produceRecords } = await openParts();
const TRACEPARENT = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';

function record(lines: readonly string[], headers: Record<string, string> = {}): OutgoingRecord {
  return {
    partition: 2,
    value: Buffer.from(lines.join('\n')),
    headers: {
      traceparent: TRACEPARENT,
      tenant_id: 'acme',
      row_count: String(lines.length),
      row_format: '1',
      ...headers,
    },
  };
}

it('the largest record that Kafka takes can be buried, though its dead letter is larger', async () => {
  // Random, so that nothing is won by compressing it.
  const value = randomBytes(1_048_400);
  await produceRecords([{ partition: 1, value, headers: { row_format: '999' } }]);
  const sink = await startSinkProcess();
  await expect.poll(async () => (await readCommits()).get(1), { timeout: 40_000 }).toEqual({ offset: 1, note: '' });
  const [letter] = await readDeadLetters(1);
  expect(letter?.headers).toMatchObject({ reason: 'unknown_row_format', origin_partition: '1', origin_offset: '0' });
  expect(await sink.end('SIGTERM')).toBe(0);
});

it('a line that ClickHouse refuses is buried with its reason and origin, and all others around it are stored', async () => {
  const good = Array.from({ length: 100 }, () => newRow());
  const lines = good.map(encodeRow);
  const poisons = {
    uuid: encodeRow(newRow({ user_key: 'not-a-uuid' })),
    short: '["acme","shop"]',
    text: 'not a row at all',
    type: encodeRow(newRow()).replace(/"(click|conversion)"/, '"teleport"'),
    revenue: encodeRow(newRow({ revenue: 'many' })),
  };
  await produceRecords([
    record([...lines.slice(0, 10), poisons.uuid, ...lines.slice(10, 20)]),
    record([poisons.short]),
    record(lines.slice(20, 60)),
    record([poisons.text, ...lines.slice(60, 99), poisons.type, poisons.revenue]),
    record(lines.slice(99), { row_format: '999' }),
  ]);
  const sink = await startSinkProcess();
  await expect
    .poll(() => countRows(clickhouse), { timeout: 40_000 })
    .toMatchObject({ rows: 99, ids: 99, arrivals: 99 });
  await expect.poll(async () => (await readCommits()).get(2), { timeout: 20_000 }).toEqual({ offset: 5, note: '' });
  const letters = await readDeadLetters(7);
  const place = { origin_topic: EVENTS, origin_partition: '2', traceparent: TRACEPARENT, tenant_id: 'acme' };
  const refused = { reason: 'row_refused', stage: 'insert', error_code: 'clickhouse_row_refused', ...place };
  const letterOf = (value: string) => letters.find((letter) => letter.value === value)?.headers;
  expect(letterOf(poisons.uuid)).toMatchObject({ ...refused, origin_offset: '0', origin_line: '10' });
  expect(letterOf(poisons.short)).toMatchObject({ ...refused, origin_offset: '1', origin_line: '0' });
  expect(letterOf(poisons.text)).toMatchObject({ ...refused, origin_offset: '3', origin_line: '0' });
  expect(letterOf(poisons.type)).toMatchObject({ ...refused, origin_offset: '3', origin_line: '40' });
  expect(letterOf(poisons.revenue)).toMatchObject({ ...refused, origin_offset: '3', origin_line: '41' });
  expect(letterOf(poisons.uuid)?.['clickhouse_code']).toMatch(/^\d+$/);
  expect(letterOf(lines[99] ?? '')).toMatchObject({
    reason: 'unknown_row_format',
    stage: 'decode',
    row_format: '999',
    origin_offset: '4',
  });
  expect(await sink.metric('unmogrowp_sink_dead_letters_total')).toBe(6);
  expect(await sink.metric('unmogrowp_kafka_consumer_lag_records')).toBe(0);
  const stored = await ask(
    clickhouse,
    'SELECT max(kafka_partition) AS partition, max(kafka_offset) AS offset FROM events_raw_v1',
  );
  expect(stored).toEqual({ partition: 2, offset: 3 });
  // What it says about a refused row must not hold the row.
  expect(JSON.stringify(sink.log())).not.toContain('not-a-uuid');
  expect(await sink.end('SIGTERM')).toBe(0);
});
