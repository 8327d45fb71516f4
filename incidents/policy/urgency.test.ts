import fc from 'fast-check';
import { DateTime } from 'luxon';
import { describe, expect, it } from 'vitest';
import type { Severity } from '../types.ts';
import type { SupportHours, UrgencyRule } from './snapshot.ts';
import { isInside, nextStartMs } from './support-hours.ts';
import { conditionHolds, nextRaiseMs, urgencyAt } from './urgency.ts';

const HOUR_MS = 3_600_000;
const WORK_DAYS = [1, 2, 3, 4, 5];

const hoursOf = (change: Partial<SupportHours> = {}): SupportHours => ({
  id: 'office',
  timeZone: 'Europe/Berlin',
  weekdays: WORK_DAYS,
  fromMinute: 9 * 60,
  toMinute: 17 * 60,
  ...change,
});
const at = (text: string, zone = 'Europe/Berlin'): number => DateTime.fromISO(text, { zone }).toMillis();
const utc = (text: string): number => Date.parse(`${text}Z`);

describe('support hours', () => {
  it('begin and end by the clock on the wall, on their days', () => {
    const hours = hoursOf();
    // 26 November 2026 is a Thursday.
    expect(isInside(hours, at('2026-11-26T08:59:59.999'))).toBe(false);
    expect(isInside(hours, at('2026-11-26T09:00'))).toBe(true);
    expect(isInside(hours, at('2026-11-26T16:59:59.999'))).toBe(true);
    expect(isInside(hours, at('2026-11-26T17:00'))).toBe(false);
    expect(isInside(hours, at('2026-11-28T12:00'))).toBe(false);
    expect(isInside(hours, at('2026-11-30T12:00'))).toBe(true);
  });

  it('are those of their time zone, not of the machine', () => {
    expect(isInside(hoursOf({ timeZone: 'Asia/Tokyo' }), utc('2026-11-26T00:00'))).toBe(true);
    expect(isInside(hoursOf({ timeZone: 'America/New_York' }), utc('2026-11-26T00:00'))).toBe(false);
    // Monday in Tokyo while it is Sunday in Greenwich.
    expect(isInside(hoursOf({ timeZone: 'Asia/Tokyo' }), utc('2026-11-29T23:59'))).toBe(false);
    expect(isInside(hoursOf({ timeZone: 'Asia/Tokyo' }), utc('2026-11-30T00:00'))).toBe(true);
    expect(isInside(hoursOf({ timeZone: 'Pacific/Auckland' }), utc('2026-11-29T20:00'))).toBe(true);
  });

  it('stay at the same time of the wall over a change of the clock', () => {
    const hours = hoursOf();
    expect(isInside(hours, utc('2026-03-27T08:00'))).toBe(true);
    expect(isInside(hours, utc('2026-03-27T07:59'))).toBe(false);
    expect(isInside(hours, utc('2026-03-30T07:00'))).toBe(true);
    expect(isInside(hours, utc('2026-03-30T06:59'))).toBe(false);
    expect(isInside(hours, utc('2026-10-26T08:00'))).toBe(true);
    expect(isInside(hours, utc('2026-10-26T07:59'))).toBe(false);
  });

  it('may reach beyond midnight, into the morning after their day', () => {
    const night = hoursOf({ weekdays: [5], fromMinute: 22 * 60, toMinute: 30 * 60 });
    expect(isInside(night, at('2026-11-27T21:59'))).toBe(false);
    expect(isInside(night, at('2026-11-27T22:00'))).toBe(true);
    expect(isInside(night, at('2026-11-28T05:59'))).toBe(true);
    expect(isInside(night, at('2026-11-28T06:00'))).toBe(false);
    expect(isInside(night, at('2026-11-27T05:59'))).toBe(false);
  });

  it('of a night are an hour shorter in spring and longer in autumn', () => {
    const night = hoursOf({ weekdays: [6], fromMinute: 22 * 60, toMinute: 30 * 60 });
    const length = (from: string): number => {
      const startMs = at(from);
      let endMs = startMs;
      while (isInside(night, endMs)) endMs += 60_000;
      return (endMs - startMs) / HOUR_MS;
    };
    expect([length('2026-03-21T22:00'), length('2026-03-28T22:00'), length('2026-10-24T22:00')]).toEqual([8, 7, 9]);
  });

  it('that begin at a time which the clock skips begin with the skip', () => {
    const early = hoursOf({ weekdays: [7], fromMinute: 2 * 60 + 30, toMinute: 4 * 60 });
    expect(nextStartMs(early, at('2026-03-29T00:00'))).toBe(utc('2026-03-29T01:00'));
    expect(isInside(early, utc('2026-03-29T00:59'))).toBe(false);
    expect(isInside(early, utc('2026-03-29T01:00'))).toBe(true);
  });

  it('that begin at a time which the clock shows twice begin the first time', () => {
    const early = hoursOf({ weekdays: [7], fromMinute: 2 * 60 + 30, toMinute: 4 * 60 });
    expect(nextStartMs(early, at('2026-10-25T00:00'))).toBe(utc('2026-10-25T00:30'));
    expect(isInside(early, utc('2026-10-25T01:15'))).toBe(true);
  });

  it('know a time zone with half an hour of daylight saving', () => {
    const hours = hoursOf({ timeZone: 'Australia/Lord_Howe' });
    expect(nextStartMs(hours, utc('2026-10-01T22:45'))).toBe(utc('2026-10-04T22:00'));
    expect(nextStartMs(hours, utc('2026-04-02T22:45'))).toBe(utc('2026-04-05T22:30'));
  });

  it('begin again on their next day', () => {
    const hours = hoursOf();
    expect(nextStartMs(hours, at('2026-11-26T03:00'))).toBe(at('2026-11-26T09:00'));
    expect(nextStartMs(hours, at('2026-11-26T09:00'))).toBe(at('2026-11-27T09:00'));
    expect(nextStartMs(hours, at('2026-11-27T18:00'))).toBe(at('2026-11-30T09:00'));
    expect(nextStartMs(hoursOf({ weekdays: [4] }), at('2026-11-26T09:00'))).toBe(at('2026-12-03T09:00'));
  });

  it('are whole days when they say so', () => {
    const always = hoursOf({ weekdays: [1, 2, 3, 4, 5, 6, 7], fromMinute: 0, toMinute: 1_440 });
    fc.assert(
      fc.property(fc.integer({ min: utc('2026-01-01T00:00'), max: utc('2027-01-01T00:00') }), (atMs) => {
        expect(isInside(always, atMs)).toBe(true);
      }),
    );
  });

  it('begin at the first moment inside after one outside, in every zone and season', () => {
    const zones = ['Europe/Berlin', 'America/New_York', 'America/Sao_Paulo', 'Australia/Lord_Howe', 'Asia/Kathmandu'];
    const hours = fc.record({
      id: fc.constant('any'),
      timeZone: fc.constantFrom(...zones),
      weekdays: fc.uniqueArray(fc.integer({ min: 1, max: 7 }), { minLength: 1 }),
      fromMinute: fc.integer({ min: 0, max: 1_439 }),
    });
    const minutes = fc.integer({ min: 120, max: 1_440 });
    const moment = fc.integer({ min: utc('2026-01-01T00:00'), max: utc('2028-01-01T00:00') });
    fc.assert(
      fc.property(hours, minutes, moment, fc.double({ min: 0, max: 1, noNaN: true }), (rest, length, nowMs, share) => {
        const some: SupportHours = { ...rest, toMinute: rest.fromMinute + length };
        fc.pre(!isInside(some, nowMs));
        const startMs = nextStartMs(some, nowMs);
        expect(startMs).toBeGreaterThan(nowMs);
        expect(isInside(some, startMs)).toBe(true);
        expect(isInside(some, startMs - 1)).toBe(false);
        expect(isInside(some, Math.floor(nowMs + share * (startMs - 1 - nowMs)))).toBe(false);
      }),
    );
  });
});

describe('the urgency', () => {
  const rule = (change: Partial<Extract<UrgencyRule, { kind: 'support_hours' }>> = {}): UrgencyRule => ({
    kind: 'support_hours',
    hours: hoursOf(),
    inside: { critical: 'high', warning: 'high', info: 'low' },
    outside: { critical: 'high', warning: 'low', info: 'low' },
    raiseAtStart: true,
    ...change,
  });
  const night = at('2026-11-26T03:00');
  const day = at('2026-11-26T12:00');

  it('is constant, by severity, or by severity and support hours', () => {
    expect(urgencyAt({ kind: 'constant', urgency: 'low' }, 'critical', day)).toBe('low');
    const bySeverity: UrgencyRule = { kind: 'severity', of: { critical: 'high', warning: 'low', info: 'low' } };
    expect((['critical', 'warning', 'info'] as const).map((one) => urgencyAt(bySeverity, one, day))).toEqual([
      'high',
      'low',
      'low',
    ]);
    expect(urgencyAt(rule(), 'warning', day)).toBe('high');
    expect(urgencyAt(rule(), 'warning', night)).toBe('low');
    expect(urgencyAt(rule(), 'critical', night)).toBe('high');
  });

  it('is raised when support hours begin, for what waited', () => {
    expect(nextRaiseMs(rule(), 'warning', night)).toBe(at('2026-11-26T09:00'));
    expect(nextRaiseMs(rule(), 'warning', at('2026-11-28T12:00'))).toBe(at('2026-11-30T09:00'));
  });

  it('is not raised when it is high, stays low, or shall not be', () => {
    expect(nextRaiseMs(rule(), 'critical', night)).toBeUndefined();
    expect(nextRaiseMs(rule(), 'warning', day)).toBeUndefined();
    expect(nextRaiseMs(rule(), 'info', night)).toBeUndefined();
    expect(nextRaiseMs(rule({ raiseAtStart: false }), 'warning', night)).toBeUndefined();
    expect(nextRaiseMs({ kind: 'constant', urgency: 'low' }, 'warning', night)).toBeUndefined();
  });

  it('is high at the moment at which it is raised', () => {
    const moment = fc.integer({ min: utc('2026-01-01T00:00'), max: utc('2028-01-01T00:00') });
    const severity = fc.constantFrom<Severity[]>('critical', 'warning', 'info');
    fc.assert(
      fc.property(moment, severity, (nowMs, of) => {
        const raiseMs = nextRaiseMs(rule(), of, nowMs);
        if (raiseMs === undefined) return;
        expect(urgencyAt(rule(), of, nowMs)).toBe('low');
        expect(urgencyAt(rule(), of, raiseMs)).toBe('high');
        expect(urgencyAt(rule(), of, raiseMs - 1)).toBe('low');
      }),
    );
  });
});

describe('the condition of a step', () => {
  const facts = { nowMs: at('2026-11-26T12:00'), openedAtMs: at('2026-11-26T11:00'), firing: 3 };

  it('holds when there is none', () => {
    expect(conditionHolds(undefined, facts)).toBe(true);
  });

  it('asks for support hours, alerts that fire, and the time since it was opened', () => {
    expect(conditionHolds({ inside: hoursOf() }, facts)).toBe(true);
    expect(conditionHolds({ outside: hoursOf() }, facts)).toBe(false);
    expect(conditionHolds({ outside: hoursOf() }, { ...facts, nowMs: at('2026-11-26T20:00') })).toBe(true);
    expect(conditionHolds({ inside: hoursOf() }, { ...facts, nowMs: at('2026-11-26T20:00') })).toBe(false);
    expect(conditionHolds({ firingAtLeast: 3 }, facts)).toBe(true);
    expect(conditionHolds({ firingAtLeast: 4 }, facts)).toBe(false);
    expect(conditionHolds({ openAtLeastMs: HOUR_MS }, facts)).toBe(true);
    expect(conditionHolds({ openAtLeastMs: HOUR_MS + 1 }, facts)).toBe(false);
  });

  it('asks for all that it names', () => {
    expect(conditionHolds({ inside: hoursOf(), firingAtLeast: 4 }, facts)).toBe(false);
    expect(conditionHolds({ inside: hoursOf(), firingAtLeast: 3, openAtLeastMs: 1 }, facts)).toBe(true);
  });
});
