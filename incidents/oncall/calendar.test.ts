import fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import { calendarOf } from './calendar-export.ts';
import { type CalendarReading, readCalendar } from './calendar-import.ts';
import { type Schedule, scheduleSchema } from './schema.ts';
import { type Override, type Shift, shiftsBetween, wholeShiftsBetween } from './who.ts';

const DAY_MS = 86_400_000;
const at = (text: string): number => Date.parse(text);
const KNOWN = new Set(['ada', 'grace', 'linus']);
const range = { fromMs: at('2026-03-01T00:00Z'), toMs: at('2026-05-01T00:00Z') };
const read = (text: string, timeZone = 'Europe/Berlin'): CalendarReading =>
  readCalendar(text, { ...range, timeZone, people: KNOWN });
const calendar = (...lines: string[]): string =>
  ['BEGIN:VCALENDAR', 'VERSION:2.0', 'PRODID:-//test//EN', ...lines, 'END:VCALENDAR', ''].join('\r\n');
const event = (...lines: string[]): string => ['BEGIN:VEVENT', ...lines, 'END:VEVENT'].join('\r\n');
const texts = (reading: CalendarReading): unknown =>
  reading.ok
    ? reading.shifts.map(({ people, fromMs, toMs }) => [people.join('+'), ...[fromMs, toMs].map(iso)].join(' '))
    : reading.problems;
const iso = (epochMs: number): string => new Date(epochMs).toISOString().slice(0, 16);

const rota: Schedule = scheduleSchema.parse({
  id: 'primary',
  time_zone: 'Europe/Berlin',
  layers: [
    { id: 'base', people: ['ada', ['grace', 'linus']], starts: '2026-01-05' },
    {
      id: 'nights',
      people: ['linus'],
      starts: '2026-03-01',
      restrictions: [{ from: '22:00', to: '06:00', weekdays: ['saturday', 'sunday'] }],
    },
  ],
});

/** A schedule that has only what a calendar says. */
function scheduleOf(shifts: readonly Shift[]): { empty: Schedule; imported: Override[] } {
  const imported = shifts.map(({ people, fromMs, toMs }, index) => ({
    overrideId: String(index),
    scheduleId: 'imported',
    kind: 'shift' as const,
    people,
    fromMs,
    toMs,
    createdAtMs: 0,
  }));
  return { empty: scheduleSchema.parse({ id: 'imported', time_zone: 'Europe/Berlin' }), imported };
}

describe('a schedule that was exported and imported', () => {
  it('has the same shifts, over daylight saving', () => {
    const text = calendarOf(rota, wholeShiftsBetween(rota, [], range.fromMs, range.toMs), range.fromMs);
    const reading = read(text);
    if (!reading.ok) throw new Error(JSON.stringify(reading.problems));
    const { empty, imported } = scheduleOf(reading.shifts);
    const before = shiftsBetween(rota, [], range.fromMs, range.toMs);
    expect(before.shifts.length).toBeGreaterThan(20);
    expect(shiftsBetween(empty, imported, range.fromMs, range.toMs)).toEqual(before);
  });

  it('whatever its shifts are', () => {
    const people = fc.uniqueArray(fc.constantFrom(...KNOWN), { minLength: 1 });
    const lengths = fc.array(fc.record({ people, hours: fc.integer({ min: 1, max: 300 }), gap: fc.nat(5) }), {
      maxLength: 40,
    });
    fc.assert(
      fc.property(lengths, (drawn) => {
        let atMs = range.fromMs;
        const shifts = drawn.map(({ people: names, hours, gap }) => {
          const fromMs = atMs + gap * 60_000;
          atMs = fromMs + hours * 3_600_000;
          return { people: names, fromMs, toMs: atMs };
        });
        const reading = readCalendar(calendarOf(rota, shifts, 0), {
          fromMs: range.fromMs,
          toMs: atMs + 1,
          timeZone: 'UTC',
          people: KNOWN,
        });
        expect(
          reading.ok && reading.shifts.map(({ people: names, fromMs, toMs }) => ({ people: names, fromMs, toMs })),
        ).toEqual(shifts);
      }),
    );
  });

  it('keeps the UID of a shift, whatever range is exported and whoever takes it', () => {
    const uids = (from: number, overrides: Override[] = []): string[] =>
      [...calendarOf(rota, wholeShiftsBetween(rota, overrides, from, range.toMs), 0).matchAll(/^UID:(.*)\r$/gm)].map(
        ([, uid = '']) => uid,
      );
    const all = uids(range.fromMs);
    expect(new Set(all).size).toBe(all.length);
    expect(uids(range.fromMs + 9 * DAY_MS + 1)).toEqual(all.slice(-uids(range.fromMs + 9 * DAY_MS + 1).length));
    const [first] = wholeShiftsBetween(rota, [], range.fromMs, range.toMs);
    const override = { fromMs: first?.fromMs ?? 0, toMs: first?.toMs ?? 0, people: ['linus'], createdAtMs: 0 };
    const taken = { ...override, overrideId: 'o', scheduleId: 'primary', kind: 'override' as const };
    expect(uids(range.fromMs, [taken])[0]).toBe(all[0]);
  });

  it('is what RFC 5545 wants: folded lines that end with CRLF, times in UTC, escaped commas', () => {
    const text = calendarOf(
      rota,
      wholeShiftsBetween(rota, [], range.fromMs, range.fromMs + DAY_MS),
      at('2026-03-01T00:00Z'),
    );
    expect(text.split('\r\n').every((line) => Buffer.byteLength(line) <= 75 && !line.includes('\n'))).toBe(true);
    expect(text).toContain('BEGIN:VCALENDAR\r\nVERSION:2.0\r\n');
    expect(text).toContain('DTSTAMP:20260301T000000Z\r\nDTSTART:20260223T080000Z\r\n');
    expect(text).toContain('SUMMARY:grace\\, linus\r\n');
    expect(text.endsWith('END:VCALENDAR\r\n')).toBe(true);
  });
});

/** Rules of Central Europe under a name that no database has. */
const OUTLOOK_ZONE = [
  'BEGIN:VTIMEZONE',
  'TZID:W. Europe Standard Time',
  'BEGIN:STANDARD',
  'DTSTART:16010101T030000',
  'TZOFFSETFROM:+0200',
  'TZOFFSETTO:+0100',
  'RRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=10',
  'END:STANDARD',
  'BEGIN:DAYLIGHT',
  'DTSTART:16010101T020000',
  'TZOFFSETFROM:+0100',
  'TZOFFSETTO:+0200',
  'RRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=3',
  'END:DAYLIGHT',
  'END:VTIMEZONE',
].join('\r\n');

const weekly = (tzid: string): string =>
  event(
    'UID:weekly',
    `DTSTART;TZID=${tzid}:20260316T090000`,
    `DTEND;TZID=${tzid}:20260323T090000`,
    'RRULE:FREQ=WEEKLY;UNTIL=20260330T070000Z',
    'SUMMARY:ada',
  );
const WEEKS = [
  'ada 2026-03-16T08:00 2026-03-23T08:00',
  'ada 2026-03-23T08:00 2026-03-30T07:00',
  'ada 2026-03-30T07:00 2026-04-06T07:00',
];

describe('time zones', () => {
  it('are known by their names of the IANA database, without a description', () => {
    expect(texts(read(calendar(weekly('Europe/Berlin')), 'America/New_York'))).toEqual(WEEKS);
  });

  it('are believed to be what the file describes, under any other name', () => {
    const named = '"W. Europe Standard Time"';
    expect(texts(read(calendar(OUTLOOK_ZONE, weekly(named)), 'America/New_York'))).toEqual(WEEKS);
  });

  it('are refused when nobody describes them, instead of being taken for UTC', () => {
    const reason = 'names the time zone W. Europe Standard Time, which neither the file nor the IANA database has';
    expect(texts(read(calendar(weekly('W. Europe Standard Time'))))).toEqual([{ line: 4, uid: 'weekly', reason }]);
    const hollow = calendar(
      'BEGIN:VTIMEZONE',
      'TZID:W. Europe Standard Time',
      'END:VTIMEZONE',
      weekly('W. Europe Standard Time'),
    );
    expect(texts(read(hollow))).toEqual([{ line: 7, uid: 'weekly', reason }]);
  });

  it('of the schedule count for times without one and for whole days', () => {
    const floating = event('UID:a', 'DTSTART:20260328T120000', 'DTEND:20260329T120000', 'SUMMARY:ada');
    const days = event('UID:b', 'DTSTART;VALUE=DATE:20260404', 'DTEND;VALUE=DATE:20260406', 'SUMMARY:grace');
    expect(texts(read(calendar(floating, days)))).toEqual([
      'ada 2026-03-28T11:00 2026-03-29T10:00',
      'grace 2026-04-03T22:00 2026-04-05T22:00',
    ]);
  });
});

describe('events that repeat', () => {
  const daily = (...lines: string[]) =>
    event('UID:daily', 'DTSTART;TZID=Europe/Berlin:20260401T090000', 'DURATION:PT8H', 'SUMMARY:ada', ...lines);

  it('for ever are read as far as the range, long ones from their begin', () => {
    const forever = event(
      'UID:f',
      'DTSTART:20200106T080000Z',
      'DTEND:20200113T080000Z',
      'RRULE:FREQ=WEEKLY',
      'SUMMARY:ada',
    );
    const found = texts(read(calendar(forever))) as string[];
    expect(found[0]).toBe('ada 2026-02-23T08:00 2026-03-02T08:00');
    expect(found.at(-1)).toBe('ada 2026-04-27T08:00 2026-05-04T08:00');
    expect(found).toHaveLength(10);
  });

  it('leave out exceptions, add dates, and take changes of single ones', () => {
    const changed = event(
      'UID:daily',
      'RECURRENCE-ID;TZID=Europe/Berlin:20260403T090000',
      'DTSTART;TZID=Europe/Berlin:20260403T120000',
      'DTEND;TZID=Europe/Berlin:20260403T140000',
      'SUMMARY:grace',
    );
    const cancelled = event(
      'UID:daily',
      'RECURRENCE-ID;TZID=Europe/Berlin:20260404T090000',
      'DTSTART;TZID=Europe/Berlin:20260404T090000',
      'DTEND;TZID=Europe/Berlin:20260404T170000',
      'STATUS:CANCELLED',
      'SUMMARY:ada',
    );
    const rules = [
      'RRULE:FREQ=DAILY;COUNT=4',
      'EXDATE;TZID=Europe/Berlin:20260402T090000',
      'RDATE;TZID=Europe/Berlin:20260410T100000',
    ];
    expect(texts(read(calendar(daily(...rules), changed, cancelled)))).toEqual([
      'ada 2026-04-01T07:00 2026-04-01T15:00',
      'grace 2026-04-03T10:00 2026-04-03T12:00',
      'ada 2026-04-10T08:00 2026-04-10T16:00',
    ]);
  });

  it('too often are refused instead of being read for minutes', () => {
    const [problem] = texts(
      read(calendar(event('UID:x', 'DTSTART:20000101T000000Z', 'DURATION:PT1S', 'RRULE:FREQ=SECONDLY', 'SUMMARY:ada'))),
    ) as [{ reason: string }];
    expect(problem.reason).toContain('repeats more than 20000 times');
  });
});

describe('who is meant', () => {
  const whole = (...lines: string[]) => event('UID:w', 'DTSTART:20260401T080000Z', 'DTEND:20260402T080000Z', ...lines);

  test.each([
    ['the summary', ['SUMMARY: Ada '], 'ada'],
    ['several in the summary', ['SUMMARY:ada\\, grace'], 'ada+grace'],
    ['attendees by name', ['SUMMARY:On call', 'ATTENDEE;CN=Grace:mailto:g@example.com'], 'grace'],
    [
      'attendees by address',
      ['SUMMARY:On call', 'ATTENDEE:mailto:linus@example.com', 'ATTENDEE:MAILTO:ada@example.com'],
      'linus+ada',
    ],
    [
      'only those who have not declined',
      ['ATTENDEE:mailto:ada@example.com', 'ATTENDEE;PARTSTAT=DECLINED:mailto:grace@example.com'],
      'ada',
    ],
  ])('%s', (_, lines, people) => {
    expect(texts(read(calendar(whole(...lines))))).toEqual([`${people} 2026-04-01T08:00 2026-04-02T08:00`]);
  });
});

describe('a calendar that cannot be used is refused as a whole, with every reason', () => {
  const good = event('UID:good', 'DTSTART:20260401T080000Z', 'DTEND:20260402T080000Z', 'SUMMARY:ada');

  it('and names no person', () => {
    const unknown = event(
      'UID:who',
      'DTSTART:20260403T080000Z',
      'DTEND:20260404T080000Z',
      'SUMMARY:somebody',
      'ATTENDEE:mailto:a@b.c',
    );
    const empty = event('UID:empty', 'DTSTART:20260405T080000Z', 'DTEND:20260405T080000Z', 'SUMMARY:ada');
    expect(texts(read(calendar(good, unknown, empty)))).toEqual([
      { line: 10, uid: 'who', reason: 'names nobody of the policy in SUMMARY or ATTENDEE' },
      { line: 17, uid: 'empty', reason: 'does not end after it begins' },
    ]);
  });

  test.each([
    [
      'text that is no calendar',
      '<html>',
      [{ line: 1, uid: null, reason: expect.stringContaining('cannot be read') as string }],
    ],
    [
      'an empty file',
      '',
      [{ line: null, uid: null, reason: expect.stringMatching(/VCALENDAR|cannot be read/) as string }],
    ],
    ['a contact', 'BEGIN:VCARD\r\nVERSION:4.0\r\nEND:VCARD', [{ line: null, uid: null, reason: 'holds no VCALENDAR' }]],
    [
      'a line that is none, whose text may name somebody',
      calendar(good, 'Ada Example'),
      [{ line: 10, uid: null, reason: 'cannot be read: invalid line' }],
    ],
    [
      'a time zone without a name',
      calendar('BEGIN:VTIMEZONE', 'END:VTIMEZONE', good),
      [{ line: null, uid: null, reason: 'has a VTIMEZONE without TZID' }],
    ],
    [
      'an end that is missing',
      'BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nUID:a\r\nEND:VEVENT',
      [{ line: null, uid: null, reason: expect.stringContaining('did not end') as string }],
    ],
    [
      'a rule that is none',
      calendar(good, event('UID:rule', 'DTSTART:20260401T080000Z', 'RRULE:FREQ=NEVER')),
      [{ line: 13, uid: null, reason: expect.stringContaining('invalid frequency') as string }],
    ],
    [
      'a time that is none',
      calendar(event('UID:time', 'DTSTART:tomorrow', 'SUMMARY:ada')),
      [{ line: 4, uid: 'time', reason: expect.any(String) as string }],
    ],
    [
      'a day that no month has',
      calendar(event('UID:day', 'DTSTART:20260230T080000Z', 'DTEND:20260401T080000Z', 'SUMMARY:ada')),
      [{ line: 4, uid: 'day', reason: 'has a time that does not exist: 2026-02-30T08:00:00Z' }],
    ],
    [
      'a repetition by periods',
      calendar(
        event(
          'UID:period',
          'DTSTART:20260401T080000Z',
          'DURATION:PT1H',
          'RDATE;VALUE=PERIOD:20260410T080000Z/PT2H',
          'SUMMARY:ada',
        ),
      ),
      [{ line: 4, uid: 'period', reason: 'repeats by periods: write them as events of their own' }],
    ],
    [
      'an event without UID',
      calendar(event('DTSTART:20260401T080000Z')),
      [{ line: 4, uid: null, reason: 'has no UID' }],
    ],
    ['an event without begin', calendar(event('UID:a')), [{ line: 4, uid: 'a', reason: 'has no DTSTART' }]],
    ['a UID twice', calendar(good, good), [{ line: 10, uid: 'good', reason: 'has the UID of an event before it' }]],
    [
      'shifts at the same time',
      calendar(good, event('UID:other', 'DTSTART:20260401T200000Z', 'DTEND:20260402T200000Z', 'SUMMARY:grace')),
      [{ line: 10, uid: 'other', reason: expect.stringContaining('overlaps the event of line 4') as string }],
    ],
  ])('%s', (_, text, problems) => {
    expect(texts(read(text))).toEqual(problems);
  });

  it('but not for what lies outside the range', () => {
    const past = event('UID:past', 'DTSTART:20250401T080000Z', 'DTEND:20250402T080000Z', 'SUMMARY:somebody');
    expect(texts(read(calendar(past, good)))).toEqual(['ada 2026-04-01T08:00 2026-04-02T08:00']);
  });
});

it('whatever a file holds, it is read or refused with a reason, and nothing is thrown', () => {
  const lines = calendar(
    OUTLOOK_ZONE,
    weekly('"W. Europe Standard Time"'),
    event(
      'UID:other',
      'DTSTART;TZID=Europe/Berlin:20260401T090000',
      'DURATION:PT8H',
      'RRULE:FREQ=MONTHLY;BYDAY=1WE;COUNT=3',
      'EXDATE;TZID=Europe/Berlin:20260506T090000',
      'ATTENDEE;CN="Grace":mailto:grace@example.com',
    ),
  ).split('\r\n');
  const edit = fc.record({
    at: fc.nat(lines.length - 1),
    kind: fc.constantFrom('drop', 'double', 'cut', 'other'),
    text: fc.oneof(fc.string(), fc.constantFrom(...lines)),
  });
  fc.assert(
    fc.property(fc.array(edit, { minLength: 1, maxLength: 4 }), (edits) => {
      const edited = edits.reduce<string[]>((kept, { at: line, kind, text }) => {
        const old = kept[line] ?? '';
        const replaced =
          { drop: [], double: [old, old], cut: [old.slice(0, old.length / 2)], other: [text] }[kind] ?? [];
        return kept.toSpliced(line, 1, ...replaced);
      }, lines);
      const reading = read(edited.join('\r\n'));
      if (reading.ok) expect(reading.shifts.every(({ fromMs, toMs }) => fromMs < toMs)).toBe(true);
      else expect(reading.problems.every(({ reason }) => reason !== '')).toBe(true);
    }),
    { numRuns: 150 },
  );
});
