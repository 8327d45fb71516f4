import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { v7 as uuidv7 } from 'uuid';
import { afterAll, describe, expect, it, test } from 'vitest';
import { maintenanceOf } from '../../incidents/maintenance.ts';
import { scheduleSchema } from '../../incidents/oncall/schema.ts';
import { whoIsOnCall } from '../../incidents/oncall/who.ts';
import {
  createMaintenanceWindow,
  endMaintenanceWindow,
  listMaintenanceWindows,
} from '../../postgres/maintenance-windows.ts';
import {
  type ImportedShift,
  addOverride,
  importCalendar,
  listOverrides,
  overridesBetween,
  withdrawOverride,
} from '../../postgres/oncall-overrides.ts';
import { queryRows } from '../../postgres/pool.ts';
import { ROOT, readPage } from '../docs/markdown.ts';
import { migratedPool } from '../ingest/setup.ts';
import { testEnv, testVariables } from '../support/parts.ts';

const HOUR_MS = 3_600_000;
const FROM_MS = Date.parse('2027-01-04T08:00Z');
const always = { fromMs: 0, toMs: Date.parse('2100-01-01') };
const directory = mkdtempSync(join(tmpdir(), 'unmogrowp-oncall-test-'));
afterAll(() => rmSync(directory, { recursive: true, force: true }));
const pool = await migratedPool(testEnv);

const scheduleOf = (id: string) =>
  scheduleSchema.parse({
    id,
    time_zone: 'Europe/Berlin',
    layers: [{ id: 'base', people: ['ada'], starts: '2026-01-05' }],
  });
const overrideFor = (scheduleId: string, person: string, hours = 10) => ({
  overrideId: uuidv7(),
  scheduleId,
  people: [person],
  fromMs: FROM_MS,
  toMs: FROM_MS + hours * HOUR_MS,
  reason: 'swap',
  createdBy: 'ada',
});
const inForce = (scheduleId: string) => overridesBetween(pool, { ...always, scheduleIds: [scheduleId] });

describe('an override', () => {
  it('is one, however often it is sent, and its id stays its own', async () => {
    const override = overrideFor('once', 'grace');
    const stored = await addOverride(pool, override);
    expect(await addOverride(pool, override)).toEqual(stored);
    expect(stored).toMatchObject({ ...override, kind: 'override', calendarUid: null, withdrawnAtMs: null });
    expect(await inForce('once')).toEqual([stored]);
    await expect(addOverride(pool, { ...override, people: ['linus'] })).rejects.toMatchObject({
      code: 'oncall_invalid',
    });
    expect(await inForce('once')).toEqual([stored]);
  });

  it('that was added later wins, until it is withdrawn', async () => {
    const schedule = scheduleOf('later');
    await addOverride(pool, overrideFor('later', 'grace'));
    const second = await addOverride(pool, overrideFor('later', 'linus', 2));
    const who = async () => whoIsOnCall(schedule, await inForce('later'), FROM_MS);
    expect(await who()).toMatchObject({ people: ['linus'], untilMs: FROM_MS + 2 * HOUR_MS });
    await withdrawOverride(pool, second.overrideId, 'ada');
    expect(await who()).toMatchObject({ people: ['grace'], untilMs: FROM_MS + 10 * HOUR_MS });
  });

  it('that is withdrawn stays on record, with who did it first', async () => {
    const { overrideId } = await addOverride(pool, overrideFor('gone', 'grace'));
    const withdrawn = await withdrawOverride(pool, overrideId, 'ada');
    expect(await withdrawOverride(pool, overrideId, 'linus')).toEqual(withdrawn);
    expect(withdrawn).toMatchObject({ withdrawnBy: 'ada', withdrawnAtMs: expect.any(Number) as number });
    expect(await inForce('gone')).toEqual([]);
    expect(await listOverrides(pool, { ...always, scheduleIds: ['gone'] })).toEqual([]);
    expect(await listOverrides(pool, { ...always, scheduleIds: ['gone'], isWithdrawnToo: true })).toEqual([withdrawn]);
    await expect(withdrawOverride(pool, uuidv7(), 'ada')).rejects.toMatchObject({ code: 'oncall_invalid' });
  });

  it('that is withdrawn while it holds has counted until then', async () => {
    const nowMs = Date.now();
    const running = { ...overrideFor('running', 'grace'), fromMs: nowMs - HOUR_MS, toMs: nowMs + HOUR_MS };
    await addOverride(pool, running);
    const { withdrawnAtMs } = await withdrawOverride(pool, running.overrideId, 'ada');
    const who = async (atMs: number) => whoIsOnCall(scheduleOf('running'), await inForce('running'), atMs).people;
    expect(await who((withdrawnAtMs ?? 0) - 1)).toEqual(['grace']);
    expect(await who((withdrawnAtMs ?? 0) + 1)).toEqual(['ada']);
  });

  it('is found for a range that it touches, and for no other', async () => {
    const { overrideId, fromMs, toMs } = await addOverride(pool, overrideFor('range', 'grace'));
    const found = async (from: number, to: number) =>
      (await overridesBetween(pool, { scheduleIds: ['range', 'other'], fromMs: from, toMs: to })).map(
        (one) => one.overrideId,
      );
    expect(await found(toMs - 1, toMs + 1)).toEqual([overrideId]);
    expect(await found(fromMs - 1, fromMs + 1)).toEqual([overrideId]);
    expect(await found(toMs, toMs + 1)).toEqual([]);
    expect(await found(fromMs - 1, fromMs)).toEqual([]);
  });
});

describe('a calendar', () => {
  const shift = (uid: string, person: string, day: number): ImportedShift => ({
    overrideId: uuidv7(),
    calendarUid: uid,
    people: [person],
    fromMs: FROM_MS + day * 24 * HOUR_MS,
    toMs: FROM_MS + (day + 1) * 24 * HOUR_MS,
  });
  const importing = (scheduleId: string, shifts: ImportedShift[], kind: 'shift' | 'override' = 'shift') =>
    importCalendar(pool, {
      scheduleId,
      kind,
      shifts,
      fromMs: FROM_MS,
      toMs: FROM_MS + 10 * 24 * HOUR_MS,
      reason: '',
      importedBy: 'ada',
    });
  const said = async (scheduleId: string) =>
    (await inForce(scheduleId)).map(({ calendarUid, people }) => `${calendarUid} ${people.join()}`);

  it('that is imported twice is there once', async () => {
    const rota = () => [shift('a', 'ada', 0), shift('b', 'grace', 1)];
    expect(await importing('twice', rota())).toEqual({ added: 2, kept: 0, withdrawn: 0 });
    expect(await importing('twice', rota())).toEqual({ added: 0, kept: 2, withdrawn: 0 });
    expect(await said('twice')).toEqual(['a ada', 'b grace']);
  });

  it('is the rota of its range: what it does not say any more is withdrawn, and comes back when it does', async () => {
    await importing('rota', [shift('a', 'ada', 0), shift('b', 'grace', 1), shift('later', 'linus', 20)]);
    expect(await importing('rota', [shift('a', 'ada', 0), shift('b', 'linus', 1)])).toEqual({
      added: 1,
      kept: 1,
      withdrawn: 1,
    });
    expect(await said('rota')).toEqual(['a ada', 'b linus', 'later linus']);
    expect(await importing('rota', [shift('a', 'ada', 0), shift('b', 'grace', 1)])).toMatchObject({ withdrawn: 1 });
    expect(await said('rota')).toEqual(['a ada', 'b grace', 'later linus']);
    expect(await listOverrides(pool, { ...always, scheduleIds: ['rota'], isWithdrawnToo: true })).toHaveLength(5);
  });

  it('never withdraws what a person or an import of overrides has put there, and loses against both', async () => {
    const own = await addOverride(pool, overrideFor('mixed', 'grace'));
    await importing('mixed', [shift('o', 'linus', 2)], 'override');
    await importing('mixed', [shift('a', 'ada', 0), shift('b', 'ada', 2)]);
    await importing('mixed', []);
    expect((await said('mixed')).toSorted()).toEqual(['null grace', 'o linus']);
    await importing('mixed', [shift('a', 'linus', 0)]);
    expect(whoIsOnCall(scheduleOf('mixed'), await inForce('mixed'), FROM_MS).by).toEqual({
      kind: 'override',
      overrideId: own.overrideId,
    });
  });

  it('is stored as a whole or not at all', async () => {
    await importing('whole', [shift('a', 'ada', 0)]);
    const broken = { ...shift('c', 'ada', 2), people: [] };
    await expect(importing('whole', [shift('b', 'grace', 1), broken])).rejects.toMatchObject({
      code: 'postgres_query_failed',
    });
    expect(await said('whole')).toEqual(['a ada']);
  });

  it('that two import at once is there once', async () => {
    const rota = () => Array.from({ length: 9 }, (_, day) => shift(`day-${day}`, 'ada', day));
    const outcomes = await Promise.all([1, 2, 3].map(() => importing('race', rota())));
    expect(outcomes.map(({ added }) => added).toSorted((left, right) => left - right)).toEqual([0, 0, 9]);
    expect(await said('race')).toHaveLength(9);
  });

  it('that is imported while another one is leaves one of the two, and no mixture', async () => {
    const rotaOf = (person: string) => Array.from({ length: 9 }, (_, day) => shift(`${person}-${day}`, person, day));
    for (let round = 0; round < 5; round += 1) {
      await Promise.all(['ada', 'grace', 'linus'].map((person) => importing('either', rotaOf(person))));
      const people = (await inForce('either')).map((one) => one.people.join());
      expect(people).toHaveLength(9);
      expect(new Set(people).size).toBe(1);
    }
  });
});

describe('a maintenance window', () => {
  const planned = (matchers: string[], hours = 2) => ({
    maintenanceId: uuidv7(),
    matchers,
    fromMs: FROM_MS,
    toMs: FROM_MS + hours * HOUR_MS,
    reason: 'disks',
    createdBy: 'ada',
  });
  const idsAt = async (atMs: number) =>
    (await listMaintenanceWindows(pool, { fromMs: atMs, toMs: atMs })).map(({ maintenanceId }) => maintenanceId);

  it('is one, however often it is sent, and holds from its begin until before its end', async () => {
    const window = planned(['tenant=acme']);
    const stored = await createMaintenanceWindow(pool, window);
    expect(await createMaintenanceWindow(pool, window)).toEqual(stored);
    await expect(createMaintenanceWindow(pool, { ...window, matchers: ['tenant=b'] })).rejects.toMatchObject({
      code: 'oncall_invalid',
    });
    expect(await idsAt(FROM_MS - 1)).not.toContain(window.maintenanceId);
    expect(await idsAt(FROM_MS)).toContain(window.maintenanceId);
    expect(await idsAt(window.toMs - 1)).toContain(window.maintenanceId);
    expect(await idsAt(window.toMs)).not.toContain(window.maintenanceId);
    const windows = await listMaintenanceWindows(pool, { fromMs: FROM_MS, toMs: FROM_MS });
    expect(maintenanceOf(windows, { tenant: 'acme' }, FROM_MS)?.maintenanceId).toBe(window.maintenanceId);
    expect(maintenanceOf(windows, { tenant: 'other' }, FROM_MS)).toBeUndefined();
  });

  it('that ends early ends then, and keeps what was planned; one that is ended before its begin never holds', async () => {
    const nowMs = Date.now();
    const running = { ...planned(['part=kafka']), fromMs: nowMs - HOUR_MS, toMs: nowMs + HOUR_MS };
    await createMaintenanceWindow(pool, running);
    const ended = await endMaintenanceWindow(pool, running.maintenanceId, 'grace');
    expect(ended).toMatchObject({ plannedToMs: running.toMs, endedBy: 'grace' });
    expect(ended.toMs).toBeLessThan(running.toMs);
    expect(await endMaintenanceWindow(pool, running.maintenanceId, 'linus')).toEqual(ended);
    expect(await idsAt(ended.toMs + 1)).not.toContain(running.maintenanceId);
    const future = await createMaintenanceWindow(pool, planned(['part=sink']));
    await endMaintenanceWindow(pool, future.maintenanceId, 'grace');
    expect(await idsAt(FROM_MS)).not.toContain(future.maintenanceId);
    await expect(endMaintenanceWindow(pool, uuidv7(), 'ada')).rejects.toMatchObject({ code: 'oncall_invalid' });
  });
});

describe('docs/on-call.md', () => {
  const { blocks } = readPage('docs/on-call.md');
  const commands = blocks.filter(({ language }) => language === 'sh').flatMap(({ text }) => text.trim().split('\n'));
  const person = (id: string): string =>
    `{ id: ${id}, name: Somebody, time_zone: UTC, contacts: [{ id: mail, kind: email, address: ${id}@example.com }],
      notify: { high: [mail], low: [mail] } }`;
  const policyFile = join(directory, 'policy.yaml');
  writeFileSync(
    policyFile,
    [
      `people: [${['ada', 'grace', 'linus'].map(person).join(', ')}]`,
      'policies: [{ id: all, urgency: high, steps: [{ notify: [{ schedule: primary }], wait: 10m }] }]',
      blocks.find(({ language }) => language === 'yaml')?.text ?? '',
    ].join('\n'),
  );
  let lastId = '';
  const printed: string[] = [];

  function typed(line: string): { code: number | null; stdout: string; stderr: string } {
    const program = `unmogrowp() { '${process.execPath}' '${ROOT}bin/unmogrowp.ts' "$@"; }`;
    const result = spawnSync('bash', ['-c', `${program}\n${line.replace(/\bID$/, lastId)}`], {
      cwd: directory,
      env: { ...process.env, ...testVariables, INCIDENT_POLICY_FILE: policyFile },
      encoding: 'utf8',
    });
    lastId = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/m.exec(result.stdout)?.[0] ?? lastId;
    return { code: result.status, stdout: result.stdout, stderr: result.stderr };
  }

  test.each(commands)('its command works as it stands there: %s', (line) => {
    expect(line).toMatch(/^unmogrowp /);
    const { code, stdout, stderr } = typed(line);
    expect(code, stderr).toBe(0);
    printed.push(stdout);
  });

  it('has shown an override that counted and was withdrawn, and a calendar that is the same as the schedule', async () => {
    const json = (line: string): Record<string, unknown>[] =>
      JSON.parse(typed(`${line} --json`).stdout) as Record<string, unknown>[];
    expect(printed.join('\n')).toMatch(/primary +│ grace +│ Thu 2027-01-07 09:00 \+01:00 +│ override /);
    const listed = json('unmogrowp oncall override list --schedule primary --from 2027-01-01 --withdrawn');
    expect(new Set(listed.map(({ kind }) => kind))).toEqual(new Set(['override', 'shift']));
    expect(listed.filter((one) => one['withdrawn_at'] !== null)).toMatchObject([{ people: ['grace'], reason: 'swap' }]);
    const shifts = () =>
      json('unmogrowp oncall shifts --from 2027-01-04T09:00 --weeks 7').map(({ people, from, to }) => [
        people,
        from,
        to,
      ]);
    const fromCalendar = shifts();
    await queryRows(
      pool,
      'UPDATE oncall_overrides SET withdrawn_at = now(), withdrawn_by = $1 WHERE withdrawn_at IS NULL',
      ['test'],
    );
    expect(shifts()).toEqual(fromCalendar);
    expect(fromCalendar.length).toBeGreaterThan(20);
  });
});
