import { beforeAll, afterAll, describe, expect, test } from 'vitest';
import { windowAt } from '../../activities/window-range.ts';
import type { WindowKey } from '../../activities/contract.ts';
import { unmogrowp, unmogrowpJson } from '../replay/command.ts';
import { reconcileOnce, recordOf, startQuietWorker, startRecurring, untilSettled } from '../windows/reconciling.ts';
import type { EventRow } from '../../events/row.ts';
import type { WorkerProcess } from '../windows/setup.ts';
import { readMetrics } from '../support/openmetrics.ts';
import {
  HOUR_MS,
  type LedgerTest,
  PAST_HOUR_MS,
  expectAddsUp,
  newTenant,
  reconcile,
  request,
  startLedgerParts,
} from './setup.ts';

const AT_MS = PAST_HOUR_MS + 1_800_000;

let parts: LedgerTest;
let worker: WorkerProcess;
beforeAll(async () => {
  parts = await startLedgerParts();
  worker = await startQuietWorker(parts);
});
afterAll(async () => {
  expect(await worker.end('SIGTERM')).toBe(0);
});

/** Lets the worker measure what is due, and tell the windows. */
const keepLedger = async () => (await startRecurring(parts, 'ledger')).result();

const newHour = async (settings = {}): Promise<WindowKey> =>
  windowAt(await newTenant(parts.pool, { granularity: '1h', ...settings }), '1h', PAST_HOUR_MS);

interface Shown {
  state: string;
  version: number;
  last_outcome: { state: string; failure: { code: string; message: string } | null } | null;
  ledger: {
    hours: number;
    hours_measured: number;
    faults: { hour: string; differences: Record<string, number> }[];
    conversions: { inside: number; credited: number; organic: number; not_counted: number } | null;
  };
}

const show = ({ tenantId, windowStartMs }: WindowKey) =>
  unmogrowpJson<Shown>('windows', 'show', tenantId, new Date(windowStartMs).toISOString());

/** Waits until a window has been refused. */
const untilRefused = (window: WindowKey) =>
  expect.poll(async () => (await show(window)).state, { timeout: 30_000 }).toBe('inconsistent');

/** Accepts one request into a window, and has it published. */
async function published(window: WindowKey, counts = { clicks: 20, purchases: 4 }) {
  const rows = request(window.tenantId, counts, AT_MS);
  await parts.accept(rows);
  await reconcile(window.tenantId);
  await reconcileOnce(parts);
  await untilSettled(parts, [window]);
  return rows;
}

/** What the worker says about records of a tenant that were never stored. */
async function gapOf(tenantId: string): Promise<number | undefined> {
  const { samples } = await readMetrics(worker.metricsUrl);
  const told = samples.filter(({ name }) => name === 'unmogrowp_ledger_difference_events');
  return told.find(({ labels }) => labels['tenant'] === tenantId && labels['code'] === 'offset_gap')?.value;
}

describe('the ledger follows events into windows', () => {
  test('and counts what is credited, organic, and not counted by the settings', async () => {
    const window = await newHour({ conversion_names: ['purchase'] });
    const rows = request(window.tenantId, { clicks: 10, purchases: 3 }, AT_MS);
    const lonely = request(window.tenantId, { clicks: 2, purchases: 2 }, AT_MS).slice(2);
    const signups = request(window.tenantId, { clicks: 1, purchases: 1 }, AT_MS)
      .slice(1)
      .map((row) => ({ ...row, name: 'signup' }));
    await parts.accept([...rows, ...lonely, ...signups]);
    expect((await reconcile(window.tenantId)).only).toMatchObject({ events: 16, waiting: 16, inside_windows: 0 });
    await reconcileOnce(parts);
    await untilSettled(parts, [window]);
    const { code, only } = await reconcile(window.tenantId);
    expectAddsUp(only);
    expect(code).toBe(0);
    expect(only).toMatchObject({
      inside_windows: 16,
      waiting: 0,
      conversions: 6,
      credited: 3,
      organic: 2,
      not_counted: 1,
      differences: {},
    });
    expect((await show(window)).ledger).toEqual({
      hours: 1,
      hours_measured: 1,
      faults: [],
      conversions: { inside: 6, credited: 3, organic: 2, not_counted: 1 },
    });
    const { stdout } = await unmogrowp('windows', 'show', window.tenantId, new Date(PAST_HOUR_MS).toISOString());
    expect(stdout).toContain('6 = 3 credited + 2 organic + 1 not counted');
    expect(stdout).toMatch(/ledger +adds up/);
  });
});

test('of copies that say something else only the first is an event: no credit is asked for the others', async () => {
  const window = await newHour();
  const rows = request(window.tenantId, { clicks: 2, purchases: 1 }, AT_MS);
  const [first, second, bought] = rows as [EventRow, EventRow, EventRow];
  // A purchase by the identity of a click that came before, and a click by that of another user.
  const others = [
    { ...bought, event_id: second.event_id },
    { ...first, user_key: second.user_key, channel: 'email' },
  ].map((row) => ({ ...row, received_at: AT_MS + 1_000 }));
  await parts.accept(rows);
  await parts.accept(others);
  await reconcile(window.tenantId);
  await reconcileOnce(parts);
  await untilSettled(parts, [window]);
  const { code, only } = await reconcile(window.tenantId);
  expectAddsUp(only);
  expect(code).toBe(0);
  expect(only).toMatchObject({ in_clickhouse: 5, events: 3, duplicates_removed: 2, conversions: 1, credited: 1 });
  expect((await show(window)).ledger.conversions).toEqual({ inside: 1, credited: 1, organic: 0, not_counted: 0 });
});

describe('a window to which lost events may belong', () => {
  test('is not published before they are back', async () => {
    const window = await newHour();
    const rows = request(window.tenantId, { clicks: 20, purchases: 4 }, AT_MS);
    await parts.accept(rows);
    await reconcile(window.tenantId);
    const putBack = await parts.takeAway(`event_id = '${rows.at(-1)?.event_id}'`, ['events_raw_v1']);
    expect((await reconcile(window.tenantId)).code).toBe(1);
    await keepLedger();
    await reconcileOnce(parts);
    await untilRefused(window);
    const shown = await show(window);
    expect(shown).toMatchObject({ version: 0, ledger: { faults: [{ differences: { row_gap: 1 } }] } });
    expect(shown.last_outcome?.failure?.code).toBe('run_inconsistent');
    expect(shown.last_outcome?.failure?.message).toContain(
      `${new Date(PAST_HOUR_MS).toISOString().slice(0, 13)}:00:00Z: 1 row_gap`,
    );
    await putBack();
    await keepLedger();
    await untilSettled(parts, [window]);
    expect(await show(window)).toMatchObject({
      version: 1,
      ledger: { faults: [], conversions: { inside: 4, credited: 4 } },
    });
  });

  test('keeps what is published, says what is wrong, and is verified again when it is mended', async () => {
    const window = await newHour();
    const [other, elsewhere] = [await newHour(), windowAt(window.tenantId, '1h', PAST_HOUR_MS - HOUR_MS)];
    await parts.accept(request(window.tenantId, { clicks: 5, purchases: 1 }, AT_MS - HOUR_MS));
    await published(other);
    await published(window);
    await untilSettled(parts, [elsewhere]);
    await keepLedger();
    const putBack = await parts.takeAway(
      `tenant_id = '${window.tenantId}' AND received_at >= fromUnixTimestamp64Milli(${PAST_HOUR_MS})`,
    );
    const { only } = await reconcile(window.tenantId);
    expectAddsUp(only);
    expect(only.differences).toEqual({ offset_gap: 24 });
    await keepLedger();
    await untilRefused(window);
    expect(await recordOf(parts, window)).toEqual({ version: 1, runs: ['close: published', 'reopen: inconsistent'] });
    await expect.poll(() => gapOf(window.tenantId), { timeout: 40_000, interval: 1_000 }).toBe(24);
    await putBack();
    await keepLedger();
    await untilSettled(parts, [window]);
    expect(await recordOf(parts, window)).toEqual({
      version: 1,
      runs: ['close: published', 'reopen: inconsistent', 'reopen: unchanged'],
    });
    for (const untouched of [other, elsewhere]) {
      expect(await recordOf(parts, untouched)).toEqual({ version: 1, runs: ['close: published'] });
    }
  });

  test('is computed again when credits of its publication are gone', async () => {
    const window = await newHour();
    const rows = await published(window);
    const lost = rows.at(-1)?.event_id;
    await parts.change(`ALTER TABLE credits_raw_v1 DELETE WHERE conversion_event_id = '${lost}'`);
    const { code, only } = await reconcile(window.tenantId);
    expectAddsUp(only);
    expect([code, only.differences]).toEqual([1, { uncredited: 1 }]);
    await keepLedger();
    await expect.poll(async () => (await recordOf(parts, window)).version, { timeout: 30_000 }).toBe(2);
    expect(await reconcile(window.tenantId)).toMatchObject({ code: 0, only: { credited: 4, differences: {} } });
  });

  test('is published without them when somebody bears their loss, and not when more are lost', async () => {
    const window = await newHour();
    const rows = request(window.tenantId, { clicks: 20, purchases: 4 }, AT_MS);
    await parts.accept(rows);
    await reconcile(window.tenantId);
    await parts.takeAway(`event_id = '${rows.at(-1)?.event_id}'`, ['events_raw_v1']);
    await reconcile(window.tenantId);
    await reconcileOnce(parts);
    await untilRefused(window);
    const hour = new Date(PAST_HOUR_MS).toISOString();
    const why = ['--by', 'anna', '--reason', 'the disk is gone'];
    expect(await unmogrowp('reconcile', 'accept', window.tenantId, hour, ...why)).toMatchObject({ code: 0 });
    await keepLedger();
    await untilSettled(parts, [window]);
    expect(await recordOf(parts, window)).toEqual({ version: 1, runs: ['close: inconsistent', 'close: published'] });
    const borne = await reconcile(window.tenantId);
    expect(borne).toMatchObject({
      code: 0,
      only: {
        adds_up: true,
        differences: { row_gap: 1 },
        accepted_loss: { events: 1, accepted_by: 'anna', reason: 'the disk is gone' },
      },
    });
    await parts.takeAway(`event_id = '${rows[0]?.event_id}'`, ['events_raw_v1']);
    expect(await reconcile(window.tenantId)).toMatchObject({ code: 1, only: { differences: { row_gap: 2 } } });
    await keepLedger();
    await untilRefused(window);
    expect(await recordOf(parts, window)).toMatchObject({ version: 1 });
  });

  test('is published although the ledger knows nothing of its hours', async () => {
    const window = await newHour();
    await parts.accept(request(window.tenantId, { clicks: 5, purchases: 1 }, AT_MS));
    await expect
      .poll(
        async () => {
          await reconcileOnce(parts);
          return (await recordOf(parts, window)).version;
        },
        { timeout: 30_000 },
      )
      .toBe(1);
    expect((await show(window)).ledger).toMatchObject({ hours: 1, hours_measured: 0, faults: [] });
  });
});
