import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { WindowKey } from '../../activities/contract.ts';
import { windowAt } from '../../activities/window-range.ts';
import { readLatenessReport } from '../../bin/lateness.ts';
import { type GeneratedArrival, generateArrivals } from '../../events/generator.ts';
import { FIELD_LATENESS } from '../../events/generator-lateness.ts';
import { parseEvent } from '../../events/parse.ts';
import type { EventRow } from '../../events/row.ts';
import { IDENTIFIER_TYPES } from '../../events/row.ts';
import { type Settings, settingsSchema } from '../../events/settings.ts';
import { createUserKeyOf } from '../../events/user-key.ts';
import { reconcileOnce, recordOf, startQuietWorker, untilSettled } from '../windows/reconciling.ts';
import { DAY_MS, type Parts, type WorkerProcess, newTenant, startParts } from '../windows/setup.ts';

const HOUR_MS = 3_600_000;
/** How often the platform looks at what has come while the events of the day trickle in. */
const BATCHES = 12;
const SETTINGS: Partial<Settings> = { granularity: '1h', models: ['linear', 'last_touch', 'w_shaped'] };

let parts: Parts;
let worker: WorkerProcess;
/** Of a day eight days ago: the last event comes six days after it. */
const dayStartMs = (Math.floor(Date.now() / DAY_MS) - 8) * DAY_MS;
const arrivals = generateArrivals({ seed: 41, dayStartMs, events: 1_200, lateness: FIELD_LATENESS });
/** One tenant gets the events as they arrive in the field, the other all of them before its windows close. */
let late: string;
let twin: string;
/** After each batch the windows whose version grew and those whose credits changed. */
const republished: { versions: number[]; credits: number[] }[] = [];

beforeAll(async () => {
  parts = await startParts();
  worker = await startQuietWorker(parts);
  late = await newTenant(parts.pool, SETTINGS);
  twin = await newTenant(parts.pool, SETTINGS);
  await arrive(rowsOf(twin, arrivals));
  let before = await stateOf(late);
  for (let batch = 0; batch < BATCHES; batch += 1) {
    const size = Math.ceil(arrivals.length / BATCHES);
    await arrive(rowsOf(late, arrivals.slice(batch * size, (batch + 1) * size)));
    const after = await stateOf(late);
    republished.push(changes(before, after));
    before = after;
  }
}, 600_000);
afterAll(async () => {
  expect(await worker.end('SIGTERM')).toBe(0);
});

const userKeyOf = createUserKeyOf(Buffer.alloc(32, 7));

function rowsOf(tenantId: string, some: readonly GeneratedArrival[]): EventRow[] {
  return some.map(({ event, arrivesAtMs }) => {
    const { row, rejection } = parseEvent(event, {
      tenantId,
      receivedAt: arrivesAtMs,
      traceId: '0'.repeat(32),
      identityPriority: IDENTIFIER_TYPES,
      userKeyOf,
      newEventId: randomUUID,
    });
    if (row === undefined) throw new Error(rejection.message);
    return row;
  });
}

/** All hours of the day of a tenant that hold events so far. */
const windowsOf = (rows: readonly EventRow[]): WindowKey[] => {
  const starts = rows.map(({ tenant_id, occurred_at }) => `${tenant_id} ${Math.floor(occurred_at / HOUR_MS)}`);
  return [...new Set(starts)].map((name) => {
    const [tenantId = '', hour] = name.split(' ');
    return windowAt(tenantId, '1h', Number(hour) * HOUR_MS);
  });
};

const known = new Map<string, WindowKey>();

async function arrive(rows: readonly EventRow[]): Promise<void> {
  await parts.produce(rows);
  await parts.sink();
  await reconcileOnce(parts);
  for (const window of windowsOf(rows)) known.set(`${window.tenantId} ${window.windowStartMs}`, window);
  await untilSettled(parts, [...known.values()], { timeoutMs: 120_000 });
}

/** Of each published window its version and what its credits are, whichever events were sent for which tenant. */
async function stateOf(tenantId: string): Promise<Map<number, { version: number; credits: string }>> {
  const result = await parts.clickhouse.client.query({
    query: `SELECT toInt64(toUnixTimestamp(window_start)) * 1000 AS startMs, version, toString(checksum) AS credits
      FROM publications WHERE tenant_id = {tenantId:String}`,
    query_params: { tenantId },
    format: 'JSONEachRow',
  });
  const rows = await result.json<{ startMs: number; version: number; credits: string }>();
  return new Map(rows.map(({ startMs, version, credits }) => [startMs, { version, credits }]));
}

type State = Awaited<ReturnType<typeof stateOf>>;

function changes(before: State, after: State): { versions: number[]; credits: number[] } {
  const both = [...after].filter(([start]) => before.has(start));
  return {
    versions: both.filter(([start, { version }]) => version !== before.get(start)?.version).map(([start]) => start),
    credits: both.filter(([start, { credits }]) => credits !== before.get(start)?.credits).map(([start]) => start),
  };
}

describe('a day whose events come as late as in the field', () => {
  test('ends with the credits of a day whose events came in time', async () => {
    const credits = (state: State) => new Map([...state].map(([start, window]) => [start, window.credits]));
    const [ofLate, ofTwin] = [await stateOf(late), await stateOf(twin)];
    expect(ofTwin.size).toBeGreaterThan(20);
    expect(credits(ofLate)).toEqual(credits(ofTwin));
    expect([...ofTwin.values()].every(({ version }) => version === 1)).toBe(true);
  });

  test('republishes exactly the windows whose credits change', () => {
    for (const { versions, credits } of republished) expect(versions).toEqual(credits);
    expect(republished.filter(({ credits }) => credits.length > 0).length).toBeGreaterThan(BATCHES / 2);
  });

  test('runs few windows for nothing, and each at most once for what came between two looks', async () => {
    const runs = [];
    for (const window of [...known.values()].filter(({ tenantId }) => tenantId === late)) {
      const record = await recordOf(parts, window);
      expect(record.runs.length).toBeLessThanOrEqual(BATCHES);
      runs.push(...record.runs);
    }
    const reopened = runs.filter((run) => run.startsWith('reopen'));
    const inVain = reopened.filter((run) => run === 'reopen: unchanged');
    expect(reopened.length).toBeGreaterThan(50);
    expect(inVain.length / reopened.length).toBeLessThan(0.05);
  });

  test('is reported as late as it was, and the advice follows', async () => {
    const settings = settingsSchema.parse(SETTINGS);
    const report = await readLatenessReport(parts.clickhouse, {
      tenantId: late,
      settings,
      fromMs: dayStartMs,
      toMs: Date.now(),
    });
    const lateness = arrivals.map(({ event, arrivesAtMs }) => arrivesAtMs - event.occurred_at);
    const share = (hours: number): number => lateness.filter((ms) => ms > hours * HOUR_MS).length / lateness.length;
    const sorted = lateness.toSorted((left, right) => left - right);
    const quantile = (part: number): number => (sorted[Math.floor(part * sorted.length)] ?? 0) / 1_000;
    const [all, ...channels] = report.lines;
    expect(all).toMatchObject({
      channel: null,
      events: arrivals.length,
      p50_seconds: quantile(0.5),
      p90_seconds: quantile(0.9),
      p99_seconds: quantile(0.99),
      share_over_1h: share(1),
      share_over_6h: share(6),
      share_over_1d: share(24),
      share_over_7d: 0,
    });
    expect(channels.reduce((sum, { events }) => sum + events, 0)).toBe(arrivals.length);
    const afterEnd = arrivals.map(
      ({ event, arrivesAtMs }) => arrivesAtMs - (Math.floor(event.occurred_at / HOUR_MS) + 1) * HOUR_MS,
    );
    const afterClose = afterEnd.filter((ms) => ms > settings.allowed_lateness_seconds * 1_000).length;
    expect(all?.share_over_allowed_lateness).toBe(afterClose / arrivals.length);
    const advised = report.advice?.allowed_lateness_seconds ?? 0;
    expect(afterEnd.filter((ms) => ms > advised * 1_000).length / arrivals.length).toBeLessThanOrEqual(0.05);
    expect(advised).toBeGreaterThan(settings.allowed_lateness_seconds);
  });
});
