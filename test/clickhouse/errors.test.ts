import type { ClickHouseSettings } from '@clickhouse/client';
import { afterAll, describe, expect, it } from 'vitest';
import { type ClickHouse, type QueryOptions, createClickHouse, runNamed } from '../../clickhouse/client.ts';
import { ERRORS_OF_SERVER } from '../../clickhouse/errors.ts';
import { ERROR_CODES, type ErrorCode } from '../../errors.ts';
import { testEnv } from '../support/parts.ts';
import { startTcpProxy } from '../support/tcp-proxy.ts';

const opened: ClickHouse[] = [];
afterAll(() => Promise.all(opened.map((clickhouse) => clickhouse.close())));

function connect(more: { url?: string; password?: string; requestTimeoutMs?: number } = {}): ClickHouse {
  const clickhouse = createClickHouse({
    url: testEnv.CLICKHOUSE_URL,
    username: testEnv.CLICKHOUSE_USERNAME,
    password: testEnv.CLICKHOUSE_PASSWORD,
    database: 'default',
    applicationName: 'test',
    ...more,
  });
  opened.push(clickhouse);
  return clickhouse;
}

const ask = (clickhouse: ClickHouse, query: string, options: QueryOptions = {}): Promise<unknown> =>
  runNamed('test', options, async (call) => {
    const result = await clickhouse.client.query({ query, format: 'JSONEachRow', ...call });
    return result.json();
  });

const declared = Object.entries(ERRORS_OF_SERVER).flatMap(([code, errors]) =>
  Object.entries(errors).map(([name, number]) => ({ code: code as ErrorCode, name, number })),
);

describe('an error of ClickHouse', () => {
  it('that the server names has the code that is declared for it, and whether it is tried again', async () => {
    const clickhouse = connect();
    const settings: ClickHouseSettings = { allow_custom_error_code_in_throwif: 1 };
    for (const { code, name, number } of declared) {
      const thrown = ask(clickhouse, `SELECT throwIf(1, 'thrown', toInt16(${number}))`, { settings });
      await expect(thrown, name).rejects.toMatchObject({
        code,
        retryable: ERROR_CODES[code].retryable,
        context: { clickhouse_code: number, clickhouse_error: name },
      });
    }
  });

  it('that nobody declared is a mistake in the query, which is not tried again', async () => {
    await expect(ask(connect(), 'SELECT nothing')).rejects.toMatchObject({
      code: 'clickhouse_query_failed',
      retryable: false,
    });
  });

  it('says in one line which variables a wrong password comes from', async () => {
    const clickhouse = connect({ password: 'wrong' });
    const thrown = ask(clickhouse, 'SELECT 1');
    await expect(thrown).rejects.toThrow(/^[^\n]*CLICKHOUSE_USERNAME and CLICKHOUSE_PASSWORD$/);
    await expect(thrown).rejects.toMatchObject({ code: 'clickhouse_query_failed' });
  });

  it('is an unavailable server when nobody listens and when an answer breaks off', async () => {
    const unavailable = { code: 'clickhouse_unavailable', retryable: true };
    await expect(ask(connect({ url: 'http://127.0.0.1:1' }), 'SELECT 1')).rejects.toMatchObject(unavailable);
    const { hostname: host, port } = new URL(testEnv.CLICKHOUSE_URL);
    const proxy = await startTcpProxy({ host, port: Number(port) });
    const clickhouse = connect({ url: `http://127.0.0.1:${proxy.port}` });
    const brokenOff = runNamed('test', {}, async (call) => {
      const query = "SELECT repeat('x', 1000000), sleepEachRow(0.1) FROM numbers(1000) SETTINGS max_block_size = 1";
      const result = await clickhouse.client.query({ query, format: 'JSONEachRow', ...call });
      // The answer has begun.
      await proxy.cut();
      return result.json();
    });
    await expect(brokenOff).rejects.toMatchObject(unavailable);
  });

  it('is a timeout when the server takes too long, and an interruption only when the caller ended the call', async () => {
    await expect(ask(connect({ requestTimeoutMs: 200 }), 'SELECT sleep(3)')).rejects.toMatchObject({
      code: 'clickhouse_timeout',
    });
    const ended = new AbortController();
    const interrupted = ask(connect(), 'SELECT sleep(3)', { signal: ended.signal });
    ended.abort();
    await expect(interrupted).rejects.toMatchObject({ code: 'interrupted' });
  });
});
