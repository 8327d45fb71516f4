import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { PlacedEvent } from '../../attribution/journey.ts';
import { creditWindow } from '../../attribution/reference.ts';
import type { EventType } from '../../events/row.ts';
import { MODELS, type Model, type Settings } from '../../events/settings.ts';
import { DAY_MS, HOUR_MS, WINDOW_START_MS, eventOf, newTenant, runOf, settingsOf } from './events.ts';
import { type CreditRow, computeRows, insertEvents, parseDecimal, toRows } from './setup.ts';

const uuid = (kind: number, number: number): string =>
  `${String(number % 7).padStart(8, '0')}-0000-4000-8000-${String(kind * 1_000_000 + number).padStart(12, '0')}`;

/**
 * Few values of everything, so that the rare becomes common: ties of time, copies with other times and types, one
 * conversion claimed by several users, rows behind the cut-off.
 */
const moment = fc.oneof(
  { weight: 4, arbitrary: fc.integer({ min: -20, max: 23 }).map((hour) => WINDOW_START_MS + hour * HOUR_MS) },
  { weight: 2, arbitrary: fc.integer({ min: -9 * DAY_MS, max: 2 * DAY_MS }).map((ms) => WINDOW_START_MS + ms) },
  { weight: 1, arbitrary: fc.constantFrom(WINDOW_START_MS, WINDOW_START_MS + DAY_MS, WINDOW_START_MS + DAY_MS - 1) },
);
const event = fc
  .record({
    isTouchpoint: fc.integer({ min: 0, max: 9 }).map((number) => number < 7),
    isFirst: fc.boolean(),
    app: fc.constantFrom('shop', 'shop', 'shop', 'game'),
    user: fc.constantFrom(1, 1, 1, 2, 3),
    occurred_at: moment,
    id: fc.integer({ min: 1, max: 80 }),
    hasForeignId: fc.integer({ min: 0, max: 19 }).map((number) => number === 0),
    channel: fc.constantFrom('direct', 'direct', 'search', 'social', 'organic'),
    campaign: fc.constantFrom('', 'spring', `o'clock "ü"`),
    name: fc.constantFrom('purchase', 'signup'),
    revenue: fc.oneof(
      fc.constantFrom('0', '0.000001', '999999999999.999999', '10'),
      fc.integer({ min: 0, max: 1_000_000 }).map((cents) => (cents / 100).toFixed(2)),
    ),
    currency: fc.constantFrom('EUR', 'USD'),
    delayMs: fc.constantFrom(0, 1, 5, HOUR_MS),
    kafka_topic: fc.constantFrom('events', 'events', 'events-two'),
    kafka_partition: fc.integer({ min: 0, max: 1 }),
    kafka_offset: fc.integer({ min: 0, max: 30 }),
  })
  .map(({ isTouchpoint, isFirst, app, user, id, hasForeignId, delayMs, name, channel, campaign, ...place }) => {
    const event_type: EventType = isTouchpoint
      ? isFirst
        ? 'click'
        : 'impression'
      : isFirst
        ? 'conversion'
        : 'install';
    const { revenue, currency, ...rest } = place;
    return eventOf({
      ...rest,
      app_id: app,
      user_key: uuid(1, user),
      event_id: uuid(isTouchpoint === hasForeignId ? 3 : 2, id),
      event_type,
      received_at: WINDOW_START_MS + delayMs,
      ...(isTouchpoint
        ? { channel, campaign, ad_group: `${campaign}1`, creative: channel, country: 'DE', platform: 'ios' }
        : { name: event_type === 'install' ? 'install' : name, revenue, currency }),
    });
  });

const ALL_MODELS: Model[] = [...MODELS];
const settings = fc
  .record({
    models: fc.oneof(fc.constant(ALL_MODELS), fc.subarray(ALL_MODELS, { minLength: 1 })),
    lookback_click_seconds: fc.constantFrom(3_600, 86_400, 7 * 86_400),
    lookback_impression_seconds: fc.constantFrom(1, 86_400, 8 * 86_400),
    conversion_names: fc.constantFrom<string[][]>([], [], ['purchase'], ['install', 'signup']),
    time_decay_half_life_seconds: fc.constantFrom(1, 86_400, 7 * 86_400),
    shares: fc.constantFrom([0.4, 0.4], [0, 0], [1, 0], [0, 1], [0.333_333_333_3, 0.1]),
    w_shaped_milestone: fc.constantFrom('signup', 'install', 'purchase'),
  })
  .map(({ shares: [first = 0, last = 0], ...rest }): Settings =>
    settingsOf({ ...rest, position_based_first_share: first, position_based_last_share: last }),
  );

const visibleUntil = fc.oneof({ weight: 3, arbitrary: fc.constant(31) }, fc.integer({ min: 0, max: 31 }));
const cutoff = fc.record({
  events: fc.array(visibleUntil, { minLength: 1, maxLength: 3 }),
  'events-two': fc.array(visibleUntil, { maxLength: 2 }),
});

/** The same rows, but for the last two digits of time decay, whose weights are no integers. */
function expectSameRows(actual: readonly CreditRow[], expected: readonly CreditRow[]): void {
  const exact = (rows: readonly CreditRow[]) => rows.filter((row) => row.model !== 'time_decay');
  expect(exact(actual)).toEqual(exact(expected));
  const decays = (rows: readonly CreditRow[]) => new Map(rows.map((row) => [identity(row), row]));
  const left = decays(actual);
  const right = decays(expected);
  for (const key of new Set([...left.keys(), ...right.keys()])) {
    const [one, other] = [left.get(key), right.get(key)];
    const difference = parseDecimal(one?.credit ?? '0', 9) - parseDecimal(other?.credit ?? '0', 9);
    expect(difference <= 2n && difference >= -2n, `${key}: ${one?.credit} ${other?.credit}`).toBe(true);
  }
}

const identity = ({ credit: _credit, value: _value, ...row }: CreditRow): string => JSON.stringify(row);

/** Positions within one partition are unique for each event, as on Kafka, where only equal rows share all of them. */
function withUniquePlaces(events: readonly PlacedEvent[]): PlacedEvent[] {
  const seen = new Set<string>();
  return events.filter((row) => {
    const key = [row.event_id, row.received_at, row.kafka_topic, row.kafka_partition, row.kafka_offset].join();
    return !seen.has(key) && seen.add(key);
  });
}

describe('the SQL gives what the reference gives, row by row', () => {
  it('for random journeys, copies, ties, cut-offs and settings', { timeout: 300_000 }, async () => {
    let credits = 0;
    await fc.assert(
      fc.asyncProperty(
        fc.array(event, { minLength: 60, maxLength: 160 }),
        settings,
        cutoff,
        async (drawn, chosen, visible) => {
          const tenant = newTenant();
          const events = withUniquePlaces(drawn).map((row) => ({ ...row, tenant_id: tenant }));
          await insertEvents(events);
          const run = runOf(tenant, { settings: chosen, cutoff: visible });
          const expected = toRows(creditWindow(events, run));
          credits += expected.length;
          expectSameRows(await computeRows(run), expected);
        },
      ),
      { numRuns: 30 },
    );
    // Empty answers agree easily.
    expect(credits).toBeGreaterThan(500);
  });
});
