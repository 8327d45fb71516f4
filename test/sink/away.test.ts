import { expect, it } from 'vitest';
import { testEnv } from '../support/parts.ts';
import { startTcpProxy } from '../support/tcp-proxy.ts';
import { countRows, newRows, openParts, startSinkProcess } from './setup.ts';

const { clickhouse, produce } = await openParts();

it('while ClickHouse is away the lag grows, nothing is lost, no partition changes hands, and it goes on by itself', async () => {
  const { hostname: host, port } = new URL(testEnv.CLICKHOUSE_URL);
  const proxy = await startTcpProxy({ host, port: Number(port) });
  const sink = await startSinkProcess({
    CLICKHOUSE_URL: `http://127.0.0.1:${proxy.port}`,
    SINK_RETRY_WAIT_MS_MAX: '500',
  });
  await expect.poll(sink.isHealthy, { timeout: 40_000 }).toBe(true);
  await produce(newRows(200));
  await expect.poll(() => countRows(clickhouse), { timeout: 20_000 }).toMatchObject({ rows: 200 });
  await proxy.cut();
  const rows = newRows(2_000);
  for (let from = 0; from < rows.length; from += 100) await produce(rows.slice(from, from + 100));
  await expect.poll(sink.isHealthy, { timeout: 20_000 }).toBe(false);
  const lag = () => sink.metric('unmogrowp_kafka_consumer_lag_records');
  await expect.poll(lag, { timeout: 20_000 }).toBeGreaterThan(50);
  // Longer than the group waits for a sign of life.
  await expect.poll(() => sink.metric('unmogrowp_sink_retries_total'), { interval: 500 }).toBeGreaterThan(200);
  await proxy.restore();
  const all = { rows: 2_200, ids: 2_200, arrivals: 2_200 };
  await expect.poll(() => countRows(clickhouse), { timeout: 30_000 }).toMatchObject(all);
  await expect.poll(lag, { timeout: 20_000 }).toBe(0);
  await expect.poll(sink.isHealthy, { timeout: 20_000 }).toBe(true);
  expect(await sink.metric('unmogrowp_kafka_consumer_generation')).toBe(1);
  expect(await sink.end('SIGTERM')).toBe(0);
  await proxy.close();
}, 180_000);

it('a stop while ClickHouse is away ends in time, and the next sink stores what was left', async () => {
  const { hostname: host, port } = new URL(testEnv.CLICKHOUSE_URL);
  const before = await countRows(clickhouse);
  const proxy = await startTcpProxy({ host, port: Number(port) });
  const sink = await startSinkProcess({ CLICKHOUSE_URL: `http://127.0.0.1:${proxy.port}` });
  await expect.poll(sink.isHealthy, { timeout: 40_000 }).toBe(true);
  await proxy.cut();
  await produce(newRows(300));
  await expect.poll(sink.isHealthy, { timeout: 20_000 }).toBe(false);
  expect(await sink.end('SIGTERM')).toBe(0);
  await proxy.close();
  const next = await startSinkProcess();
  await expect
    .poll(() => countRows(clickhouse), { timeout: 30_000 })
    .toMatchObject({ rows: before.rows + 300, ids: before.ids + 300 });
  expect(await next.end('SIGTERM')).toBe(0);
});
