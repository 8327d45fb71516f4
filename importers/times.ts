import { DateTime } from 'luxon';
import { parseRfc3339 } from '../events/time.ts';

/** Reads the text of a time into epoch milliseconds; undefined when it is none. */
export type TimeReader = (text: string) => number | undefined;

const LOCAL_TIME = /^(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d)(:\d\d(?:\.\d{1,9})?)?$/;
const DATE = /^\d{4}-\d\d-\d\d$/;
const WHOLE_NUMBER = /^\d{1,15}$/;
const DECIMAL_NUMBER = /^\d{1,12}(?:\.\d{1,9})?$/;

/**
 * The reader for the times of a file. A time that says its offset is taken at its word; others are of `timezone`. In the
 * hour that is skipped when clocks go forward, and in the one that comes twice, the earlier offset counts.
 */
export function createTimeReader(format: string, timezone: string): TimeReader {
  if (format === 'epoch_seconds') {
    return (text) => (DECIMAL_NUMBER.test(text) ? Math.trunc(Number(text) * 1_000) : undefined);
  }
  if (format === 'epoch_milliseconds') return (text) => (WHOLE_NUMBER.test(text) ? Number(text) : undefined);
  if (format === 'iso') return isoReader(timezone);
  return (text) => valid(DateTime.fromFormat(text, format, { zone: timezone, locale: 'en' }));
}

function isoReader(timezone: string): TimeReader {
  const isUtc = timezone === 'UTC';
  return (text) => {
    const withOffset = parseRfc3339(text);
    if (withOffset !== undefined) return withOffset;
    const [, date = '', minutes = '', seconds = ':00'] = LOCAL_TIME.exec(text) ?? [];
    if (date === '') return DATE.test(text) ? readLocal(text, timezone) : undefined;
    // The usual case, and luxon costs thirty times as much.
    return isUtc ? parseRfc3339(`${date}T${minutes}${seconds}Z`) : readLocal(`${date}T${minutes}${seconds}`, timezone);
  };
}

const readLocal = (text: string, zone: string): number | undefined => valid(DateTime.fromISO(text, { zone }));

const valid = (time: DateTime): number | undefined => (time.isValid ? time.toMillis() : undefined);
