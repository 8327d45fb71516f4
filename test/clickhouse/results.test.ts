import { randomUUID } from 'node:crypto';
import { afterAll, expect, it } from 'vitest';
import { createClickHouse } from '../../clickhouse/client.ts';
import { migrateClickHouse } from '../../clickhouse/migrate.ts';
import { readCreditedByModel } from '../../clickhouse/windows-of-range.ts';
import { clickhouseConfig } from '../sink/setup.ts';

await migrateClickHouse(clickhouseConfig, { cluster: '' });
const clickhouse = createClickHouse(clickhouseConfig);
afterAll(() => clickhouse.close());

const DAY_SECONDS = 86_400;
const WINDOW_START = Date.UTC(2026, 0, 5) / 1_000;

/** Credits of a run of one window, one conversion each; an organic one has no touchpoint. */
async function insertRun(
  tenantId: string,
  credits: readonly { channel: string; touchpoint: boolean }[],
): Promise<string> {
  const runId = randomUUID();
  await clickhouse.client.insert({
    table: 'credits_raw_v1',
    values: credits.map(({ channel, touchpoint }) => ({
      tenant_id: tenantId,
      window_start: WINDOW_START,
      run_id: runId,
      model: 'linear',
      conversion_event_id: randomUUID(),
      conversion_at: WINDOW_START,
      touchpoint_type: touchpoint ? 'click' : 'none',
      channel,
      journey_length: touchpoint ? 1 : 0,
      credit: '1',
    })),
    format: 'JSONEachRow',
  });
  return runId;
}

const publish = (tenantId: string, runId: string, version: number): Promise<unknown> =>
  clickhouse.client.insert({
    table: 'publications_raw_v1',
    values: [{ tenant_id: tenantId, window_start: WINDOW_START, version, run_id: runId, reason: 'close' }],
    format: 'JSONEachRow',
  });

const creditedBy = (tenantId: string) =>
  readCreditedByModel(clickhouse, {
    tenantId,
    windowsFromSeconds: WINDOW_START,
    windowsToSeconds: WINDOW_START + DAY_SECONDS,
  });

it('a conversion is organic for want of a touchpoint, not because a client names a channel so', async () => {
  const runId = await insertRun('named', [
    { channel: 'organic', touchpoint: true },
    { channel: 'organic', touchpoint: false },
    { channel: 'search', touchpoint: true },
  ]);
  await publish('named', runId, 1);
  expect(await creditedBy('named')).toEqual([{ model: 'linear', credit: '3', organic: '1', credited: '2' }]);
});

it('what is credited is what the newest publication says, and nothing of runs that are not published', async () => {
  const first = await insertRun('republished', [{ channel: 'search', touchpoint: true }]);
  await publish('republished', first, 1);
  const second = await insertRun('republished', [
    { channel: 'search', touchpoint: true },
    { channel: 'social', touchpoint: true },
  ]);
  await insertRun('republished', [{ channel: 'never', touchpoint: true }]);
  expect(await creditedBy('republished')).toMatchObject([{ credit: '1' }]);
  await publish('republished', second, 2);
  expect(await creditedBy('republished')).toMatchObject([{ credit: '2', organic: '0', credited: '2' }]);
  expect(await creditedBy('nobody')).toEqual([]);
});
