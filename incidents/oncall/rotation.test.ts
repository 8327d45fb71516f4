import { expect, test } from 'vitest';
import { turnAt } from './rotation.ts';
import { scheduleSchema } from './schema.ts';

const MINUTE_MS = 60_000;

test.each([
  ['Europe/Berlin', '2026-10-24T22:00Z'],
  ['Europe/Berlin', '2026-03-28T22:00Z'],
  ['America/New_York', '2026-11-01T03:00Z'],
  ['America/New_York', '2026-03-08T04:00Z'],
  ['Australia/Lord_Howe', '2026-04-04T12:00Z'],
  ['Australia/Lord_Howe', '2026-10-03T12:00Z'],
])(
  'in the night in which the clocks of %s change, every minute is in the turn that holds it: from %s',
  (zone, from) => {
    const people = ['ada', 'grace', 'linus'];
    const layer = { id: 'base', people, starts: '2026-01-05', handover: { time: '09:20' } };
    const { layers } = scheduleSchema.parse({
      id: 'primary',
      time_zone: zone,
      layers: [{ ...layer, rotation: { every: 1, unit: 'hours' } }],
    });
    const [hourly] = layers;
    if (hourly === undefined) throw new Error('no layer');
    const startMs = Date.parse(from);
    const minutes = Array.from({ length: 8 * 60 }, (_, minute) => startMs + minute * MINUTE_MS);
    let turn = turnAt(hourly, zone, startMs);
    for (const atMs of minutes) {
      if (turn.untilMs <= atMs) turn = turnAt(hourly, zone, turn.untilMs);
      expect(turnAt(hourly, zone, atMs)).toEqual(turn);
      expect(turn.untilMs).toBeGreaterThan(atMs);
    }
  },
);
