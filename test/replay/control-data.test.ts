import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { settingsSchema } from '../../events/settings.ts';
import { migratePostgres } from '../../postgres/migrate.ts';
import { createPostgresPool, queryRows } from '../../postgres/pool.ts';
import {
  type NewReplay,
  type Replay,
  beginOperation,
  changeReplay,
  createReplay,
  listReplayActions,
  loadReplay,
} from '../../postgres/replays.ts';
import { changeSettings, loadSettings, settingsVersionOf } from '../../postgres/settings.ts';
import { createTenant, loadTenants } from '../../postgres/tenants.ts';
import { testEnv } from '../support/parts.ts';

const pool = createPostgresPool({ url: testEnv.POSTGRES_URL, applicationName: 'test' });
beforeAll(() => migratePostgres(pool));
afterAll(() => pool.end());

const HOUR_MS = 3_600_000;
const tomorrow = new Date(Math.ceil(Date.now() / HOUR_MS) * HOUR_MS + 24 * HOUR_MS);
const at = (day: string): Date => new Date(`${day}T00:00:00Z`);

async function newTenant(): Promise<string> {
  const tenantId = `replay-${randomUUID()}`;
  await createTenant(pool, { tenantId, settings: settingsSchema.parse({ models: ['linear'] }) });
  return tenantId;
}

function create(tenantId: string, from: string, to: string, more: Partial<NewReplay> = {}): Promise<Replay> {
  return createReplay(pool, {
    replayId: randomUUID(),
    tenantId,
    rangeStart: at(from),
    rangeEnd: at(to),
    reason: '',
    requestedBy: 'test',
    settings: { kind: 'in_force' },
    asOf: null,
    isDryRun: false,
    concurrency: 1,
    codeVersion: 'test',
    ...more,
  });
}

const end = ({ replay_id: replayId }: Replay): Promise<Replay> => changeReplay(pool, replayId, { state: 'ended' });
const begin = (replay: Replay, operation: 'publish' | 'rollback', actionKey: string = randomUUID()): Promise<Replay> =>
  beginOperation(pool, replay.replay_id, { operation, by: 'test', note: '', actionKey });

describe('two replays over one range', () => {
  test.each(['running', 'paused', 'cancelling'] as const)(
    'the second is refused with the identity of the first while that is %s',
    async (state) => {
      const tenantId = await newTenant();
      const first = await create(tenantId, '2026-01-01', '2026-01-03');
      await changeReplay(pool, first.replay_id, { state });
      for (const [from, to] of [
        ['2026-01-02', '2026-01-04'],
        ['2025-12-01', '2026-02-01'],
        ['2026-01-01', '2026-01-02'],
      ] as const) {
        await expect(create(tenantId, from, to)).rejects.toMatchObject({
          code: 'replay_overlaps',
          message: expect.stringContaining(first.replay_id),
          context: { replay_id: first.replay_id },
        });
      }
    },
  );

  test.each(['ended', 'cancelled'] as const)('the second runs when the first is %s', async (state) => {
    const tenantId = await newTenant();
    const first = await create(tenantId, '2026-01-01', '2026-01-03');
    await changeReplay(pool, first.replay_id, { state });
    await create(tenantId, '2026-01-02', '2026-01-04');
  });

  test('windows beside each other and those of other tenants are no overlap', async () => {
    const tenantId = await newTenant();
    await create(tenantId, '2026-01-01', '2026-01-03');
    await create(tenantId, '2026-01-03', '2026-01-04');
    await create(await newTenant(), '2026-01-01', '2026-01-03');
  });

  test('that are asked for at the same moment become one', async () => {
    const tenantId = await newTenant();
    const asked = await Promise.allSettled([1, 2, 3, 4].map(() => create(tenantId, '2026-01-01', '2026-01-03')));
    expect(asked.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
  });

  test('a publication or a rollback holds the range like a run', async () => {
    const tenantId = await newTenant();
    const dry = await end(await create(tenantId, '2026-01-01', '2026-01-03', { isDryRun: true }));
    const other = await create(tenantId, '2026-01-02', '2026-01-04');
    await expect(begin(dry, 'publish')).rejects.toMatchObject({
      code: 'replay_overlaps',
      context: { replay_id: other.replay_id },
    });
    await end(other);
    expect(await begin(dry, 'publish')).toMatchObject({ operation: 'publish', state: 'running' });
    await expect(create(tenantId, '2026-01-02', '2026-01-04')).rejects.toMatchObject({ code: 'replay_overlaps' });
    await expect(begin(other, 'rollback')).rejects.toMatchObject({ code: 'replay_overlaps' });
  });
});

describe('the operations of a replay', () => {
  test('follow each other only in their order', async () => {
    const tenantId = await newTenant();
    const real = await create(tenantId, '2026-01-01', '2026-01-02');
    const refused = { code: 'replay_invalid' };
    await expect(begin(real, 'rollback')).rejects.toMatchObject(refused);
    await end(real);
    await expect(begin(real, 'publish')).rejects.toMatchObject(refused);
    await end(await begin(real, 'rollback'));
    const dry = await create(tenantId, '2026-01-01', '2026-01-02', { isDryRun: true });
    await changeReplay(pool, dry.replay_id, { state: 'cancelled' });
    await expect(begin(dry, 'publish')).rejects.toMatchObject(refused);
    await end(dry);
    await expect(begin(dry, 'rollback')).rejects.toMatchObject(refused);
    await end(await begin(dry, 'publish'));
    await end(await begin(dry, 'rollback'));
    await expect(begin(dry, 'publish')).rejects.toMatchObject(refused);
    await expect(loadReplay(pool, randomUUID())).rejects.toMatchObject({ code: 'replay_unknown' });
  });

  test('are one line of the audit trail each, however often they are asked for by one name', async () => {
    const tenantId = await newTenant();
    const replay = await create(tenantId, '2026-01-01', '2026-01-02', { isDryRun: true, reason: 'a bug' });
    await end(replay);
    await end(await begin(replay, 'publish', 'once'));
    await end(await begin(replay, 'publish', 'once'));
    const lines = await listReplayActions(pool, replay.replay_id);
    expect(lines.map(({ action, note }) => [action, note])).toEqual([
      ['run', 'a bug'],
      ['publish', ''],
    ]);
  });
});

describe('settings that a replay brings along', () => {
  test('are a version that nothing else takes, also not the next change', async () => {
    const tenantId = await newTenant();
    const changes = { models: ['last_touch'] };
    const replay = await create(tenantId, '2026-01-01', '2026-01-02', { settings: { kind: 'changed', changes } });
    expect(replay.settings_version).toBe(2);
    expect((await loadSettings(pool, tenantId, 2)).settings.models).toEqual(['last_touch']);
    expect(await loadSettings(pool, tenantId)).toMatchObject({ version: 1 });
    const listed = (await loadTenants(pool)).find((tenant) => tenant.tenant_id === tenantId);
    expect(listed).toMatchObject({ settings_version: 1 });
    const window = { tenantId, windowStartMs: Date.now(), publishedVersion: null };
    expect(await settingsVersionOf(pool, window)).toBe(1);
    expect(await settingsVersionOf(pool, { ...window, publishedVersion: 2 })).toBe(2);
    const changed = await changeSettings(pool, tenantId, { lookback_click_seconds: 60 });
    expect(changed).toMatchObject({ version: 3, settings: { models: ['linear'] } });
  });

  test('are those in force when they say the same, and none when windows keep theirs', async () => {
    const tenantId = await newTenant();
    const same = { kind: 'changed', changes: { models: ['linear'] } } as const;
    expect(await end(await create(tenantId, '2026-01-01', '2026-01-02', { settings: same }))).toMatchObject({
      settings_version: 1,
    });
    const kept = await create(tenantId, '2026-01-01', '2026-01-02', { settings: { kind: 'kept' } });
    expect(await end(kept)).toMatchObject({ settings_version: null });
    const then = await create(tenantId, '2026-01-01', '2026-01-02', { asOf: at('2026-01-05') });
    expect(await end(then)).toMatchObject({ settings_version: null });
  });

  test.each([{ granularity: '1h' }, { allowed_lateness_seconds: 1 }, { identity_priority: ['idfv'] }, { model: 'x' }])(
    'are refused with %o, and nothing is left of the replay',
    async (changes) => {
      const tenantId = await newTenant();
      const asked = create(tenantId, '2026-01-01', '2026-01-02', { settings: { kind: 'changed', changes } });
      await expect(asked).rejects.toMatchObject({ code: 'settings_invalid' });
      await create(tenantId, '2026-01-01', '2026-01-02');
    },
  );
});

describe('settings apply', () => {
  const window = (tenantId: string, windowStart: Date, publishedVersion: number | null = null) => ({
    tenantId,
    windowStartMs: windowStart.getTime(),
    publishedVersion,
  });

  test('without a date to every window that is not published, and to no published one', async () => {
    const tenantId = await newTenant();
    await changeSettings(pool, tenantId, { models: ['last_touch'] });
    for (const start of [at('2020-01-01'), tomorrow]) {
      expect(await settingsVersionOf(pool, window(tenantId, start))).toBe(2);
      expect(await settingsVersionOf(pool, window(tenantId, start, 1))).toBe(1);
    }
  });

  test('from their date on to the windows that begin then or later', async () => {
    const tenantId = await newTenant();
    const planned = await changeSettings(pool, tenantId, { models: ['last_touch'] }, tomorrow);
    expect(planned).toMatchObject({ version: 2, applies_from: tomorrow });
    expect(await loadSettings(pool, tenantId)).toMatchObject({ version: 1 });
    const before = new Date(tomorrow.getTime() - HOUR_MS);
    expect(await settingsVersionOf(pool, window(tenantId, before))).toBe(1);
    expect(await settingsVersionOf(pool, window(tenantId, tomorrow))).toBe(2);
  });

  test('never from a moment that has passed, and never before what is planned already', async () => {
    const tenantId = await newTenant();
    const refused = { code: 'settings_invalid' };
    const change = { models: ['last_touch'] };
    await expect(changeSettings(pool, tenantId, change, at('2026-01-01'))).rejects.toMatchObject(refused);
    await changeSettings(pool, tenantId, change, tomorrow);
    await expect(changeSettings(pool, tenantId, { models: ['time_decay'] })).rejects.toMatchObject(refused);
    const replaced = await changeSettings(pool, tenantId, { models: ['time_decay'] }, tomorrow);
    expect(replaced.version).toBe(3);
    expect(await settingsVersionOf(pool, window(tenantId, tomorrow))).toBe(3);
  });

  test('as of a time those that were stored by then', async () => {
    const tenantId = await newTenant();
    await changeSettings(pool, tenantId, { models: ['last_touch'] });
    const [changed] = await queryRows<{ created_at: Date }>(
      pool,
      'SELECT created_at FROM attribution_settings WHERE tenant_id = $1 AND version = 2',
      [tenantId],
    );
    const beforeChange = new Date((changed?.created_at.getTime() ?? 0) - 1);
    const start = at('2026-01-01');
    expect(await settingsVersionOf(pool, { ...window(tenantId, start), knownAt: beforeChange })).toBe(1);
    expect(await settingsVersionOf(pool, { ...window(tenantId, start), knownAt: new Date(Date.now() + 60_000) })).toBe(
      2,
    );
    expect(await settingsVersionOf(pool, { ...window(tenantId, start), knownAt: at('2000-01-01') })).toBe(1);
  });
});
