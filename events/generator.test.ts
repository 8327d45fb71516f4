import fc from 'fast-check';
import { expect, it } from 'vitest';
import { type GeneratedDay, generateDay } from './generator.ts';
import { createRandom } from './generator-random.ts';
import { type ParseContext, parseEvent } from './parse.ts';
import { IDENTIFIER_TYPES } from './row.ts';

const DAY = Date.UTC(2026, 0, 5);
const context: ParseContext = {
  tenantId: 'demo',
  receivedAt: DAY + 2 * 86_400_000,
  traceId: '0'.repeat(32),
  identityPriority: IDENTIFIER_TYPES,
  userKeyOf: (type, value) => `${type}:${value}`,
  newEventId: () => '',
};
const options = { dayStartMs: DAY, events: 800, eventsPerRequest: 200 };
const seeds = fc.integer({ min: 0, max: 2 ** 40 });

const rowsOf = ({ requests, lateRequests }: GeneratedDay) =>
  [...requests, ...lateRequests].flat().map((event) => parseEvent(event, context));

it('the same seed gives the same day, another seed another one', () => {
  fc.assert(
    fc.property(seeds, (seed) => {
      const text = (day: GeneratedDay) => JSON.stringify([day.requests, day.lateRequests]);
      expect(text(generateDay({ ...options, seed }))).toBe(text(generateDay({ ...options, seed })));
      expect(text(generateDay({ ...options, seed }))).not.toBe(text(generateDay({ ...options, seed: seed + 1 })));
    }),
    { numRuns: 10 },
  );
});

it('every event is judged as it says it has to be, for any seed', () => {
  fc.assert(
    fc.property(seeds, (seed) => {
      const day = generateDay({ ...options, seed });
      const judged = rowsOf(day);
      const codes: Record<string, number> = {};
      for (const { rejection } of judged) if (rejection) codes[rejection.code] = (codes[rejection.code] ?? 0) + 1;
      expect(codes).toEqual(day.expected.rejectedByCode);
      const rows = judged.flatMap(({ row }) => (row === undefined ? [] : [row]));
      expect(judged).toHaveLength(day.expected.sent);
      expect(rows).toHaveLength(day.expected.accepted);
      expect(new Set(rows.map(({ event_id }) => event_id)).size).toBe(day.expected.distinct);
      expect(rows.every(({ occurred_at: at }) => at >= DAY && at < DAY + 86_400_000)).toBe(true);
    }),
    { numRuns: 20 },
  );
});

it('no request holds an event twice, so that resent ones are taken and not refused', () => {
  fc.assert(
    fc.property(seeds, (seed) => {
      const { requests, lateRequests, expected } = generateDay({ ...options, seed });
      for (const events of [...requests, ...lateRequests]) expect(new Set(events).size).toBe(events.length);
      expect(expected.resent).toBeGreaterThan(0);
      expect(Math.max(...requests.map((events) => events.length))).toBeLessThan(1_000);
    }),
    { numRuns: 10 },
  );
});

it('a day has every kind of life in it: channels, journeys of several touches, organic conversions, two currencies', () => {
  const day = generateDay({ ...options, events: 20_000, seed: 7 });
  const rows = rowsOf(day).flatMap(({ row }) => (row === undefined ? [] : [row]));
  expect(new Set(rows.map(({ channel }) => channel)).size).toBe(7);
  expect(Object.keys(day.expected.valueMicro).toSorted()).toEqual(['EUR', 'USD']);
  expect(day.expected.organic).toBeGreaterThan(50);
  expect(day.expected.organic).toBeLessThan(day.expected.conversions / 2);
  expect(Object.keys(day.expected.rejectedByCode)).toHaveLength(14);
  expect(new Set(rows.map(({ name }) => name))).toEqual(new Set(['', 'install', 'signup', 'purchase']));
  const perPerson = new Map<string, number>();
  for (const { user_key } of rows) perPerson.set(user_key, (perPerson.get(user_key) ?? 0) + 1);
  expect(Math.max(...perPerson.values())).toBeGreaterThan(20);
  const perHour = Array.from({ length: 24 }, (_, hour) =>
    rows.reduce((sum, { occurred_at: at }) => sum + (Math.floor((at - DAY) / 3_600_000) === hour ? 1 : 0), 0),
  );
  expect(Math.max(...perHour)).toBeGreaterThan(4 * Math.min(...perHour));
});

it('chance keeps its promises: weights, bounds and identities', () => {
  const random = createRandom(1);
  const draws = Array.from({ length: 10_000 }, () => random.pickWeighted([{ weight: 1 }, { weight: 3 }]).weight);
  expect(draws.filter((weight) => weight === 3).length / draws.length).toBeCloseTo(0.75, 1);
  expect(Array.from({ length: 1_000 }, () => random.heavyTail(1.3, 40)).every((n) => n >= 1 && n <= 40)).toBe(true);
  expect(random.uuid()).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
});
