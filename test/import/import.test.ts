import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, expect, it, vi } from 'vitest';
import { activeLeases } from '../../postgres/leases.ts';
import { createTenant } from '../../postgres/tenants.ts';
import { startIngest } from '../ingest/ingest-process.ts';
import { kafkaWithTopic, migratedPool, readTopic } from '../ingest/setup.ts';
import { testEnv } from '../support/parts.ts';
import { runCommand, startCommand, temporaryFolder, writeMapping, writeShopFile } from './import-command.ts';

const pool = await migratedPool(testEnv);
const kafka = await kafkaWithTopic(testEnv);
const folder = temporaryFolder();
const mapping = writeMapping(folder);
const ingest = await startIngest('node');
afterAll(() => ingest.end('SIGTERM'));

/** A tenant of one test, and the events that it has on Kafka. */
async function newTenant(tenantId: string, eventsPerSecondMax?: number) {
  const limit = eventsPerSecondMax === undefined ? {} : { eventsPerSecondMax };
  const { write_key } = await createTenant(pool, { tenantId, ...limit });
  const onKafka = async () => (await readTopic(kafka, testEnv)).filter(({ row }) => row['tenant_id'] === tenantId);
  return {
    variables: { UNMOGROWP_WRITE_KEY: write_key },
    onKafka,
    distinctOnKafka: async () => new Set((await onKafka()).map(({ row }) => row['event_id'])).size,
    leases: () => activeLeases(pool, tenantId, new Date()),
  };
}

const importArguments = (file: string, ...more: string[]) => [
  'import',
  file,
  '--mapping',
  mapping,
  '--url',
  ingest.url,
  '--no-wait',
  ...more,
];

it('an import that is killed goes on where it was, and nothing is lost or counted twice', async () => {
  const tenant = await newTenant('killed', 4_000);
  const file = join(folder, 'killed.csv');
  const rows = 20_000;
  const bad = 200;
  writeShopFile(file, rows, { badEvery: rows / bad });
  const first = startCommand(importArguments(file), tenant.variables);
  const statePath = `${file}.import.json`;
  const position = () => {
    const state = JSON.parse(readFileSync(statePath, 'utf8')) as { counts: { rows: number } };
    return state.counts.rows;
  };
  await vi.waitFor(() => expect(position()).toBeGreaterThan(2_000), { timeout: 60_000, interval: 20 });
  first.child.kill('SIGKILL');
  await first.ended;
  const positionAtKill = position();
  expect(positionAtKill).toBeLessThan(rows);

  const second = await runCommand(importArguments(file, '--json'), tenant.variables);
  expect(second.stderr).not.toContain('error');
  expect(second.code).toBe(3);
  const events = rows + rows / 100 - bad;
  expect(JSON.parse(second.stdout)).toMatchObject({
    is_complete: true,
    rows,
    rows_before: positionAtKill,
    accepted: events,
    rejected: bad,
  });
  expect(await tenant.distinctOnKafka()).toBe(events);
  expect(existsSync(statePath)).toBe(false);
  const [, ...rejects] = readFileSync(`${file}.rejects.csv`, 'utf8').trimEnd().split('\n');
  expect(rejects.map((reject) => Number(reject.split(',')[0]))).toEqual(
    Array.from({ length: bad }, (_, index) => (index + 1) * (rows / bad) + 1),
  );
});

it('an import waits for an ingest that is away, and loses nothing', async () => {
  const tenant = await newTenant('outage', 4_000);
  const file = join(folder, 'outage.csv');
  writeShopFile(file, 15_000);
  const spool = { INGEST_SPOOL_DIRECTORY: join(folder, 'spool') };
  const fragile = await startIngest('node', spool);
  const { port } = new URL(fragile.url);
  const running = startCommand([...importArguments(file), '--url', fragile.url, '--json'], tenant.variables);
  await vi.waitFor(() => expect(existsSync(`${file}.import.json`)).toBe(true), { timeout: 60_000, interval: 20 });
  await fragile.end('SIGKILL');
  const again = await startIngest('node', { ...spool, INGEST_PORT: port });
  const { code, stdout, stderr } = await running.ended;
  await again.end('SIGTERM');
  expect(code).toBe(0);
  expect(stderr).toContain('It is tried again');
  expect(JSON.parse(stdout)).toMatchObject({ accepted: 15_150, rejected: 0 });
  expect(await tenant.distinctOnKafka()).toBe(15_150);
});

it('a second import sends the same identities, also of a copied, renamed or grown file', async () => {
  const tenant = await newTenant('again');
  const file = join(folder, 'again.csv');
  writeShopFile(file, 1_500);
  expect(await runCommand(importArguments(file), tenant.variables)).toMatchObject({ code: 0 });
  const distinct = await tenant.distinctOnKafka();
  expect(distinct).toBe(1_515);
  const copy = join(folder, 'copy.csv');
  writeShopFile(copy, 1_600);
  expect(await runCommand(importArguments(copy), tenant.variables)).toMatchObject({ code: 0 });
  expect(await tenant.onKafka()).toHaveLength(1_515 + 1_616);
  expect(await tenant.distinctOnKafka()).toBe(1_616);
});

it('another file of the same mapping is other events', async () => {
  const tenant = await newTenant('others');
  for (const day of [5, 6]) {
    const file = join(folder, `day-${day}.csv`);
    writeShopFile(file, 200, { startsAt: Date.UTC(2026, 0, day) });
    expect(await runCommand(importArguments(file), tenant.variables)).toMatchObject({ code: 0 });
  }
  expect(await tenant.distinctOnKafka()).toBe(404);
});

it('what was not taken is in a file with line and reason, and everything beside it is taken', async () => {
  const tenant = await newTenant('rejects');
  const file = join(folder, 'rejects.csv');
  writeFileSync(
    file,
    [
      'time,user,channel,price',
      '2026-01-05 10:00:00,1,search,',
      'yesterday,2,search,',
      '2026-01-05 10:00:02,3,"two\nlines",free',
      '2026-01-05 10:00:03,4,search',
      '2026-01-05 10:00:04,5,search,9.90',
      '1999-01-05 10:00:05,6,search,',
      '',
    ].join('\n'),
  );
  const { code, stdout } = await runCommand(importArguments(file, '--json'), tenant.variables);
  expect(code).toBe(3);
  expect(JSON.parse(stdout)).toMatchObject({ rows: 6, accepted: 3, rejected: 5, rejects_file: `${file}.rejects.csv` });
  expect(readFileSync(`${file}.rejects.csv`, 'utf8').split('\n')).toEqual([
    'line,event,code,message',
    '3,click,invalid_time,its time is missing or not in the format of the mapping',
    '4,click,invalid_field,channel is blank or holds a control character',
    expect.stringMatching(/^4,conversion,invalid_revenue,"revenue is a decimal string/),
    '6,,malformed_row,"the row has 3 cells, the header 4"',
    '8,click,time_out_of_range,occurred_at lies before 2010 or more than 24 h ahead',
    '',
  ]);
  expect(await tenant.distinctOnKafka()).toBe(3);
});

it('a lease holds the range while an import runs, and ends with it', async () => {
  const tenant = await newTenant('leased', 4_000);
  const file = join(folder, 'leased.csv');
  writeShopFile(file, 15_000);
  const running = startCommand(importArguments(file), tenant.variables);
  await vi.waitFor(async () => expect(await tenant.leases()).toHaveLength(1), { timeout: 60_000, interval: 20 });
  const [lease] = await tenant.leases();
  expect(lease).toMatchObject({
    range_start: new Date(Date.UTC(2026, 0, 5)),
    range_end: new Date(Date.UTC(2026, 0, 5) + 14_999_000),
  });
  expect(await running.ended).toMatchObject({ code: 0 });
  expect(await tenant.leases()).toHaveLength(0);
});

it('the lease of an import that was killed expires, and is prolonged while it lives', async () => {
  const tenant = await newTenant('expired', 4_000);
  const file = join(folder, 'expired.csv');
  writeShopFile(file, 40_000);
  const running = startCommand(importArguments(file, '--lease-seconds', '1'), tenant.variables);
  const hasLease = async () => (await tenant.leases()).length > 0;
  await vi.waitFor(async () => expect(await hasLease()).toBe(true), { timeout: 60_000, interval: 20 });
  const [first] = await tenant.leases();
  // Held for longer than it was taken for, as the same lease.
  await vi.waitFor(
    async () => {
      const [now] = await tenant.leases();
      expect(now?.lease_id).toBe(first?.lease_id);
      expect((now?.expires_at.getTime() ?? 0) - (first?.expires_at.getTime() ?? 0)).toBeGreaterThan(1_000);
    },
    { timeout: 10_000, interval: 50 },
  );
  running.child.kill('SIGKILL');
  await running.ended;
  await vi.waitFor(async () => expect(await hasLease()).toBe(false), { timeout: 10_000, interval: 50 });
});

it('Ctrl-C stops in order, says how to go on, and keeps the windows held until the lease expires', async () => {
  const tenant = await newTenant('stopped', 4_000);
  const file = join(folder, 'stopped.csv');
  writeShopFile(file, 20_000);
  const running = startCommand(importArguments(file), tenant.variables);
  await vi.waitFor(() => expect(existsSync(`${file}.import.json`)).toBe(true), { timeout: 60_000, interval: 20 });
  running.child.kill('SIGINT');
  const ended = await running.ended;
  expect(ended.code).toBe(130);
  expect(ended.stderr).toContain(`The same command goes on from here: ${file}.import.json`);
  expect(await tenant.leases()).toHaveLength(1);
  const { counts } = JSON.parse(readFileSync(`${file}.import.json`, 'utf8')) as { counts: { accepted: number } };
  expect(await tenant.distinctOnKafka()).toBe(counts.accepted);
  const resumed = await runCommand(importArguments(file, '--json'), tenant.variables);
  expect(resumed).toMatchObject({ code: 0 });
  expect(await tenant.distinctOnKafka()).toBe(20_200);
  expect(await tenant.leases()).toHaveLength(0);
});

it('a file, mapping or key that cannot be used is refused before anything is sent', async () => {
  const tenant = await newTenant('refused');
  const file = join(folder, 'refused.csv');
  writeFileSync(file, 'when,user\n2026-01-05 10:00:00,1\n');
  const misfit = await runCommand(importArguments(file), tenant.variables);
  expect(misfit).toMatchObject({ code: 1, stdout: '' });
  expect(misfit.stderr).toContain('events[0].occurred_at: there is no column time');
  expect(misfit.stderr).toContain('its columns are: when, user');
  const unknown = await runCommand(importArguments(file), { UNMOGROWP_WRITE_KEY: 'umg_nobody' });
  expect(unknown).toMatchObject({ code: 1, stderr: expect.stringContaining('key_unknown') });
  const keyless = await runCommand(importArguments(file), { UNMOGROWP_WRITE_KEY: '' });
  expect(keyless).toMatchObject({ code: 1, stderr: expect.stringContaining('UNMOGROWP_WRITE_KEY') });
  const absent = await runCommand(importArguments(join(folder, 'absent.csv')), tenant.variables);
  expect(absent).toMatchObject({ code: 1, stderr: expect.stringContaining('there is no such file') });
  expect(await tenant.onKafka()).toHaveLength(0);
});

it('a wrong key is told before the file is read, and leaves nothing that would stand in the way of the right one', async () => {
  const tenant = await newTenant('mistyped');
  const file = join(folder, 'mistyped.csv');
  writeShopFile(file, 300);
  const wrong = await runCommand(importArguments(file, '--no-lease'), {
    ...tenant.variables,
    UNMOGROWP_WRITE_KEY: 'wrong',
  });
  expect(wrong).toMatchObject({ code: 1, stderr: expect.stringContaining('key_unknown') as string });
  expect(wrong.stderr).not.toContain('reading');
  expect(existsSync(`${file}.import.json`)).toBe(false);
  expect(await runCommand(importArguments(file), tenant.variables)).toMatchObject({ code: 0 });
});

it('an import without a lease is continued for the same write key only', async () => {
  const tenants = [await newTenant('first-key', 4_000), await newTenant('second-key')] as const;
  const file = join(folder, 'leaseless.csv');
  const state = `${file}.import.json`;
  writeShopFile(file, 20_000);
  const running = startCommand(importArguments(file, '--no-lease'), tenants[0].variables);
  const rowsSent = () => (JSON.parse(readFileSync(state, 'utf8')) as { counts: { rows: number } }).counts.rows;
  await vi.waitFor(() => expect(rowsSent()).toBeGreaterThan(0), { timeout: 60_000, interval: 20 });
  running.child.kill('SIGINT');
  await running.ended;
  const other = await runCommand(importArguments(file, '--no-lease'), tenants[1].variables);
  expect(other).toMatchObject({ code: 1, stderr: expect.stringContaining('cannot be continued') as string });
  expect(other.stderr).not.toContain('goes on');
  expect(await runCommand(importArguments(file, '--no-lease'), tenants[0].variables)).toMatchObject({ code: 0 });
  expect(await tenants[0].distinctOnKafka()).toBe(20_200);
  expect(await tenants[1].onKafka()).toHaveLength(0);
});

it('a dry run judges every row and sends nothing', async () => {
  const tenant = await newTenant('dry');
  const file = join(folder, 'dry.csv');
  writeShopFile(file, 250);
  const { code, stdout } = await runCommand(importArguments(file, '--dry-run', '--json'), tenant.variables);
  expect(code).toBe(0);
  expect(JSON.parse(stdout)).toMatchObject({
    rows: 250,
    events: 252,
    events_by_type: { click: 250, conversion: 2 },
    rejected: 0,
    range_start: '2026-01-05T00:00:00.000Z',
  });
  expect(await tenant.onKafka()).toHaveLength(0);
});
