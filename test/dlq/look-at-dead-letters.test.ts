import { Kafka, logLevel } from 'kafkajs';
import { expect, test } from 'vitest';
import { encodeRow } from '../../events/encode.ts';
import { headersOfOrigin } from '../../events/dead-letter.ts';
import { replayLetters, beginDeadLetterAction } from '../../postgres/dead-letter-actions.ts';
import { listDeadLetters } from '../../postgres/dead-letters.ts';
import { EVENTS, ask, newRow, startSinkProcess } from '../sink/setup.ts';
import { testEnv } from '../support/parts.ts';
import {
  DEAD_LETTERS,
  type Listed,
  type Replayed,
  dlq,
  dlqJson,
  openDeadLetters,
  poison,
  recordOf,
  startDlq,
  untilJudged,
} from './setup.ts';

const { clickhouse, pool, produceRecords, bury } = await openDeadLetters();

interface Shown {
  id: string;
  state: string;
  reason: string;
  tenant_id: string;
  trace_id: string | null;
  events: number;
  attempts: { state: string; action: { action: string; by: string; note: string } | null }[];
  lines: (string | Record<string, string>)[] | null;
}
const shown = async (id: string) => JSON.parse((await dlq('show', id, '--json')).stdout) as Shown[];

test('a dead letter is shown with its reason, origin and trace, and without who it is about', async () => {
  const secret = { name: 'Jane', mail: 'jane@example.org' };
  await produceRecords([
    recordOf([poison({ properties: JSON.stringify(secret) }), 'user=jane@example.org', encodeRow(newRow())]),
    recordOf([encodeRow(newRow()), encodeRow(newRow())], { row_format: '999', tenant_id: 'globex' }),
  ]);
  const sink = await startSinkProcess();
  await untilJudged(2);
  expect(await sink.end('SIGTERM')).toBe(0);

  const [refused] = await shown(`${EVENTS}/2/0/0`);
  expect(refused).toMatchObject({
    state: 'waiting',
    reason: 'row_refused',
    clickhouse_error: 'CANNOT_PARSE_UUID',
    tenant_id: 'acme',
    attempt: 1,
    events: 1,
    trace_id: '0af7651916cd43dd8448eb211c80319c',
    origin: { topic: EVENTS, partition: 2, offset: 0, line: 0 },
    lines: [{ tenant_id: 'acme', app_id: 'shop', user_key: 'xxxx@xxxxxxx.xxx', channel: 'search' }],
  });
  const texts = await Promise.all([dlq('show', refused?.id ?? ''), dlq('show', `${EVENTS}/2/0`), dlq('list')]);
  for (const { code, stdout } of texts) {
    expect(code).toBe(0);
    expect(stdout).not.toMatch(/jane/i);
    expect(stdout).toContain('CANNOT_PARSE_');
  }
  expect(texts[0]?.stdout).toContain('unmogrowp trace 0af7651916cd43dd8448eb211c80319c');
  expect(texts[1]?.stdout).toContain('xxxx=xxxx@xxxxxxx.xxx');
  const [whole] = await shown(`${EVENTS}/2/1`);
  expect(whole).toMatchObject({ reason: 'unknown_row_format', events: 2, row_format: '999', origin: { line: null } });
  expect(whole?.lines).toHaveLength(2);

  const unknown = await dlq('show', `${DEAD_LETTERS}/0/999`);
  expect([unknown.code, unknown.stderr]).toEqual([1, expect.stringContaining('dead_letter_unknown')]);
  expect((await dlq('show', 'nonsense')).code).toBe(2);
});

test('a letter that the sink buried twice after a crash is one letter', async () => {
  const origin = { topic: EVENTS, topicId: 'another', partition: 2, offset: 77, line: 3, timestampMs: Date.now() };
  const headers = {
    ...headersOfOrigin({ origin, attempt: 1 }),
    reason: 'row_refused',
    stage: 'insert',
    tenant_id: 'twin',
  };
  const record = { partition: 0, value: Buffer.from(encodeRow(newRow())), headers };
  await bury([record, record]);
  expect((await dlqJson<Listed>('list', '--tenant', 'twin')).counts).toMatchObject([{ letters: 1 }]);
});

test('a replay that was killed before it could say so is done again, and its events count once', async () => {
  const row = newRow();
  const origin = { topic: EVENTS, topicId: 'another', partition: 2, offset: 78, line: 0, timestampMs: Date.now() };
  const headers = {
    ...headersOfOrigin({ origin, attempt: 1 }),
    reason: 'row_refused',
    stage: 'insert',
    tenant_id: 'killed',
  };
  await bury([{ partition: 0, value: Buffer.from(encodeRow(row)), headers: { ...headers, row_format: '1' } }]);
  await dlqJson<Listed>('list');
  const [letter] = await listDeadLetters(pool, { tenantId: 'killed' }, { states: ['waiting'], limit: 1 });
  const actionId = await beginDeadLetterAction(pool, { action: 'replay', by: 'test', note: '', filter: {} });
  const killed = replayLetters(pool, { actionId, letterIds: [letter?.letter_id ?? 0] }, async () => {
    await produceRecords([recordOf([encodeRow(row)], headersOfOrigin({ origin, attempt: 2 }))]);
    throw new Error('killed');
  });
  await expect(killed).rejects.toThrow('killed');
  const sink = await startSinkProcess();
  expect(await dlqJson<Replayed>('replay', '--tenant', 'killed')).toMatchObject({ code: 0, replayed: 1, came_back: 0 });
  await untilJudged(4);
  const where = `WHERE event_id = '${row.event_id}'`;
  const counts = `SELECT (SELECT count() FROM events_raw_v1 ${where}) AS sent, (SELECT count() FROM events ${where}) AS counted`;
  expect(await ask(clickhouse, counts)).toEqual({ sent: 2, counted: 1 });
  expect(await sink.end('SIGTERM')).toBe(0);
});

test('a record that was buried as a whole comes back line by line, and what is sound in it is stored', async () => {
  const row = newRow();
  const origin = { topic: EVENTS, topicId: 'another', partition: 2, offset: 79, line: -1, timestampMs: Date.now() };
  const headers = { ...headersOfOrigin({ origin, attempt: 1 }), reason: 'unknown_row_format', stage: 'decode' };
  const lines = [poison(), encodeRow(row), poison()];
  const known = { tenant_id: 'whole', row_format: '1', row_count: '3' };
  await bury([{ partition: 0, value: Buffer.from(lines.join('\n')), headers: { ...headers, ...known } }]);
  const sink = await startSinkProcess();
  const replayed = await dlqJson<Replayed>('replay', '--tenant', 'whole');
  expect(replayed).toMatchObject({ code: 1, ended: 'done', replayed: 1, came_back: 1 });
  const { letters } = await dlqJson<Listed>('list', '--tenant', 'whole', '--state', 'all');
  expect(letters.map(({ state, attempt, events, origin: { line } }) => [state, attempt, events, line])).toEqual([
    ['waiting', 2, 1, 2],
    ['waiting', 2, 1, 0],
    ['replayed', 1, 3, null],
  ]);
  expect(await ask(clickhouse, `SELECT count() AS rows FROM events WHERE event_id = '${row.event_id}'`)).toEqual({
    rows: 1,
  });
  expect(await sink.end('SIGTERM')).toBe(0);
});

test('a letter is given up with a reason by somebody, and is not put back any more', async () => {
  const id = `${EVENTS}/2/0/1`;
  expect((await dlq('discard', '--id', id)).code).toBe(2);
  expect((await dlq('discard', '--id', id, '--note', ' ')).code).toBe(2);
  expect((await dlq('discard', '--note', 'all of them')).code).toBe(2);
  expect((await dlq('replay')).code).toBe(2);
  const wouldBe = await dlqJson<Listed>('discard', '--id', id, '--note', 'no row', '--dry-run');
  expect(wouldBe.counts).toMatchObject([{ letters: 1, state: 'waiting' }]);
  const given = await dlqJson<{ discarded: number }>('discard', '--id', id, '--by', 'grace', '--note', 'no row at all');
  expect(given).toEqual({ code: 0, discarded: 1 });
  expect(await dlqJson('discard', '--id', id, '--note', 'again')).toEqual({ code: 0, discarded: 0 });
  expect(await dlqJson<Replayed>('replay', '--id', id)).toMatchObject({ code: 0, replayed: 0 });
  const [letter] = await shown(id);
  expect(letter?.attempts).toMatchObject([
    { state: 'discarded', action: { action: 'discard', by: 'grace', note: 'no row at all' } },
  ]);
  expect((await dlqJson<Listed>('list', '--state', 'discarded')).letters.map(({ state }) => state)).toEqual([
    'discarded',
  ]);
});

test('a letter that Kafka has deleted is said to be gone, and a replay does not pretend to have put it back', async () => {
  const admin = new Kafka({ brokers: testEnv.KAFKA_BROKERS, logLevel: logLevel.NOTHING }).admin();
  await admin.connect();
  try {
    const [end] = await admin.fetchTopicOffsets(DEAD_LETTERS);
    await admin.deleteTopicRecords({ topic: DEAD_LETTERS, partitions: [{ partition: 0, offset: end?.high ?? '' }] });
  } finally {
    await admin.disconnect();
  }
  const id = `${EVENTS}/2/0/0`;
  expect((await dlqJson<Listed>('list', '--id', id)).letters.map(({ state }) => state)).toEqual(['gone']);
  expect(await shown(id)).toMatchObject([{ state: 'gone', lines: null }]);
  expect(await dlqJson<Replayed>('replay', '--id', id)).toEqual({
    code: 1,
    ended: 'done',
    replayed: 0,
    came_back: 0,
    failed: 0,
    gone: 1,
  });
  expect((await dlq('show', id)).stdout).toContain('its retention has passed');
});

test('with Kafka away the list shows what was known before, and says so', async () => {
  const { ended, stdout, stderr } = startDlq(['list', '--state', 'all'], { KAFKA_BROKERS: '127.0.0.1:1' });
  expect([await ended, await stderr]).toEqual([0, expect.stringContaining('only what was known before')]);
  expect(await stdout).toContain('discarded');
});
