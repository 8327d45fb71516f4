import fc from 'fast-check';
import { DateTime } from 'luxon';
import { describe, expect, it, test } from 'vitest';
import { type Schedule, scheduleSchema } from './schema.ts';
import { type Override, shiftsBetween, whoIsOnCall, wholeShiftsBetween } from './who.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const at = (text: string): number => Date.parse(text);
const iso = (epochMs: number): string => new Date(epochMs).toISOString().slice(0, 16);

const schedule = (input: Record<string, unknown>, timeZone = 'Europe/Berlin'): Schedule =>
  scheduleSchema.parse({
    id: 'primary',
    time_zone: timeZone,
    layers: [{ id: 'base', people: ['ada', 'grace'], starts: '2026-01-05', ...input }],
  });

const overrideOf = (override: Partial<Override>): Override => ({
  overrideId: 'o',
  scheduleId: 'primary',
  kind: 'override',
  people: ['linus'],
  fromMs: 0,
  toMs: 1,
  createdAtMs: 0,
  ...override,
});

const shiftTexts = (of: Schedule, from: string, to: string): string[] =>
  shiftsBetween(of, [], at(from), at(to)).shifts.map(
    ({ people, fromMs, toMs }) => `${people.join('+')} ${iso(fromMs)} ${iso(toMs)} ${(toMs - fromMs) / HOUR_MS}h`,
  );

describe('a handover stays at its time of the wall clock', () => {
  test.each([
    // The clocks go forward within the second shift: it has 23 hours.
    ['Europe/Berlin', '2026-03-27T08:00Z', '2026-03-30T07:00Z', [24, 23, 24]],
    ['Europe/Berlin', '2026-10-23T07:00Z', '2026-10-26T08:00Z', [24, 25, 24]],
    ['America/New_York', '2026-03-06T14:00Z', '2026-03-09T13:00Z', [24, 23, 24]],
    ['America/New_York', '2026-10-30T13:00Z', '2026-11-02T14:00Z', [24, 25, 24]],
    ['Australia/Lord_Howe', '2026-10-01T22:30Z', '2026-10-04T22:00Z', [24, 23.5, 24]],
    ['Australia/Lord_Howe', '2026-04-02T22:00Z', '2026-04-05T22:30Z', [24, 24.5, 24]],
  ])('%s from %s', (timeZone, from, to, hours) => {
    const daily = schedule({ rotation: 'daily' }, timeZone);
    const { shifts, gaps } = shiftsBetween(daily, [], at(from), at(to));
    expect(gaps).toEqual([]);
    const lengths = shifts.map(({ fromMs, toMs }) => (toMs - fromMs) / HOUR_MS);
    expect(lengths).toEqual(hours);
    expect(shifts.map(({ fromMs }) => DateTime.fromMillis(fromMs, { zone: timeZone }).toFormat('HH:mm'))).toEqual(
      shifts.map(() => '09:00'),
    );
    expect(shifts.map(({ people }) => people[0])).toEqual(
      shifts[0]?.people[0] === 'ada' ? ['ada', 'grace', 'ada'] : ['grace', 'ada', 'grace'],
    );
  });

  it('in weeks, with the weekday of the handover, after a first turn that may be shorter', () => {
    const weekly = schedule({ handover: { weekday: 'wednesday', time: '10:00' } });
    expect(shiftTexts(weekly, '2026-01-01T00:00Z', '2026-01-21T09:00Z')).toEqual([
      'ada 2026-01-05T09:00 2026-01-07T09:00 48h',
      'grace 2026-01-07T09:00 2026-01-14T09:00 168h',
      'ada 2026-01-14T09:00 2026-01-21T09:00 168h',
    ]);
  });

  it('in hours: a turn over the change of the clocks is as much shorter', () => {
    const halfDays = schedule({ rotation: { every: 12, unit: 'hours' } });
    expect(shiftTexts(halfDays, '2026-03-28T08:00Z', '2026-03-29T19:00Z')).toEqual([
      'ada 2026-03-28T08:00 2026-03-28T20:00 12h',
      'grace 2026-03-28T20:00 2026-03-29T07:00 11h',
      'ada 2026-03-29T07:00 2026-03-29T19:00 12h',
    ]);
  });

  it('in an hour that does not exist nobody has a turn, in one that comes twice the turn has both', () => {
    const hourly = schedule({ rotation: { every: 1, unit: 'hours' }, people: ['ada', 'grace', 'linus'] });
    const lengths = (from: string, to: string) =>
      shiftsBetween(hourly, [], at(from), at(to)).shifts.map(({ fromMs, toMs }) => (toMs - fromMs) / HOUR_MS);
    expect(lengths('2026-03-29T00:00Z', '2026-03-29T03:00Z')).toEqual([1, 1, 1]);
    expect(lengths('2026-10-25T00:00Z', '2026-10-25T03:00Z')).toEqual([2, 1]);
  });
});

describe('a restriction is a time of the wall clock', () => {
  const restricted = (restriction: Record<string, unknown>, timeZone?: string): Schedule =>
    schedule({ people: ['ada'], restrictions: [restriction] }, timeZone);

  test.each([
    [
      'that ends in the hour which is skipped ends when the clock skips it',
      { from: '01:30', to: '02:30' },
      [1, 0.5, 1],
    ],
    ['that begins there begins with it', { from: '02:30', to: '03:30' }, [1, 0.5, 1]],
    ['within that hour is not there on that day', { from: '02:10', to: '02:40' }, [0.5, 0.5]],
    ['over midnight has an hour less', { from: '22:00', to: '06:00' }, [8, 7, 8]],
    ['until 24:00 ends with the day', { from: '23:00', to: '24:00' }, [1, 1, 1]],
    ['of a whole day leaves nothing out', { from: '12:00', to: '12:00' }, [71]],
  ])('%s', (_, restriction, hours) => {
    const found = shiftsBetween(restricted(restriction), [], at('2026-03-27T11:00Z'), at('2026-03-30T10:00Z')).shifts;
    expect(found.map(({ fromMs, toMs }) => (toMs - fromMs) / HOUR_MS)).toEqual(hours);
  });

  it('over the hour that comes twice lasts both', () => {
    const night = restricted({ from: '01:30', to: '03:30' });
    expect(shiftTexts(night, '2026-10-24T12:00Z', '2026-10-25T12:00Z')).toEqual([
      'ada 2026-10-24T23:30 2026-10-25T02:30 3h',
    ]);
  });

  it('of weekdays that crosses midnight belongs to the day on which it begins', () => {
    const weekdays = restricted({ from: '18:00', to: '08:00', weekdays: ['friday'] });
    expect(shiftTexts(weekdays, '2026-01-05T00:00Z', '2026-01-18T00:00Z')).toEqual([
      'ada 2026-01-09T17:00 2026-01-10T07:00 14h',
      'ada 2026-01-16T17:00 2026-01-17T07:00 14h',
    ]);
  });

  it('from a weekday to another covers what lies between, over daylight saving too', () => {
    const weekend = restricted({ from: 'friday 17:00', to: 'monday 09:00' });
    expect(shiftTexts(weekend, '2026-03-25T00:00Z', '2026-04-01T00:00Z')).toEqual([
      'ada 2026-03-27T16:00 2026-03-30T07:00 63h',
    ]);
  });

  it('leaves times in which nobody is on call, and they are told', () => {
    const office = restricted({ from: '09:00', to: '17:00', weekdays: ['monday'] });
    const found = shiftsBetween(office, [], at('2026-02-02T00:00Z'), at('2026-02-03T00:00Z'));
    expect(found.gaps.map(({ fromMs, toMs }) => `${iso(fromMs)} ${iso(toMs)}`)).toEqual([
      '2026-02-02T00:00 2026-02-02T08:00',
      '2026-02-02T16:00 2026-02-03T00:00',
    ]);
    expect(whoIsOnCall(office, [], at('2026-02-02T17:00Z'))).toEqual({
      people: [],
      untilMs: at('2026-02-09T08:00Z'),
      by: { kind: 'nobody' },
    });
  });
});

describe('layers', () => {
  const layered = scheduleSchema.parse({
    id: 'primary',
    time_zone: 'Europe/Berlin',
    layers: [
      { id: 'base', people: ['ada'], starts: '2026-01-05' },
      {
        id: 'nights',
        people: ['grace', ['linus', 'barbara']],
        rotation: 'daily',
        handover: { time: '20:00' },
        starts: '2026-01-05',
        until: '2026-01-07',
        restrictions: [{ from: '20:00', to: '08:00' }],
      },
    ],
  });

  it('that come later win while they have somebody, and end at the handover time of their last day', () => {
    expect(shiftTexts(layered, '2026-01-05T08:00Z', '2026-01-09T08:00Z')).toEqual([
      'ada 2026-01-05T08:00 2026-01-05T19:00 11h',
      'grace 2026-01-05T19:00 2026-01-06T07:00 12h',
      'ada 2026-01-06T07:00 2026-01-06T19:00 12h',
      'linus+barbara 2026-01-06T19:00 2026-01-07T07:00 12h',
      'ada 2026-01-07T07:00 2026-01-09T08:00 49h',
    ]);
  });

  it('say which of them it was, and that nothing changes any more', () => {
    expect(whoIsOnCall(layered, [], at('2026-01-06T20:00Z'))).toEqual({
      people: ['linus', 'barbara'],
      untilMs: at('2026-01-07T07:00Z'),
      by: { kind: 'layer', layer: 'nights' },
    });
    expect(whoIsOnCall(layered, [], at('2026-02-01T00:00Z'))).toEqual({
      people: ['ada'],
      untilMs: null,
      by: { kind: 'layer', layer: 'base' },
    });
    expect(whoIsOnCall(layered, [], at('2026-01-01T00:00Z'))).toMatchObject({
      people: [],
      untilMs: at('2026-01-05T08:00Z'),
    });
  });
});

describe('overrides', () => {
  const base = schedule({ people: ['ada'] });
  const [fromMs, toMs] = [at('2026-02-01T00:00Z'), at('2026-02-02T00:00Z')];

  it('win over every layer for their time, and only in their schedule', () => {
    const own = overrideOf({ fromMs, toMs });
    const foreign = overrideOf({ fromMs, toMs, scheduleId: 'other', createdAtMs: 9 });
    expect(whoIsOnCall(base, [own, foreign], fromMs)).toEqual({
      people: ['linus'],
      untilMs: toMs,
      by: { kind: 'override', overrideId: 'o' },
    });
    expect(whoIsOnCall(base, [own], fromMs - 1)).toMatchObject({ people: ['ada'], untilMs: fromMs });
    expect(whoIsOnCall(base, [own], toMs)).toMatchObject({ people: ['ada'], untilMs: null });
  });

  it('that were made later win; a shift of a calendar never wins over one that a person made', () => {
    const older = overrideOf({ overrideId: 'a', fromMs, toMs, createdAtMs: 1 });
    const newer = overrideOf({ overrideId: 'b', people: ['grace'], fromMs, toMs, createdAtMs: 2 });
    const shift = overrideOf({ overrideId: 'c', kind: 'shift', people: ['ken'], fromMs, toMs, createdAtMs: 3 });
    expect(whoIsOnCall(base, [older, newer, shift], fromMs).people).toEqual(['grace']);
    expect(whoIsOnCall(base, [shift, older], fromMs).people).toEqual(['linus']);
    expect(whoIsOnCall(base, [shift], fromMs).by).toEqual({ kind: 'shift', overrideId: 'c' });
  });
});

it('whole shifts begin before the range and end after it', () => {
  const weekly = schedule({});
  const [fromMs, toMs] = [at('2026-01-21T00:00Z'), at('2026-01-27T00:00Z')];
  expect(wholeShiftsBetween(weekly, [], fromMs, toMs).map((shift) => [iso(shift.fromMs), iso(shift.toMs)])).toEqual([
    ['2026-01-19T08:00', '2026-01-26T08:00'],
    ['2026-01-26T08:00', '2026-02-02T08:00'],
  ]);
  const alone = schedule({ people: ['ada'] });
  expect(wholeShiftsBetween(alone, [], fromMs, toMs)).toEqual([
    { people: ['ada'], fromMs: at('2026-01-05T08:00Z'), toMs },
  ]);
});

const zones = fc.constantFrom(
  'Europe/Berlin',
  'America/New_York',
  'Australia/Lord_Howe',
  'Asia/Kathmandu',
  'America/St_Johns',
  'Africa/Casablanca',
  'UTC',
);
const WEEKDAYS = ['monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday', 'sunday'] as const;
const weekday = fc.constantFrom(...WEEKDAYS);
const time = fc
  .tuple(fc.integer({ min: 0, max: 23 }), fc.constantFrom('00', '15', '30', '45'))
  .map(([hour, minute]) => `${String(hour).padStart(2, '0')}:${minute}`);
const rotation = fc.oneof(
  fc.constantFrom('daily' as const, 'weekly' as const),
  fc.record({ every: fc.integer({ min: 5, max: 40 }), unit: fc.constant('hours' as const) }),
  fc.record({ every: fc.integer({ min: 1, max: 3 }), unit: fc.constantFrom('days' as const, 'weeks' as const) }),
);
const restriction = fc.oneof(
  fc.record({ from: time, to: time }),
  fc.record({ from: time, to: time, weekdays: fc.uniqueArray(weekday, { minLength: 1 }) }),
  fc
    .tuple(weekday, time, weekday, time)
    .map(([day, from, lastDay, to]) => ({ from: `${day} ${from}`, to: `${lastDay} ${to}` })),
);
const people = fc.uniqueArray(fc.constantFrom('ada', 'grace', 'linus', 'ken'), { minLength: 1 });
const layerWith = (restrictions: fc.Arbitrary<unknown[]>) =>
  fc.record({
    people,
    rotation,
    handover: fc.record({ time }),
    starts: fc
      .integer({ min: 0, max: 400 })
      .map((days) => new Date(at('2025-06-01') + days * DAY_MS).toISOString().slice(0, 10)),
    restrictions,
  });
const scheduleWith = (restrictions: fc.Arbitrary<unknown[]>, layersMax: number): fc.Arbitrary<Schedule> =>
  fc
    .record({ timeZone: zones, layers: fc.array(layerWith(restrictions), { minLength: 1, maxLength: layersMax }) })
    .map(({ timeZone, layers }) =>
      scheduleSchema.parse({
        id: 'primary',
        time_zone: timeZone,
        layers: layers.map((layer, index) => ({ id: `layer-${index}`, ...layer })),
      }),
    );
const anySchedule = scheduleWith(fc.array(restriction, { maxLength: 2 }), 3);
/** Quarters of an hour of 2026, in which all clocks change. */
const moment = fc.integer({ min: 0, max: 365 * 96 }).map((quarters) => at('2026-01-01T00:00Z') + quarters * 900_000);
const anyOverride: fc.Arbitrary<Override> = fc
  .record({
    overrideId: fc.uuid(),
    kind: fc.constantFrom('override' as const, 'shift' as const),
    people,
    fromMs: moment,
    hours: fc.integer({ min: 1, max: 400 }),
    createdAtMs: fc.integer({ min: 0, max: 3 }),
  })
  .map(({ hours, ...override }) => overrideOf({ ...override, toMs: override.fromMs + hours * HOUR_MS }));

describe('for any schedule', () => {
  it('a layer without restrictions covers every moment from its start once', () => {
    fc.assert(
      fc.property(scheduleWith(fc.constant([]), 1), moment, (any, fromMs) => {
        const layer = any.layers[0];
        const start = DateTime.fromISO(`${layer?.starts}T${layer?.handover.time}`, { zone: any.time_zone }).toMillis();
        const { shifts, gaps } = shiftsBetween(any, [], fromMs, fromMs + 40 * DAY_MS);
        expect(gaps.every(({ toMs }) => toMs <= start + HOUR_MS)).toBe(true);
        expectTiles([...shifts, ...gaps], fromMs, fromMs + 40 * DAY_MS);
      }),
    );
  });

  it('who is on call agrees with the shifts, at every edge and between', () => {
    fc.assert(
      fc.property(anySchedule, fc.array(anyOverride, { maxLength: 5 }), moment, (any, overrides, fromMs) => {
        const toMs = fromMs + 10 * DAY_MS;
        const { shifts, gaps } = shiftsBetween(any, overrides, fromMs, toMs);
        const spans = [...shifts, ...gaps.map((gap) => ({ ...gap, people: [] }))];
        expectTiles(spans, fromMs, toMs);
        for (const span of spans.slice(0, 12)) {
          for (const atMs of [span.fromMs, Math.floor((span.fromMs + span.toMs) / 2), span.toMs - 1]) {
            const { people: found, untilMs } = whoIsOnCall(any, overrides, atMs);
            expect(found.toSorted()).toEqual(span.people.toSorted());
            if (span.toMs < toMs) expect(untilMs).toBe(span.toMs);
            else expect(untilMs ?? Infinity).toBeGreaterThanOrEqual(toMs);
          }
        }
      }),
      { numRuns: 40 },
    );
  });

  it('overrides decide by what they are and when they were made, in whatever order they come', () => {
    fc.assert(
      fc.property(
        anySchedule,
        fc.array(anyOverride, { minLength: 1, maxLength: 6 }),
        fc.nat(),
        (any, overrides, which) => {
          const atMs = overrides[which % overrides.length]?.fromMs ?? 0;
          const inForce = overrides.filter(({ fromMs, toMs }) => fromMs <= atMs && atMs < toMs);
          const rank = ({ kind, createdAtMs, overrideId }: Override) =>
            `${kind === 'override' ? 1 : 0} ${createdAtMs} ${overrideId}`;
          const winner = inForce.toSorted((left, right) => (rank(left) < rank(right) ? 1 : -1))[0];
          const found = whoIsOnCall(any, overrides, atMs);
          expect(found.by).toEqual({ kind: winner?.kind, overrideId: winner?.overrideId });
          expect(whoIsOnCall(any, overrides.toReversed(), atMs)).toEqual(found);
        },
      ),
    );
  });

  it('a restriction holds exactly while the wall clock shows a time within it', () => {
    const open = fc.tuple(zones, restriction).map(([timeZone, only]) => ({
      only,
      restricted: schedule({ people: ['ada'], starts: '2025-01-01', restrictions: [only] }, timeZone),
    }));
    fc.assert(
      fc.property(open, moment, ({ only, restricted }, atMs) => {
        const local = DateTime.fromMillis(atMs, { zone: restricted.time_zone });
        // A time that the clock shows twice is meant the first time: which of the two it is, it does not show.
        fc.pre(local.getPossibleOffsets().length === 1);
        expect(whoIsOnCall(restricted, [], atMs).people.length > 0).toBe(isWithin(only, local));
      }),
      { numRuns: 500 },
    );
  });
});

function expectTiles(spans: readonly { fromMs: number; toMs: number }[], fromMs: number, toMs: number): void {
  const ordered = spans.toSorted((left, right) => left.fromMs - right.fromMs);
  expect(ordered[0]?.fromMs).toBe(fromMs);
  expect(ordered.at(-1)?.toMs).toBe(toMs);
  for (const [index, span] of ordered.entries()) {
    expect(span.toMs).toBeGreaterThan(span.fromMs);
    if (index > 0) expect(span.fromMs).toBe(ordered[index - 1]?.toMs);
  }
}

/** The same said in another way: by the minute of the week. */
function isWithin(only: { from: string; to: string; weekdays?: readonly string[] }, local: DateTime): boolean {
  const minuteNow = (local.weekday - 1) * 1_440 + local.hour * 60 + local.minute;
  const minuteOf = (text: string): number => Number(text.slice(0, 2)) * 60 + Number(text.slice(3));
  const [from, to] = [minuteOf(only.from.slice(-5)), minuteOf(only.to.slice(-5))];
  const spans = only.from.includes(' ')
    ? [[dayOf(only.from) * 1_440 + from, dayOf(only.to) * 1_440 + to] as const]
    : (only.weekdays ?? WEEKDAYS).map((day) => {
        const begin = dayOf(day) * 1_440 + from;
        return [begin, dayOf(day) * 1_440 + to + (to <= from ? 1_440 : 0)] as const;
      });
  return spans.some(([begin, end]) => {
    const length = end > begin ? end - begin : end - begin + 10_080;
    return (minuteNow - begin + 10_080) % 10_080 < length;
  });
}

const dayOf = (text: string): number => WEEKDAYS.findIndex((day) => text.startsWith(day));
