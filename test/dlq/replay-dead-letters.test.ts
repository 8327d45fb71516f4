import { expect, test, vi } from 'vitest';
import { encodeRow } from '../../events/encode.ts';
import { queryRows } from '../../postgres/pool.ts';
import { EVENTS, ask, newRow, newRows, startSinkProcess } from '../sink/setup.ts';
import {
  DEAD_LETTERS,
  type Listed,
  type Replayed,
  dlq,
  dlqJson,
  eventsOnKafka,
  openDeadLetters,
  poison,
  recordOf,
  startDlq,
  untilJudged,
} from './setup.ts';

const { clickhouse, pool, produceRecords } = await openDeadLetters();

/** What somebody has to mend before rows of this campaign can be stored. */
const refuse = (campaign: string) =>
  clickhouse.client.command({
    query: `ALTER TABLE events_raw_v1 ADD CONSTRAINT no_${campaign} CHECK campaign != '${campaign}'`,
  });
const mend = (campaign: string) =>
  clickhouse.client.command({ query: `ALTER TABLE events_raw_v1 DROP CONSTRAINT no_${campaign}` });

const countRows = (campaign: string) =>
  ask(
    clickhouse,
    `SELECT count() AS rows, uniqExact(event_id) AS ids FROM events_raw_v1 WHERE campaign = '${campaign}'`,
  );

/** Records on partition 2 so far; each test adds its own. */
let records = 0;
async function produce(...some: Parameters<typeof produceRecords>[0]): Promise<void> {
  await produceRecords(some);
  records += some.length;
}

const listed = (...args: string[]) => dlqJson<Listed>('list', ...args);
const replayed = (...args: string[]) => dlqJson<Replayed>('replay', ...args);

test('a dead letter whose cause is mended is put back once, however often and by how many that is asked for', async () => {
  await refuse('summer');
  const broken = [0, 1, 2].map(() => newRow({ campaign: 'summer' }));
  const [ofAcme, alsoOfAcme, ofGlobex] = broken.map(encodeRow) as [string, string, string];
  await produce(
    recordOf([...newRows(10).map(encodeRow), ofAcme]),
    recordOf([ofGlobex], { tenant_id: 'globex' }),
    recordOf([alsoOfAcme, ...newRows(10).map(encodeRow)]),
  );
  const sink = await startSinkProcess();
  await untilJudged(records);

  const before = await listed();
  expect(before.counts).toEqual([
    { reason: 'row_refused', clickhouse_error: 'VIOLATED_CONSTRAINT', state: 'waiting', letters: 3, rows: 3 },
  ]);
  expect(before.letters.map(({ id }) => id).toSorted()).toEqual(
    [0, 1, 2].map((offset) => `${DEAD_LETTERS}/0/${offset}`),
  );
  const places = before.letters.map(({ origin }) => origin.id).toSorted();
  expect(places).toEqual([`${EVENTS}/2/0/10`, `${EVENTS}/2/1/0`, `${EVENTS}/2/2/0`]);
  expect(new Date(before.letters.find(({ origin }) => origin.offset === 1)?.received_at ?? '').getTime()).toBe(
    broken[2]?.received_at,
  );
  expect((await listed('--tenant', 'globex')).letters.map(({ tenant_id: tenant }) => tenant)).toEqual(['globex']);
  expect((await listed('--id', `${EVENTS}/2/1`)).letters).toHaveLength(1);
  expect((await listed('--reason', 'unknown_row_format')).letters).toHaveLength(0);
  expect((await listed('--from', '2100-01-01')).letters).toHaveLength(0);
  expect((await listed('--to', '2100-01-01')).letters).toHaveLength(3);

  await mend('summer');
  const wouldBe = await dlqJson<Pick<Listed, 'counts'>>('replay', '--tenant', 'globex', '--dry-run');
  expect(wouldBe.counts.map(({ letters }) => letters)).toEqual([1]);
  expect(await countRows('summer')).toEqual({ rows: 0, ids: 0 });
  const done = { code: 0, ended: 'done', came_back: 0, failed: 0, gone: 0 };
  expect(await replayed('--tenant', 'globex', '--by', 'ada', '--note', 'constraint dropped')).toEqual({
    ...done,
    replayed: 1,
  });
  expect(await countRows('summer')).toEqual({ rows: 1, ids: 1 });

  const both = await Promise.all([replayed('--all'), replayed('--all')]);
  expect(both.map((one) => ({ ...one, replayed: 0 }))).toEqual([
    { ...done, replayed: 0 },
    { ...done, replayed: 0 },
  ]);
  expect(both.reduce((sum, one) => sum + one.replayed, 0)).toBe(2);
  expect(await replayed('--all')).toEqual({ ...done, replayed: 0 });
  records += 3;
  await untilJudged(records);
  expect(await countRows('summer')).toEqual({ rows: 3, ids: 3 });

  const [first] = (await eventsOnKafka(records)).slice(3);
  expect(first?.value).toBe(ofGlobex);
  expect(first?.header('tenant_id')).toBe('globex');
  expect(first?.header('origin_offset')).toBe('1');
  expect(first?.header('origin_topic')).toBe(EVENTS);
  expect(first?.header('attempt')).toBe('2');
  const [action] = await queryRows(
    pool,
    "SELECT action, done_by, note, letters, came_back, filter FROM dead_letter_actions WHERE done_by = 'ada'",
  );
  expect(action).toEqual({
    action: 'replay',
    done_by: 'ada',
    note: 'constraint dropped',
    letters: 1,
    came_back: 0,
    filter: { tenantId: 'globex' },
  });
  expect(await sink.end('SIGTERM')).toBe(0);
});

test('what fails again comes back with the next attempt, and the replay stops when too many have', async () => {
  await produce(recordOf(Array.from({ length: 40 }, () => poison({ campaign: 'poisoned' }))));
  const sink = await startSinkProcess();
  await untilJudged(records);
  const filter = ['--from', '2026-01-01', '--reason', 'row_refused'];

  const stopped = await replayed(...filter, '--failures-max', '3');
  expect(stopped).toEqual({ code: 1, ended: 'failures', replayed: 3, came_back: 3, failed: 0, gone: 0 });
  const waiting = (await listed()).letters;
  expect(waiting).toHaveLength(40);
  expect(waiting.filter(({ attempt }) => attempt === 2)).toHaveLength(3);

  // The cause is still there: what came back fails a third time, and its origin stays what it was.
  const again = waiting.find(({ attempt }) => attempt === 2);
  const once = await replayed('--id', again?.id ?? '');
  expect(once).toMatchObject({ code: 1, ended: 'done', replayed: 1, came_back: 1 });
  const [shown] = JSON.parse((await dlq('show', again?.origin.id ?? '', '--json')).stdout) as [
    { attempt: number; attempts: { attempt: number; state: string; action: { action: string } | null }[] },
  ];
  expect(shown.attempt).toBe(3);
  expect(shown.attempts.map(({ attempt, state, action }) => [attempt, state, action?.action])).toEqual([
    [1, 'replayed', 'replay'],
    [2, 'replayed', 'replay'],
    [3, 'waiting', undefined],
  ]);
  records += 4;
  expect((await dlq('discard', ...filter, '--note', 'they are nobody’s')).stdout).toContain('40 letters discarded');
  expect(await sink.end('SIGTERM')).toBe(0);
});

test('one that fails does not keep the others back as long as fewer fail than are allowed', async () => {
  await refuse('autumn');
  const lines = Array.from({ length: 200 }, () => encodeRow(newRow({ campaign: 'autumn' })));
  await produce(recordOf([poison(), ...lines]));
  const sink = await startSinkProcess();
  await untilJudged(records);
  await mend('autumn');
  const { stdout, stderr, code } = await dlq('replay', '--tenant', 'acme', '--failures-max', '2');
  expect([code, stderr]).toEqual([1, expect.stringContaining('201 letters  1 failed again')]);
  expect(stdout).toContain('Done: 201 letters put back on Kafka, 200 of them are stored.');
  expect(await countRows('autumn')).toEqual({ rows: 200, ids: 200 });
  records += 201;
  expect((await dlq('discard', '--all', '--note', 'nobody’s')).code).toBe(0);
  expect(await sink.end('SIGTERM')).toBe(0);
});

test('while the sink is away a replay says so, Ctrl-C ends it in order, and the next one goes on', async () => {
  await refuse('winter');
  await produce(recordOf(Array.from({ length: 30 }, () => encodeRow(newRow({ campaign: 'winter' })))));
  const first = await startSinkProcess();
  await untilJudged(records);
  await mend('winter');
  expect(await first.end('SIGTERM')).toBe(0);
  const ofWinter = ['--reason', 'row_refused', '--tenant', 'acme', '--from', '2026-01-01'];
  const slow = await replayed(...ofWinter, '--failures-max', '5', '--wait-seconds', '1');
  expect(slow).toEqual({ code: 1, ended: 'sink_away', replayed: 5, came_back: 0, failed: 0, gone: 0 });

  const interrupted = startDlq(['replay', ...ofWinter, '--failures-max', '5', '--json']);
  const countReplayed = async () => {
    const rows = await queryRows(
      pool,
      "SELECT 1 FROM dead_letters WHERE state = 'replayed' AND clickhouse_error = 'VIOLATED_CONSTRAINT'",
    );
    return rows.length;
  };
  const before = 3 + 200 + 5;
  await vi.waitFor(async () => expect(await countReplayed()).toBe(before + 5), { timeout: 30_000, interval: 50 });
  interrupted.child.kill('SIGINT');
  expect(await interrupted.ended).toBe(130);
  expect(JSON.parse(await interrupted.stdout)).toMatchObject({ ended: 'interrupted', replayed: 5 });

  const second = await startSinkProcess();
  expect(await replayed(...ofWinter)).toEqual({
    code: 0,
    ended: 'done',
    replayed: 20,
    came_back: 0,
    failed: 0,
    gone: 0,
  });
  expect(await countRows('winter')).toEqual({ rows: 30, ids: 30 });
  records += 30;
  expect(await second.end('SIGTERM')).toBe(0);
});
