import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { settingsSchema } from '../../events/settings.ts';
import { createPostgresPool } from '../../postgres/pool.ts';
import { createTenant } from '../../postgres/tenants.ts';
import { testEnv } from '../support/parts.ts';
import { runCommand, temporaryFolder } from './import-command.ts';
import { startPlatformProcesses } from './processes.ts';

const VARIABLE = 'UNMOGROWP_DATA_DIRECTORY';
const FILE = 'talkingdata_train_sample.csv';
const directory = process.env[VARIABLE] ?? '';
const file = join(directory, FILE);
const isThere = directory !== '' && existsSync(file);
if (!isThere) {
  process.stderr.write(
    `SKIPPED: the import of 100,000 real clicks. Set ${VARIABLE} to a folder with ${FILE} ` +
      '(train_sample.csv of the TalkingData AdTracking data set) to run it.\n',
  );
}

interface Summary {
  accepted: number;
  conversions: number;
  credited: number;
  organic: number;
  windows: { window_start: string; state: string; version: number; conversions: number }[];
  by_model: { model: string; credit: string; credited: string; organic: string }[];
}

describe.skipIf(!isThere)('the 100,000 clicks of TalkingData', async () => {
  if (!isThere) return;
  const url = await startPlatformProcesses({ WORKER_RECONCILE_INTERVAL_MS: '2000' });
  const folder = temporaryFolder();

  async function newTenant(tenantId: string, settings: Record<string, unknown>): Promise<string> {
    const pool = createPostgresPool({ url: testEnv.POSTGRES_URL, applicationName: 'test' });
    const { write_key } = await createTenant(pool, { tenantId, settings: settingsSchema.parse(settings) });
    await pool.end();
    return write_key;
  }

  async function importInto(writeKey: string): Promise<Summary> {
    const state = ['--state', join(folder, 'state.json'), '--rejects', join(folder, 'rejects.csv')];
    const { code, stdout, stderr } = await runCommand(
      ['import', file, '--mapping', 'talkingdata', '--url', url, '--json', ...state],
      { UNMOGROWP_WRITE_KEY: writeKey },
    );
    expect(`${code} ${stderr.includes('error') ? stderr : ''}`).toBe('0 ');
    return JSON.parse(stdout) as Summary;
  }

  const shown = ({ windows }: Summary) =>
    windows.map(({ window_start, conversions }) => [window_start.slice(0, 10), conversions]);

  it('with 7 days of lookback end as four published windows whose 227 installs are all credited; twice is once', async () => {
    const writeKey = await newTenant('seven-days', {});
    const first = await importInto(writeKey);
    expect(first.accepted).toBe(100_227);
    expect(shown(first)).toEqual([
      ['2017-11-06', 4],
      ['2017-11-07', 76],
      ['2017-11-08', 85],
      ['2017-11-09', 62],
    ]);
    // Held by the lease until the end, each window was computed and published once.
    expect(first.windows.every(({ state, version }) => state === 'published' && version === 1)).toBe(true);
    expect(first).toMatchObject({ conversions: 227, credited: 227, organic: 0 });
    for (const { credit, organic } of first.by_model) expect([Number(credit), Number(organic)]).toEqual([227, 0]);

    const second = await importInto(writeKey);
    expect(second).toMatchObject({ accepted: 100_227, conversions: 227, credited: 227, organic: 0 });
    expect(second.windows).toEqual(first.windows);
    expect(second.by_model).toEqual(first.by_model);
  }, 300_000);

  it('with 1 hour of lookback 165 installs are credited to channels and 62 are organic', async () => {
    const writeKey = await newTenant('one-hour', { lookback_click_seconds: 3_600 });
    const summary = await importInto(writeKey);
    expect(summary).toMatchObject({ conversions: 227, credited: 165, organic: 62 });
    expect(summary.windows.every(({ state, version }) => state === 'published' && version === 1)).toBe(true);
    for (const { credited, organic } of summary.by_model)
      expect([Number(credited), Number(organic)]).toEqual([165, 62]);
  }, 300_000);
});
