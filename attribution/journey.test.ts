import fc from 'fast-check';
import { expect, it } from 'vitest';
import { DAY_MS, HOUR_MS, WINDOW_START_MS, eventOf } from '../test/attribution/events.ts';
import { type PlacedEvent, buildJourney } from './journey.ts';

const LOOKBACKS = { clickMs: 7 * DAY_MS, impressionMs: DAY_MS };
const touchpoint = fc
  .record({
    id: fc.integer({ min: 1, max: 12 }),
    hours: fc.integer({ min: -12, max: 30 }),
    event_type: fc.constantFrom<('click' | 'impression')[]>('click', 'impression'),
    received: fc.integer({ min: 0, max: 3 }),
    kafka_offset: fc.integer({ min: 0, max: 1_000_000 }),
  })
  .map(({ id, hours, received, ...rest }) =>
    eventOf({
      ...rest,
      event_id: `00000000-0000-4000-8000-0000000000${String(id).padStart(2, '0')}`,
      occurred_at: WINDOW_START_MS - hours * HOUR_MS,
      received_at: WINDOW_START_MS + received,
    }),
  );
const touchpoints = fc.uniqueArray(touchpoint, { maxLength: 40, selector: (event) => event.kafka_offset });
const build = (events: readonly PlacedEvent[]) => buildJourney(events, WINDOW_START_MS, LOOKBACKS);

it('is the same whatever order the events are read in', () => {
  fc.assert(
    fc.property(touchpoints, (events) => {
      expect(build(events.toReversed())).toEqual(build(events));
    }),
  );
});

it('does not change when an event is sent again, at any time that it claims', () => {
  fc.assert(
    fc.property(touchpoints, fc.nat(), fc.integer({ min: 0, max: 12 }), (events, pick, hours) => {
      const copied = build(events)[pick % Math.max(1, build(events).length)];
      fc.pre(copied !== undefined);
      const copy = {
        ...copied,
        occurred_at: WINDOW_START_MS - hours * HOUR_MS,
        received_at: copied.received_at + 10,
        channel: 'other',
      };
      expect(build([copy, ...events])).toEqual(build(events));
    }),
  );
});

it('holds no impression at the moment of a click, unless the click is out of reach', () => {
  const at = WINDOW_START_MS - 2 * HOUR_MS;
  const click = eventOf({ event_type: 'click', occurred_at: at });
  const impression = eventOf({ event_type: 'impression', occurred_at: at });
  expect(build([impression, click])).toEqual([click]);
  expect(buildJourney([impression, click], WINDOW_START_MS, { clickMs: HOUR_MS, impressionMs: DAY_MS })).toEqual([
    impression,
  ]);
});
