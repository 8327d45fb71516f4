import { fileURLToPath } from 'node:url';
import { afterAll, expect, it } from 'vitest';
import { createClickHouse } from '../../clickhouse/client.ts';
import { expandMacros, migrateClickHouse } from '../../clickhouse/migrate.ts';
import { encodeRow } from '../../events/encode.ts';
import type { EventRow } from '../../events/row.ts';
import { readMigrations } from '../../migrations.ts';
import { encodeRecords } from '../../sink/encode-rows.ts';
import { createInsertRows } from '../../sink/insert-rows.ts';
import { ask, clickhouseConfig, countRows, newRow, newRows } from '../sink/setup.ts';

const FOLDER = fileURLToPath(new URL('../../clickhouse/migrations', import.meta.url));
const names = (await readMigrations(FOLDER)).map(({ name }) => name);
const single = { cluster: '' };
const applied = await migrateClickHouse(clickhouseConfig, single);

const clickhouse = createClickHouse(clickhouseConfig);
afterAll(() => clickhouse.close());
const insertRows = createInsertRows(clickhouse);

/** Inserts rows as the sink would, as one record at an offset. */
function insert(rows: readonly EventRow[], offset: number, token = `events:0:${offset}-${offset}`): Promise<void> {
  const value = Buffer.from(rows.map(encodeRow).join('\n'));
  const origin = { topic: 'events', topicId: 'a', partition: 0, first: offset, last: offset };
  const encoded = encodeRecords(origin, [{ offset, timestampMs: 0, value, headers: [] }]);
  return insertRows(encoded, token, new AbortController().signal);
}

it('migrations are applied once, by whoever comes first, and a second time changes nothing', async () => {
  expect(applied).toEqual(names);
  expect(await migrateClickHouse(clickhouseConfig, single)).toEqual([]);
});

it('two processes that migrate at the same time do not disturb each other', async () => {
  const database = `${clickhouseConfig.database}_twice`;
  const config = { ...clickhouseConfig, database };
  try {
    await Promise.all([migrateClickHouse(config, single), migrateClickHouse(config, single)]);
    expect(await migrateClickHouse(config, single)).toEqual([]);
  } finally {
    await clickhouse.client.command({ query: `DROP DATABASE IF EXISTS ${database} SYNC` });
  }
});

it('a file that was changed after it had been applied is refused', async () => {
  const values = [{ name: '0001_events_raw_v1', checksum: 'other', applied_at: '2020-01-01 00:00:00' }];
  await clickhouse.client.insert({ table: 'migrations', values, format: 'JSONEachRow' });
  await expect(migrateClickHouse(clickhouseConfig, single)).rejects.toMatchObject({ code: 'migration_changed' });
  await clickhouse.client.command({ query: `DELETE FROM migrations WHERE checksum = 'other'` });
  expect(await migrateClickHouse(clickhouseConfig, single)).toEqual([]);
});

it('on a cluster every table is replicated, remembers tokens, and is made on all servers', async () => {
  for (const { name, sql } of await readMigrations(FOLDER)) {
    const expanded = expandMacros(sql, { cluster: 'main' });
    expect(expanded, name).not.toMatch(
      /\{on_cluster\}|\{engine:|\{deduplication\}|non_replicated_deduplication_window/,
    );
    expect(expanded, name).toMatch(/ON CLUSTER 'main'/);
    for (const [, engine] of expanded.matchAll(/ENGINE = (\w*MergeTree)/g)) expect(engine, name).toMatch(/^Replicated/);
  }
});

it('an insert that is repeated with its token changes nothing, on any day of events and in no view', async () => {
  const rows = newRows(1_000);
  const days = new Set(rows.map(({ occurred_at: at }) => at)).size;
  expect(days).toBeGreaterThan(1);
  await insert(rows, 10);
  const once = await countRows(clickhouse);
  expect(once).toEqual({ rows: 1_000, ids: 1_000, arrivals: 1_000, conversions: 100 });
  const hours = () =>
    ask(clickhouse, 'SELECT sum(kafka_offset_max) AS offsets, count() AS hours FROM arrivals_per_hour_v1');
  const before = await hours();
  await insert(rows, 10);
  await Promise.all([insert(rows, 10), insert(rows, 10)]);
  expect(await countRows(clickhouse)).toEqual(once);
  expect(await hours()).toEqual(before);
  await insert(rows, 11);
  expect(await countRows(clickhouse)).toEqual({ rows: 2_000, ids: 1_000, arrivals: 2_000, conversions: 200 });
});

it('a refused insert leaves nothing behind, and its token is free for rows that are accepted', async () => {
  const before = await countRows(clickhouse);
  const rows = newRows(500);
  const refused = insert([...rows, newRow({ user_key: 'none' })], 20);
  await expect(refused).rejects.toMatchObject({ code: 'clickhouse_row_refused', retryable: false });
  expect(await countRows(clickhouse)).toEqual(before);
  await insert(rows, 20);
  expect((await countRows(clickhouse)).rows).toBe(before.rows + 500);
});

it('readers of `events` see one copy of an event: the first that was received', async () => {
  const first = newRow({ received_at: 1_767_270_000_000, channel: 'first' });
  const again = {
    ...first,
    received_at: first.received_at + 5_000,
    channel: 'again',
    occurred_at: first.occurred_at + 90_000_000,
  };
  const other = { ...first, tenant_id: 'umbrella', channel: 'other tenant' };
  await insert([again], 30);
  await insert([first, other], 31);
  await insert([again, { ...first, channel: 'later position' }], 32);
  const seen = await clickhouse.client.query({
    query: `SELECT tenant_id, channel FROM events WHERE event_id = '${first.event_id}' ORDER BY tenant_id`,
    format: 'JSONEachRow',
  });
  expect(await seen.json()).toEqual([
    { tenant_id: 'acme', channel: 'first' },
    { tenant_id: 'umbrella', channel: 'other tenant' },
  ]);
});
