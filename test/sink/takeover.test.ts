import { afterEach, expect, it } from 'vitest';
import { type Sample, readMetrics } from '../support/openmetrics.ts';
import { testEnv } from '../support/parts.ts';
import { type TcpProxy, startTcpProxy } from '../support/tcp-proxy.ts';
import {
  EVENTS,
  PARTITIONS,
  type SinkProcess,
  countRows,
  newRow,
  newRows,
  openParts,
  readCommits,
  startSinkProcess,
} from './setup.ts';

const { clickhouse, admin, produce } = await openParts();

/** All on one partition: no other insert waits for the answer that does not come. */
const ONE_USER = { user_key: '00000000-0000-4000-8000-00000000abcd' };

const running: SinkProcess[] = [];
async function start(variables: Record<string, string> = {}): Promise<SinkProcess> {
  const sink = await startSinkProcess(variables);
  running.push(sink);
  return sink;
}
afterEach(async () => {
  await Promise.all(running.splice(0).map((sink) => sink.end('SIGKILL')));
});

/** A line to ClickHouse whose answers can be kept back. */
function startProxy(): Promise<TcpProxy> {
  const { hostname: host, port } = new URL(testEnv.CLICKHOUSE_URL);
  return startTcpProxy({ host, port: Number(port) });
}

const isHealthy = (sink: SinkProcess) => expect.poll(sink.isHealthy, { timeout: 40_000 }).toBe(true);
const partitionsOf = (sink: SinkProcess) => {
  const last = sink.log().findLast(({ msg }) => msg === 'has partitions');
  return (last?.['partitions'] as number[] | undefined) ?? [];
};

/** Sums over all partitions. */
const endOffsets = async () => (await admin.endOffsets(EVENTS)).reduce((sum, offset) => sum + offset, 0);
const committedOffsets = async () =>
  [...(await readCommits()).values()].reduce((sum, { offset }) => sum + Math.max(0, offset), 0);

const isLag = ({ name }: Sample): boolean => name === 'unmogrowp_kafka_consumer_lag_records';
const partitionOfSample = ({ labels }: Sample): string | undefined => labels['partition'];

it('a range that was inserted but not committed is repeated as it was, by whoever comes next, and changes nothing', async () => {
  const proxy = await startProxy();
  const first = await start({ CLICKHOUSE_URL: `http://127.0.0.1:${proxy.port}` });
  await isHealthy(first);
  proxy.holdAnswers();
  await produce(newRows(500, ONE_USER));
  // Stored, by all views as well, but the sink does not know.
  await expect.poll(() => countRows(clickhouse), { timeout: 20_000 }).toMatchObject({ rows: 500, arrivals: 500 });
  const before = await countRows(clickhouse);
  const begun = [...(await readCommits())].filter(([, { note }]) => note !== '');
  expect(begun.length).toBeGreaterThan(0);
  for (const [, { offset, note }] of begun) expect(note).toMatch(new RegExp(`^begun:${offset}-\\d+$`));
  await first.end('SIGKILL');
  await proxy.close();
  // More has come meanwhile: the repeated ranges must not grow by it.
  await produce(newRows(150, ONE_USER));
  await produce(newRows(150));
  const second = await start();
  await expect.poll(() => countRows(clickhouse), { timeout: 40_000 }).toMatchObject({ rows: 800, arrivals: 800 });
  expect(await second.metric('unmogrowp_sink_range_repeats_total')).toBe(begun.length);
  const ranges = await clickhouse.client.query({
    query: `SELECT DISTINCT kafka_partition AS partition, batch_offset_first AS first, batch_offset_last AS last
            FROM events_raw_v1`,
    format: 'JSONEachRow',
  });
  const stored = await ranges.json<{ partition: number; first: number; last: number }>();
  for (const [partition, { note }] of begun) {
    expect(
      stored.filter((range) => range.partition === partition).map(({ first: from, last }) => `begun:${from}-${last}`),
    ).toContain(note);
  }
  const after = await countRows(clickhouse);
  expect(after.conversions - before.conversions).toBe(30);
  expect(await second.end('SIGTERM')).toBe(0);
});

it('sinks share the partitions; those of a killed one are taken over, and of a stopped one at once', async () => {
  const { rows: before } = await countRows(clickhouse);
  const [left, right] = await Promise.all([start(), start()]);
  const shared = () => [partitionsOf(left).length, partitionsOf(right).length];
  await expect.poll(shared, { timeout: 40_000 }).toEqual([PARTITIONS / 2, PARTITIONS / 2]);
  await produce(newRows(1_000));
  await expect.poll(async () => (await countRows(clickhouse)).rows, { timeout: 20_000 }).toBe(before + 1_000);
  await left.end('SIGKILL');
  await produce(newRows(1_000));
  await expect.poll(async () => (await countRows(clickhouse)).rows, { timeout: 40_000 }).toBe(before + 2_000);
  expect(partitionsOf(right)).toHaveLength(PARTITIONS);
  const third = await start();
  for (const sink of [right, third]) {
    await expect.poll(() => partitionsOf(sink).length, { timeout: 20_000 }).toBe(PARTITIONS / 2);
  }
  // Nobody shows a lag of partitions that somebody else has: 0 would say that all of theirs is stored.
  for (const sink of [right, third]) {
    const lags = async () => new Set((await readMetrics(sink.metricsUrl)).samples.filter(isLag).map(partitionOfSample));
    await expect.poll(lags, { timeout: 20_000 }).toEqual(new Set(partitionsOf(sink).map(String)));
  }
  expect(await third.end('SIGTERM')).toBe(0);
  await expect.poll(() => partitionsOf(right).length, { timeout: 5_000 }).toBe(PARTITIONS);
  expect((await countRows(clickhouse)).ids).toBe(before + 2_000);
  expect(await right.end('SIGTERM')).toBe(0);
});

it('a sink that was shut out while it slept commits nothing when it wakes up, and joins again', async () => {
  const { rows: before } = await countRows(clickhouse);
  const proxy = await startProxy();
  const asleep = await start({ CLICKHOUSE_URL: `http://127.0.0.1:${proxy.port}` });
  await isHealthy(asleep);
  await produce([newRow(), newRow(), newRow()]);
  await expect.poll(async () => (await countRows(clickhouse)).rows, { timeout: 20_000 }).toBe(before + 3);
  // Rows are seen before their insert is answered: an answer that is kept back now would hold up the next insert.
  await expect.poll(committedOffsets, { timeout: 20_000 }).toBe(await endOffsets());
  proxy.holdAnswers();
  await produce(newRows(200, ONE_USER));
  await expect.poll(async () => (await countRows(clickhouse)).rows, { timeout: 20_000 }).toBe(before + 203);
  asleep.child.kill('SIGSTOP');
  const other = await start();
  await produce(newRows(200));
  await expect.poll(async () => (await countRows(clickhouse)).rows, { timeout: 40_000 }).toBe(before + 403);
  const all = await endOffsets();
  await expect.poll(committedOffsets, { timeout: 20_000 }).toBe(all);
  asleep.child.kill('SIGCONT');
  // The answers never come: its connection breaks, and it can only repeat, and then commit.
  await proxy.close();
  await expect
    .poll(() => asleep.log().filter(({ msg }) => msg === 'has partitions').length, { timeout: 40_000 })
    .toBeGreaterThan(1);
  expect(await committedOffsets()).toBe(all);
  expect(await countRows(clickhouse)).toMatchObject({ rows: before + 403, ids: before + 403 });
  await other.end('SIGTERM');
});
