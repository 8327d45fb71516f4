import { expect, test } from 'vitest';
import { askClickHouse, ownStack, stackDirectory } from './support.ts';

const VIEW = 'DEFINER = CURRENT_USER SQL SECURITY DEFINER AS SELECT * FROM unmogrowp.secrets';

test("Grafana's user reads the views of the boards and nothing else, within limits", async () => {
  const stack = await ownStack({ directory: stackDirectory(), parts: ['clickhouse'] });
  const url = stack.environment['CLICKHOUSE_URL'] ?? '';
  for (const query of [
    'CREATE DATABASE unmogrowp',
    'CREATE TABLE unmogrowp.secrets (number Int32) ENGINE = MergeTree ORDER BY number AS SELECT 7',
    `CREATE VIEW unmogrowp.board_numbers ${VIEW}`,
    `CREATE VIEW unmogrowp.numbers ${VIEW}`,
  ])
    await askClickHouse(url, query);
  const ask = (query: string) => askClickHouse(`${url}/?user=grafana&max_execution_time=20`, query);

  expect(await ask('SELECT number FROM unmogrowp.board_numbers')).toBe('7');
  expect(await ask('SELECT number FROM unmogrowp.board_numbers SETTINGS max_threads = 1')).toBe('7');
  for (const query of [
    'SELECT * FROM unmogrowp.secrets',
    'SELECT * FROM unmogrowp.numbers',
    'INSERT INTO unmogrowp.secrets VALUES (8)',
    'DROP VIEW unmogrowp.board_numbers',
    "SELECT * FROM url('http://127.0.0.1:1/', CSV, 'number Int32')",
    'SELECT count() FROM system.query_log',
  ])
    await expect(ask(query), query).rejects.toThrow(/ACCESS_DENIED/);
  await expect(ask('SELECT 1 SETTINGS max_memory_usage = 100000000000')).rejects.toThrow(
    /SETTING_CONSTRAINT_VIOLATION/,
  );
  await expect(ask('SELECT 1 SETTINGS readonly = 0')).rejects.toThrow();
});
