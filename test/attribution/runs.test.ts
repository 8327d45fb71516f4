import { randomUUID } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import {
  computeCredits,
  deleteUnpublishedRuns,
  insertPublication,
  insertRun,
  readCurrentPublication,
  readExpectedTotals,
  readLatestRun,
  readRunTotals,
} from '../../activities/run-queries.ts';
import type { PlacedEvent } from '../../attribution/journey.ts';
import { type RunInput, creditParameters } from '../../attribution/parameters.ts';
import { creditWindow } from '../../attribution/reference.ts';
import { DAY_MS, HOUR_MS, WINDOW_START_MS, eventOf, newTenant, runOf } from './events.ts';
import { clickhouse, computeRows, insertEvents, readRows, toRows } from './setup.ts';

const USERS = 40;

/** Some users with three touchpoints and a conversion each; every fifth has none of the former. */
function eventsOf(tenant: string): PlacedEvent[] {
  let kafka_offset = 0;
  return Array.from({ length: USERS }, (_, user) => {
    const user_key = randomUUID();
    const touchpoints = ['search', 'direct', 'social'].map((channel, index) =>
      eventOf({ channel, user_key, occurred_at: WINDOW_START_MS - index * HOUR_MS }),
    );
    const conversion = eventOf({
      event_type: 'conversion',
      user_key,
      occurred_at: WINDOW_START_MS + user * 1_000,
      revenue: '19.99',
      currency: user % 2 === 0 ? 'EUR' : 'USD',
    });
    return user % 5 === 0 ? [conversion] : [...touchpoints, conversion];
  })
    .flat()
    .map((event) => ({ ...event, tenant_id: tenant, kafka_offset: kafka_offset++ }));
}

const totalsOf = ({ tenantId, windowStartMs, runId }: RunInput) =>
  readRunTotals(clickhouse, { tenantId, windowStartMs, runId });

const again = (run: RunInput): RunInput => ({ ...run, runId: randomUUID() });

function publicationOf(run: RunInput, version: number) {
  const { tenantId, windowStartMs, windowEndMs, runId } = run;
  const base = {
    tenantId,
    windowStartMs,
    windowEndMs,
    runId,
    granularity: '1d',
    reason: 'close',
    traceId: '',
  } as const;
  return { ...base, version, settingsVersion: 1, publishedAtMs: WINDOW_START_MS + version };
}

describe('repeatable', () => {
  it('gives the same checksum under the same cut-off, whatever has arrived since', async () => {
    const tenant = newTenant();
    const events = eventsOf(tenant);
    await insertEvents(events);
    const run = runOf(tenant, { cutoff: { events: [events.length] } });
    const rows = await computeRows(run);
    const before = await totalsOf(run);
    const late = events.map((event) => ({
      ...event,
      ...(event.event_type === 'click' ? { event_id: randomUUID() } : { occurred_at: event.occurred_at - DAY_MS }),
      received_at: event.received_at - 1,
      kafka_offset: event.kafka_offset + events.length,
    }));
    await insertEvents(late);
    const second = again(run);
    expect(await computeRows(second)).toEqual(rows);
    expect(await totalsOf(second)).toEqual(before);
    const third = { ...again(run), cutoff: { events: [2 * events.length] } };
    expect(await computeRows(third)).toEqual(toRows(creditWindow([...events, ...late], third)));
    expect(await totalsOf(third)).not.toEqual(before);
  });

  it('counts everything once when all of it is sent twice', async () => {
    const tenant = newTenant();
    const events = eventsOf(tenant);
    await insertEvents(events);
    const once = runOf(tenant);
    const rows = await computeRows(once);
    await insertEvents(
      events.map((event) => ({
        ...event,
        received_at: event.received_at + 5,
        occurred_at: event.occurred_at + HOUR_MS,
        kafka_offset: event.kafka_offset + events.length,
      })),
    );
    // The sink inserts a batch again when its token was forgotten: the same rows at the same places.
    await insertEvents(events);
    const twice = again(once);
    expect(await computeRows(twice)).toEqual(rows);
    expect(await totalsOf(twice)).toEqual(await totalsOf(once));
  });
});

describe('adds up', () => {
  it('totals of a run are what the events say, for each model and currency', async () => {
    const tenant = newTenant();
    await insertEvents(eventsOf(tenant));
    const run = runOf(tenant);
    await computeRows(run);
    const expected = await readExpectedTotals(clickhouse, { ...run, conversionNames: [] });
    const totals = await totalsOf(run);
    expect(expected).toEqual([
      { currency: 'EUR', conversions: USERS / 2, value: '399.8' },
      { currency: 'USD', conversions: USERS / 2, value: '399.8' },
    ]);
    expect(totals).toHaveLength(run.settings.models.length * expected.length);
    for (const { currency, credit, value, conversionsOrganic, touchpoints } of totals) {
      const of = expected.find((row) => row.currency === currency);
      expect({ credit, value }).toEqual({ credit: String(of?.conversions), value: of?.value });
      expect({ conversionsOrganic, touchpoints }).toEqual({ conversionsOrganic: USERS / 10, touchpoints: '48' });
    }
  });

  it('conversions of another tenant with the same identities are never read', async () => {
    const [mine, other] = [newTenant(), newTenant()];
    const events = eventsOf(mine);
    await insertEvents(events);
    const before = await computeRows(runOf(mine));
    await insertEvents(
      events.map((event) => ({
        ...event,
        tenant_id: other,
        received_at: event.received_at - HOUR_MS,
        channel: 'theirs',
      })),
    );
    expect(await computeRows(runOf(mine))).toEqual(before);
    expect(await computeRows(runOf(newTenant()))).toEqual([]);
  });
});

describe('atomic', () => {
  it('shows nothing of a run before its publication, and all of it after', async () => {
    const tenant = newTenant();
    await insertEvents(eventsOf(tenant));
    const first = runOf(tenant);
    const rows = await computeRows(first);
    expect(await readRows('credits', first)).toEqual([]);
    await insertPublication(clickhouse, publicationOf(first, 1));
    expect(await readRows('credits', first)).toEqual(rows);
    const second = again(first);
    await computeRows(second);
    expect(await readRows('credits', second)).toEqual([]);
    await insertPublication(clickhouse, publicationOf(second, 2));
    expect(await readRows('credits', first)).toEqual([]);
    expect(await readRows('credits', second)).toEqual(rows);
  });

  it('readers meet one whole publication or the one before, while windows are published under them', async () => {
    const tenant = newTenant();
    await insertEvents(eventsOf(tenant));
    const all = runOf(tenant);
    // Every other publication credits only half of the conversions.
    const runs = Array.from({ length: 8 }, (_, index) =>
      index % 2 === 0 ? again(all) : { ...again(all), windowEndMs: WINDOW_START_MS + (USERS / 2) * 1_000 },
    );
    for (const run of runs) await computeCredits(clickhouse, creditParameters(run));
    let isPublishing = true;
    const seen = new Set<string>();
    const read = async () => {
      while (isPublishing) {
        const result = await clickhouse.client.query({
          query: `SELECT toFloat64(sum(credit)) AS conversions, uniqExact(run_id) AS runs FROM credits
            WHERE tenant_id = {tenant:String} AND model = 'linear'`,
          query_params: { tenant },
          format: 'JSONEachRow',
        });
        for (const { conversions, runs: count } of await result.json<{ conversions: number; runs: number }>()) {
          seen.add(`${conversions} of ${count}`);
        }
      }
    };
    const readers = Promise.all([read(), read(), read()]);
    for (const [index, run] of runs.entries()) await insertPublication(clickhouse, publicationOf(run, index + 1));
    isPublishing = false;
    await readers;
    const whole = new Set([`0 of 0`, `${USERS} of 1`, `${USERS / 2} of 1`]);
    expect([...seen].filter((state) => !whole.has(state))).toEqual([]);
    expect(await readRows('credits', runs.at(-1) ?? all)).not.toEqual([]);
  });

  it('a version belongs to the run that published it first', async () => {
    const tenant = newTenant();
    const [first, second] = [runOf(tenant), runOf(tenant)];
    await insertPublication(clickhouse, publicationOf(first, 1));
    await insertPublication(clickhouse, publicationOf(second, 1));
    await insertPublication(clickhouse, { ...publicationOf(first, 1), publishedAtMs: WINDOW_START_MS + 100 });
    const [current, ...others] = await readCurrentPublication(clickhouse, first);
    expect(others).toEqual([]);
    expect(current).toMatchObject({ version: 1, runId: first.runId, publishedAtMs: WINDOW_START_MS + 1 });
  });

  it('removes what was never published, and nothing else', async () => {
    const tenant = newTenant();
    await insertEvents(eventsOf(tenant));
    const [published, abandoned] = [runOf(tenant), runOf(tenant)];
    const rows = await computeRows(published);
    await computeRows(abandoned);
    await insertPublication(clickhouse, publicationOf(published, 1));
    const olderThan = (ageMs: number) => ({ ageMs, dryRunAgeMs: ageMs, runsMax: 100 });
    expect(await deleteUnpublishedRuns(clickhouse, olderThan(DAY_MS))).toBe(0);
    expect(await deleteUnpublishedRuns(clickhouse, olderThan(0))).not.toBe(0);
    expect(await readRows('credits_raw_v1', abandoned)).toEqual([]);
    expect(await totalsOf(abandoned)).toEqual([]);
    expect(await readRows('credits', published)).toEqual(rows);
  });
});

it('a run recorded twice is one run, in the newest state that it reached', async () => {
  const { settings, cutoff, ...run } = runOf(newTenant());
  const recorded = {
    ...run,
    granularity: '1d',
    state: 'computed',
    reason: 'reopen',
    settingsVersion: 3,
    settings: JSON.stringify(settings),
    cutoff: { ...cutoff },
    codeVersion: 'abc',
    conversions: 1,
    conversionsAttributed: 1,
    conversionsOrganic: 0,
    touchpoints: 2,
    credits: 9,
    checksum: '18446744073709551615',
    traceId: '',
    startedAtMs: 1_000,
    finishedAtMs: 1_500,
    replayId: '',
  } as const;
  for (const state of ['computed', 'published', 'computed'] as const) {
    await insertRun(clickhouse, { ...recorded, state });
  }
  expect(await readLatestRun(clickhouse, run)).toEqual([{ ...recorded, state: 'published' }]);
});
