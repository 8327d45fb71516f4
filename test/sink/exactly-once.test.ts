import { expect, it } from 'vitest';
import { EVENTS, ask, countRows, newRows, openParts, readCommits, startSinkProcess } from './setup.ts';

const { clickhouse, admin, produce } = await openParts();
const KILLS = 5;
const ROWS_PER_REQUEST = 50;

it('every accepted event is stored exactly once, also by the views, though the sink is killed again and again', async () => {
  let produced = 0;
  let conversions = 0;
  let isOver = false;
  async function produceUntilOver(): Promise<void> {
    while (!isOver) {
      const rows = newRows(ROWS_PER_REQUEST);
      await produce(rows);
      produced += rows.length;
      conversions += rows.filter(({ event_type: type }) => type === 'conversion').length;
    }
  }
  const load = produceUntilOver();
  for (let kill = 0; kill < KILLS; kill += 1) {
    const before = (await countRows(clickhouse)).rows;
    const sink = await startSinkProcess({ SINK_BATCH_WAIT_MS: '20' });
    // Some inserts of this process have to have happened; the moment of the kill is any after that.
    await expect
      .poll(async () => (await countRows(clickhouse)).rows, { timeout: 40_000, interval: 10 })
      .toBeGreaterThan(before);
    await sink.end('SIGKILL');
  }
  isOver = true;
  await load;
  const sink = await startSinkProcess();
  const all = { rows: produced, ids: produced, arrivals: produced };
  await expect.poll(() => countRows(clickhouse)).toMatchObject(all);
  const ends = await admin.endOffsets(EVENTS);
  await expect
    .poll(async () => [...(await readCommits())].sort(([left], [right]) => left - right), { timeout: 20_000 })
    .toEqual(ends.map((offset, partition) => [partition, { offset, note: '' }]));
  expect(await countRows(clickhouse)).toEqual({ ...all, conversions });
  expect(await sink.end('SIGTERM')).toBe(0);
}, 240_000);

it('whatever is sent twice is stored as often as it was sent, and is one event to readers', async () => {
  const rows = newRows(400);
  const before = await countRows(clickhouse);
  const sink = await startSinkProcess();
  await produce(rows);
  await produce(rows);
  await expect.poll(() => countRows(clickhouse), { timeout: 40_000 }).toMatchObject({ rows: before.rows + 800 });
  const ids = rows.map(({ event_id: id }) => `'${id}'`).join();
  const events = await ask(clickhouse, `SELECT count() AS events FROM events WHERE event_id IN (${ids})`);
  expect(events).toEqual({ events: 400 });
  expect((await countRows(clickhouse)).ids).toBe(before.ids + 400);
  expect(await sink.end('SIGTERM')).toBe(0);
});
