import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import pg from 'pg';
import { expect, test } from 'vitest';
import { isFree } from '../../stack/ports.ts';
import { identify } from '../../stack/procfs.ts';
import { environmentOfRunningStack } from '../../stack/running.ts';
import { readChildren } from '../../stack/state.ts';
import { askClickHouse, ownStack, stackDirectory, until } from './support.ts';

const PARTS = ['clickhouse', 'postgres'] as const;

test('a stopped stack leaves nothing running and no port taken', async () => {
  const stack = await ownStack({ directory: stackDirectory(), parts: PARTS });
  const pids = stack.parts.map((part) => part.pid ?? 0);
  expect(pids.map((pid) => identify(pid) !== undefined)).toEqual([true, true]);

  await stack.stop();

  expect(pids.map((pid) => identify(pid))).toEqual([undefined, undefined]);
  const ports = stack.parts.flatMap((part) => Object.values(part.ports));
  expect(await Promise.all(ports.map(isFree))).toEqual(ports.map(() => true));
});

test('a restart finds its data at the same addresses', async () => {
  const directory = stackDirectory();
  const first = await ownStack({ directory, parts: PARTS });
  await askClickHouse(first.environment['CLICKHOUSE_URL'] ?? '', 'CREATE DATABASE kept');
  await queryPostgres(first.environment['POSTGRES_URL'] ?? '', 'CREATE TABLE kept AS SELECT 7 AS number');
  await first.stop();

  const second = await ownStack({ directory, parts: PARTS });

  expect(second.environment).toEqual(first.environment);
  const databases = await askClickHouse(second.environment['CLICKHOUSE_URL'] ?? '', 'SHOW DATABASES');
  expect(databases.split('\n')).toContain('kept');
  const rows = await queryPostgres(second.environment['POSTGRES_URL'] ?? '', 'SELECT number FROM kept');
  expect(rows).toEqual([{ number: 7 }]);
});

test("ClickHouse's own logs outlive a restart and its metrics are served", async () => {
  const directory = stackDirectory();
  const first = await ownStack({ directory, parts: ['clickhouse'] });
  const url = first.environment['CLICKHOUSE_URL'] ?? '';
  const count = "SELECT count() FROM ops.query_log WHERE log_comment = 'remember me' AND type = 'QueryFinish'";
  await askClickHouse(url, "SELECT 1 SETTINGS log_comment = 'remember me'");
  await until(async () => (await askClickHouse(url, count)) === '1');
  await first.stop();

  await ownStack({ directory, parts: ['clickhouse'] });

  expect(await askClickHouse(url, count)).toBe('1');
  const metrics = await (await fetch(`${url}/metrics`, { headers: { connection: 'close' } })).text();
  expect(metrics).toMatch(/^ClickHouseProfileEvents_Query \d+/m);
});

test('a folder that only its owner may enter is good enough, also for root', async () => {
  const directory = join(stackDirectory(), 'closed', 'stack');
  mkdirSync(join(directory, '..'), { mode: 0o700 });

  const stack = await ownStack({ directory, parts: ['postgres'] });
  const rows = await queryPostgres(stack.environment['POSTGRES_URL'] ?? '', 'SELECT 7 AS number');

  expect(rows).toEqual([{ number: 7 }]);
});

test('other terminals find the running stack, unless their environment names a part elsewhere', async () => {
  const directory = stackDirectory();
  const stack = await ownStack({ directory, parts: ['postgres'] });

  expect(environmentOfRunningStack(directory, {})).toEqual(stack.environment);
  expect(environmentOfRunningStack(directory, { ...stack.environment })).toEqual(stack.environment);
  expect(environmentOfRunningStack(directory, { KAFKA_BROKERS: 'kafka.example:9092' })).toEqual({});
  await stack.stop();
  expect(environmentOfRunningStack(directory, {})).toEqual({});
});

test('an interrupted start leaves nothing running', async () => {
  const directory = stackDirectory();
  const interruption = new AbortController();
  const start = ownStack({
    directory,
    parts: PARTS,
    signal: interruption.signal,
    onProgress: ({ state }) => {
      if (state === 'starting') interruption.abort();
    },
  });

  await expect(start).rejects.toMatchObject({ code: 'interrupted' });

  expect(readChildren(directory)).toEqual([]);
  await ownStack({ directory, parts: PARTS });
});

test('a part that cannot start is named with the end of its log, and the others are stopped', async () => {
  const directory = stackDirectory();
  mkdirSync(join(directory, 'data', 'postgres', 'cluster'), { recursive: true });

  const start = ownStack({ directory, parts: PARTS });

  await expect(start).rejects.toMatchObject({ code: 'part_start_failed' });
  await expect(start).rejects.toThrow(/^PostgreSQL could not be started: .*FATAL: .*contains errors/s);
  expect(readChildren(directory)).toEqual([]);
});

async function queryPostgres(connectionString: string, sql: string): Promise<unknown[]> {
  const client = new pg.Client({ connectionString });
  await client.connect();
  try {
    return (await client.query<Record<string, unknown>>(sql)).rows;
  } finally {
    await client.end();
  }
}
