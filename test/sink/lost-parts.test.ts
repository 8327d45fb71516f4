import { rmSync } from 'node:fs';
import { afterAll, expect, it } from 'vitest';
import { createClickHouse } from '../../clickhouse/client.ts';
import { startTcpProxy } from '../support/tcp-proxy.ts';
import { startOwnClickHouse } from './own-clickhouse.ts';
import { ask, newRows, openParts, readCommits, startSinkProcess } from './setup.ts';

/*
 * ClickHouse writes the token of a part before the part itself. What a kill between the two leaves on its disk is made
 * here: the server is killed after the insert, before the sink has the answer, and the part is taken away.
 */

const { produce } = await openParts();
const ROWS = 40;
const CONVERSIONS = ROWS / 10;
const TABLES = [
  'events_raw_v1',
  'arrivals_raw_v1',
  'arrivals_per_hour_v1',
  'conversions_by_id_v1',
  'conversions_by_user_v1',
  'event_contents_v1',
];

const own = await startOwnClickHouse('lost-parts');
const clickhouse = createClickHouse(own.config);
const proxy = await startTcpProxy({ host: '127.0.0.1', port: Number(new URL(own.url).port) });
const startSink = () =>
  startSinkProcess({ CLICKHOUSE_URL: `http://127.0.0.1:${proxy.port}`, SINK_RETRY_WAIT_MS_MAX: '200' });
let sink = await startSink();
afterAll(async () => {
  await sink.end('SIGTERM');
  await proxy.close();
  await clickhouse.close();
  await own.stop();
});

/** Rows of one user and one hour of their own, each at a second of its own: they are told apart in every table. */
const rowsOfHour = (hour: number) =>
  newRows(ROWS, { user_key: '00000000-0000-4000-8000-00000000abcd' }).map((row, index) => ({
    ...row,
    occurred_at: Date.UTC(2026, 0, 1, hour) + index * 1_000,
  }));

/** How many different rows each table has. */
const readSeen = () =>
  ask(
    clickhouse,
    `SELECT (SELECT count() FROM events) AS events, (SELECT uniqExact(event_id) FROM arrivals_raw_v1) AS arrivals,
            (SELECT uniqExact(hour) FROM arrivals_per_hour_v1) AS hours,
            (SELECT count() FROM conversions_by_id_v1 FINAL) AS conversionsById,
            (SELECT uniqExact(occurred_at) FROM conversions_by_user_v1) AS conversionsByUser,
            (SELECT uniqExact(event_id) FROM event_contents_v1) AS contents`,
  );
const seenAfter = (times: number) => ({
  events: ROWS * times,
  arrivals: ROWS * times,
  hours: times,
  conversionsById: CONVERSIONS * times,
  conversionsByUser: CONVERSIONS * times,
  contents: ROWS * times,
});

const isCommitted = async () => [...(await readCommits()).values()].every(({ note }) => note === '');
const losses = () => sink.log().filter(({ code }) => code === 'clickhouse_rows_lost');

/** Ends the server at once and starts it again without the part of the last insert into a table. */
async function killBeforePart(table: string): Promise<void> {
  const { path } = await ask<{ path: string }>(
    clickhouse,
    `SELECT path FROM system.parts WHERE database = currentDatabase() AND table = '${table}' AND active
     ORDER BY max_block_number DESC LIMIT 1`,
  );
  await own.killAndRestart(() => rmSync(path, { recursive: true }));
}

let times = 0;

/** Produces rows, whose insert is done but not answered. */
async function insertWithoutAnswer(): Promise<void> {
  // A merge would put the part into a larger one.
  for (const table of TABLES) await clickhouse.client.command({ query: `SYSTEM STOP MERGES ${table}` });
  await expect.poll(sink.isHealthy, { timeout: 40_000 }).toBe(true);
  await expect.poll(isCommitted, { timeout: 20_000 }).toBe(true);
  proxy.holdAnswers();
  times += 1;
  await produce(rowsOfHour(times));
  await expect.poll(readSeen, { timeout: 20_000 }).toEqual(seenAfter(times));
}

it.each(TABLES)(
  'a part of %s that a killed ClickHouse takes for stored and has not got is stored once more',
  async (table) => {
    await insertWithoutAnswer();
    await killBeforePart(table);
    expect(await readSeen()).not.toEqual(seenAfter(times));
    const lossesBefore = losses().length;
    await proxy.cut();
    await proxy.restore();
    await expect.poll(readSeen, { timeout: 30_000 }).toEqual(seenAfter(times));
    await expect.poll(isCommitted, { timeout: 20_000 }).toBe(true);
    const [loss, ...others] = losses().slice(lossesBefore);
    expect(others).toEqual([]);
    expect(loss?.['error']).toContain(table);
  },
  90_000,
);

it('the next sink finds it when both were killed', async () => {
  await insertWithoutAnswer();
  await sink.end('SIGKILL');
  await killBeforePart('events_raw_v1');
  await proxy.cut();
  await proxy.restore();
  sink = await startSink();
  await expect.poll(readSeen, { timeout: 40_000 }).toEqual(seenAfter(times));
  await expect.poll(isCommitted, { timeout: 20_000 }).toBe(true);
  expect(losses()).toHaveLength(1);
}, 90_000);

it('what a killed ClickHouse has got is not stored a second time', async () => {
  const count = 'SELECT count() AS rows FROM events_raw_v1';
  await insertWithoutAnswer();
  const before = await ask(clickhouse, count);
  await own.killAndRestart();
  const lossesBefore = losses().length;
  await proxy.cut();
  await proxy.restore();
  await expect.poll(isCommitted, { timeout: 40_000 }).toBe(true);
  expect(await ask(clickhouse, count)).toEqual(before);
  expect(losses()).toHaveLength(lossesBefore);
}, 90_000);
