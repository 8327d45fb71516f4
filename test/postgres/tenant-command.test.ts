import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { migratePostgres } from '../../postgres/migrate.ts';
import { createPostgresPool } from '../../postgres/pool.ts';
import { findWriteKeyOwner, hashWriteKey } from '../../postgres/write-keys.ts';
import { testEnv, testVariables } from '../support/parts.ts';

const PROGRAM = fileURLToPath(new URL('../../bin/unmogrowp.ts', import.meta.url));
const pool = createPostgresPool({ url: testEnv.POSTGRES_URL, applicationName: 'test' });
const directory = mkdtempSync(join(tmpdir(), 'unmogrowp-tenant-test-'));
afterAll(async () => {
  await pool.end();
  rmSync(directory, { recursive: true, force: true });
});

function unmogrowp(...args: string[]): { code: number | null; stdout: string; stderr: string } {
  const result = spawnSync(process.execPath, [PROGRAM, ...args], {
    env: { ...process.env, ...testVariables },
    encoding: 'utf8',
  });
  return { code: result.status, stdout: result.stdout, stderr: result.stderr };
}
const json = (...args: string[]) =>
  JSON.parse(unmogrowp(...args, '--json').stdout || 'null') as Record<string, unknown>;

it('without tables says which command makes them', () => {
  const { code, stderr } = unmogrowp('tenant', 'list');
  expect(code).toBe(1);
  expect(stderr).toContain('unmogrowp migrate');
});

describe('unmogrowp tenant', () => {
  beforeAll(() => migratePostgres(pool));

  it('prints a new write key once, alone on standard output, and it works', async () => {
    const { code, stdout } = unmogrowp(
      'tenant',
      'create',
      'acme',
      '--set',
      'granularity=1h',
      'models=linear,last_touch',
    );
    expect(code).toBe(0);
    expect(stdout).toMatch(/^umg_[\w-]{32}\n$/);
    expect(await findWriteKeyOwner(pool, hashWriteKey(stdout.trim()))).toMatchObject({ tenant_id: 'acme' });
    expect(unmogrowp('tenant', 'list').stdout).not.toContain(stdout.trim());
    expect(unmogrowp('tenant', 'create', 'acme')).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('tenant_exists'),
    });
  });

  it('rotates a key, with or without grace', async () => {
    const created = json('tenant', 'create', 'rotating');
    const graced = json('tenant', 'key', 'rotate', 'rotating', '--grace', '600');
    expect(graced).toMatchObject({ revoked: 1, grace_seconds: 600 });
    expect(await findWriteKeyOwner(pool, hashWriteKey(String(created['write_key'])))).toBeDefined();
    const rotated = unmogrowp('tenant', 'key', 'rotate', 'rotating').stdout.trim();
    expect(await findWriteKeyOwner(pool, hashWriteKey(String(created['write_key'])))).toBeUndefined();
    expect(await findWriteKeyOwner(pool, hashWriteKey(rotated))).toBeDefined();
    expect(unmogrowp('tenant', 'key', 'rotate', 'nobody').stderr).toContain('tenant_unknown');
    expect(unmogrowp('tenant', 'key', 'rotate', 'rotating', '--grace', 'soon').code).toBe(2);
  });

  it('limits the rate of a tenant', async () => {
    const created = json('tenant', 'create', 'limited', '--events-per-second', '50');
    const limit = async () =>
      (await findWriteKeyOwner(pool, hashWriteKey(String(created['write_key']))))?.events_per_second_max;
    expect(await limit()).toBe(50);
    expect(json('tenant', 'limit', 'limited', '--events-per-second', '70')).toMatchObject({
      events_per_second_max: 70,
    });
    expect(await limit()).toBe(70);
    expect(unmogrowp('tenant', 'limit', 'nobody', '--events-per-second', '70').stderr).toContain('tenant_unknown');
    expect(unmogrowp('tenant', 'limit', 'limited', '--events-per-second', '0').code).toBe(2);
  });

  it('changes settings as versions, from a file and from single values, but never the granularity', () => {
    const file = join(directory, 'settings.json');
    writeFileSync(file, JSON.stringify({ lookback_click_seconds: 3_600, conversion_names: ['purchase'] }));
    json('tenant', 'create', 'settled', '--settings', file);
    expect(json('tenant', 'settings', 'settled')).toMatchObject({
      version: 1,
      settings: { lookback_click_seconds: 3_600 },
    });
    const changed = json(
      'tenant',
      'settings',
      'settled',
      '--file',
      file,
      '--set',
      'late_horizon_seconds=60',
      'conversion_names=',
    );
    expect(changed).toMatchObject({ version: 2, settings: { late_horizon_seconds: 60, conversion_names: [] } });
    const refused = unmogrowp('tenant', 'settings', 'settled', '--set', 'granularity=1h');
    expect(refused).toMatchObject({ code: 1, stderr: expect.stringContaining('would count a conversion twice') });
  });

  it('gives the settings of one tenant to another, as they are printed', () => {
    const file = join(directory, 'printed.json');
    json('tenant', 'create', 'pattern', '--set', 'lookback_click_seconds=60', 'w_shaped_milestone=2024');
    writeFileSync(file, unmogrowp('tenant', 'settings', 'pattern', '--json').stdout);
    json('tenant', 'create', 'copied', '--settings', file);
    const settingsOf = (tenantId: string) => json('tenant', 'settings', tenantId)['settings'];
    expect(settingsOf('copied')).toEqual(settingsOf('pattern'));
    expect(settingsOf('copied')).toMatchObject({ lookback_click_seconds: 60, w_shaped_milestone: '2024' });
  });

  it('takes a model that is named twice once', () => {
    json('tenant', 'create', 'twice', '--set', 'models=linear,linear');
    expect(json('tenant', 'settings', 'twice')['settings']).toMatchObject({ models: ['linear'] });
  });

  it.each([
    [['--set', 'lookback=1'], /There is no setting lookback\. There are: models, lookback_click_seconds, /],
    [['--set', 'lookback_click_seconds'], /not key=value, such as/],
    [['--set', 'models='], /models: /],
    [['--file', '/nowhere.json'], /there is no such file/],
    [['--from', '2100-01-01'], /name some with --set or --file/],
  ])('refuses %j and says what to write instead', (options, message) => {
    json('tenant', 'create', 'refused');
    const { code, stderr } = unmogrowp('tenant', 'settings', 'refused', ...options);
    expect(code).toBe(1);
    expect(stderr).toMatch(message);
    expect(json('tenant', 'settings', 'refused')).toMatchObject({ version: 1 });
  });

  it.each(['| true', '2>&1 >/dev/null | true'])('does not fail when nobody reads on: %s', (pipe) => {
    json('tenant', 'create', 'unread');
    const command = `"$0" "$1" tenant settings unread ${pipe}; exit "\${PIPESTATUS[0]}"`;
    const { status } = spawnSync('bash', ['-c', command, process.execPath, PROGRAM], {
      env: { ...process.env, ...testVariables },
    });
    expect(status).toBe(0);
  });

  it('tells in its help what each setting means and what it is by default', () => {
    const { stdout } = unmogrowp('tenant', 'settings', '--help');
    expect(stdout).toMatch(/late_horizon_seconds +How long after its first close .* Default: 604800/);
  });
});
