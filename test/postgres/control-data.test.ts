import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { settingsSchema } from '../../events/settings.ts';
import { readMigrations } from '../../migrations.ts';
import { activeLeases, extendLease, releaseLease, takeLease } from '../../postgres/leases.ts';
import { migratePostgres } from '../../postgres/migrate.ts';
import { createPostgresPool, inTransaction, queryRows } from '../../postgres/pool.ts';
import { changeSettings, loadSettings } from '../../postgres/settings.ts';
import { openSpools, reportSpool } from '../../postgres/spools.ts';
import { createTenant, loadTenants } from '../../postgres/tenants.ts';
import { findWriteKeyOwner, hashWriteKey, rotateKey } from '../../postgres/write-keys.ts';
import { testEnv } from '../support/parts.ts';

const MIGRATIONS = await readMigrations(fileURLToPath(new URL('../../postgres/migrations', import.meta.url)));
const pool = createPostgresPool({ url: testEnv.POSTGRES_URL, applicationName: 'test' });
afterAll(() => pool.end());

beforeAll(async () => {
  // Two processes that start together must not trip over each other.
  const applied = await Promise.all([migratePostgres(pool), migratePostgres(pool)]);
  expect(applied.map((names) => names.length).toSorted((left, right) => left - right)).toEqual([0, MIGRATIONS.length]);
});

describe('migrations', () => {
  it('refuse a file that was changed after it had been applied', async () => {
    await queryRows(pool, `UPDATE migrations SET checksum = 'other' WHERE name = '0001_tenants' RETURNING checksum`);
    await expect(migratePostgres(pool)).rejects.toMatchObject({ code: 'migration_changed' });
    await queryRows(pool, `DELETE FROM migrations WHERE name = '0001_tenants'`);
    expect(await migratePostgres(pool)).toEqual(['0001_tenants']);
  });
});

describe('write keys', () => {
  it('are found by their hash only, and never stored in clear', async () => {
    const { write_key: writeKey } = await createTenant(pool, { tenantId: 'keys', eventsPerSecondMax: 7 });
    expect(writeKey).toMatch(/^umg_[\w-]{32}$/);
    const owner = await findWriteKeyOwner(pool, hashWriteKey(writeKey));
    expect(owner).toMatchObject({ tenant_id: 'keys', events_per_second_max: 7, revoked_at: null });
    expect(owner?.user_key_secret).toHaveLength(32);
    expect(await findWriteKeyOwner(pool, hashWriteKey(`${writeKey}x`))).toBeUndefined();
    const stored = await queryRows<{ row: string }>(pool, 'SELECT write_keys::text AS row FROM write_keys');
    expect(stored.some(({ row }) => row.includes(writeKey))).toBe(false);
  });

  it('rotate at once, or after a time of grace that a second rotation cannot prolong', async () => {
    const first = await createTenant(pool, { tenantId: 'rotating' });
    const second = await rotateKey(pool, 'rotating', { graceSeconds: 3_600 });
    expect(second.revoked).toBe(1);
    const graced = await findWriteKeyOwner(pool, hashWriteKey(first.write_key));
    expect(graced?.revoked_at?.getTime()).toBeGreaterThan(Date.now() + 3_000_000);
    const third = await rotateKey(pool, 'rotating');
    expect(third.revoked).toBe(2);
    expect(await findWriteKeyOwner(pool, hashWriteKey(first.write_key))).toBeUndefined();
    expect(await findWriteKeyOwner(pool, hashWriteKey(second.write_key))).toBeUndefined();
    expect(await findWriteKeyOwner(pool, hashWriteKey(third.write_key))).toMatchObject({ tenant_id: 'rotating' });
    await expect(rotateKey(pool, 'nobody')).rejects.toMatchObject({ code: 'tenant_unknown' });
  });
});

describe('tenants', () => {
  it('have one name once', async () => {
    await createTenant(pool, { tenantId: 'once' });
    await expect(createTenant(pool, { tenantId: 'once' })).rejects.toMatchObject({ code: 'tenant_exists' });
    await expect(createTenant(pool, { tenantId: 'Not A Name' })).rejects.toMatchObject({ code: 'settings_invalid' });
    const listed = (await loadTenants(pool)).filter((tenant) => tenant.tenant_id === 'once');
    expect(listed).toMatchObject([{ settings_version: 1, settings: settingsSchema.parse({}) }]);
    expect(listed[0]?.key_prefixes).toHaveLength(1);
  });
});

describe('settings', () => {
  it('are versions: a change adds one, no change adds none, the granularity stays', async () => {
    await createTenant(pool, { tenantId: 'settled', settings: settingsSchema.parse({ granularity: '1h' }) });
    const changed = await changeSettings(pool, 'settled', { lookback_click_seconds: 3_600 });
    expect(changed).toMatchObject({ version: 2, settings: { lookback_click_seconds: 3_600, granularity: '1h' } });
    expect((await changeSettings(pool, 'settled', { lookback_click_seconds: 3_600 })).version).toBe(2);
    expect(await loadSettings(pool, 'settled')).toEqual(changed);
    expect((await loadSettings(pool, 'settled', 1)).settings.lookback_click_seconds).toBe(604_800);
    await expect(changeSettings(pool, 'settled', { granularity: '1d' })).rejects.toMatchObject({
      code: 'settings_invalid',
    });
    await expect(changeSettings(pool, 'settled', { lookback: 1 })).rejects.toThrow(/lookback/);
    await expect(changeSettings(pool, 'nobody', {})).rejects.toMatchObject({ code: 'tenant_unknown' });
  });

  it('get different versions from changes made at once', async () => {
    await createTenant(pool, { tenantId: 'busy' });
    const versions = await Promise.all(
      [1, 2, 3].map((hours) => changeSettings(pool, 'busy', { late_horizon_seconds: hours * 3_600 })),
    );
    expect(new Set(versions.map(({ version }) => version))).toEqual(new Set([2, 3, 4]));
  });
});

describe('import leases', () => {
  it('hold their range until they are released or expire', async () => {
    await createTenant(pool, { tenantId: 'importing' });
    const range = { rangeStart: new Date('2017-11-06T00:00:00Z'), rangeEnd: new Date('2017-11-10T00:00:00Z') };
    const lease = await takeLease(pool, { tenantId: 'importing', ...range, durationMs: 60_000 });
    expect(await activeLeases(pool, 'importing', new Date())).toEqual([lease]);
    expect(await activeLeases(pool, 'importing', new Date(Date.now() + 61_000))).toEqual([]);
    expect(await extendLease(pool, lease.lease_id, 120_000)).toBe(true);
    expect(await activeLeases(pool, 'importing', new Date(Date.now() + 61_000))).toHaveLength(1);
    await releaseLease(pool, lease.lease_id);
    expect(await activeLeases(pool, 'importing', new Date())).toEqual([]);
    expect(await extendLease(pool, lease.lease_id, 120_000)).toBe(false);
  });
});

describe('spools', () => {
  it('are known while they hold events', async () => {
    const spoolId = '01930000-0000-7000-8000-000000000001';
    const oldestReceivedAt = new Date('2026-01-01T00:00:00Z');
    await reportSpool(pool, { spoolId, records: 2, oldestReceivedAt });
    await reportSpool(pool, { spoolId, records: 1, oldestReceivedAt });
    expect(await openSpools(pool)).toMatchObject([
      { spool_id: spoolId, records: 1, oldest_received_at: oldestReceivedAt },
    ]);
    await reportSpool(pool, { spoolId, records: 0, oldestReceivedAt });
    expect(await openSpools(pool)).toEqual([]);
  });
});

describe('errors', () => {
  it('tell a server that is away from a statement that is wrong', async () => {
    const away = createPostgresPool({ url: 'postgres://nobody:x@127.0.0.1:1/none', applicationName: 'test' });
    await expect(queryRows(away, 'SELECT 1')).rejects.toMatchObject({ code: 'postgres_unavailable', retryable: true });
    await away.end();
    await expect(queryRows(pool, 'SELECT nothing')).rejects.toMatchObject({
      code: 'postgres_query_failed',
      retryable: false,
    });
    await expect(queryRows(pool, 'SELECT pg_terminate_backend(pg_backend_pid())')).rejects.toMatchObject({
      code: 'postgres_unavailable',
    });
  });

  it('of a connection that is lost inside a transaction end that transaction and not the process', async () => {
    const isGone = async (pid: number) =>
      (await queryRows(pool, 'SELECT 1 FROM pg_stat_activity WHERE pid = $1', [pid])).length === 0;
    const lost = inTransaction(pool, async (connection) => {
      const [backend] = await queryRows<{ pid: number }>(connection, 'SELECT pg_backend_pid() AS pid');
      await queryRows(pool, 'SELECT pg_terminate_backend($1)', [backend?.pid]);
      await expect.poll(() => isGone(backend?.pid ?? 0)).toBe(true);
      await queryRows(connection, 'SELECT 1');
    });
    await expect(lost).rejects.toMatchObject({ code: 'postgres_unavailable', retryable: true });
    expect(await queryRows(pool, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
  });
});
