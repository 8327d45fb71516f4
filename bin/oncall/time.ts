import { DateTime } from 'luxon';
import { UnmogrowpError } from '../../errors.ts';
import { instantOfWall } from '../../incidents/local-time.ts';

const WRITTEN = /^(\d{4}-\d\d-\d\d)(?:[T ](\d\d:\d\d(?::\d\d)?))?(Z|[+-](?:0\d|1[0-4]):?[0-5]\d)?$/;

/**
 * A moment as a person writes it: a day, or a day and a time. Without Z or an offset it is meant by the clock of
 * `timeZone`. Throws `oncall_invalid`.
 */
export function readMoment(text: string, timeZone: string): number {
  const [, date, time = '00:00', offset] = WRITTEN.exec(text) ?? [];
  const wall = DateTime.fromISO(`${date}T${time}`, { zone: 'utc' });
  const withOffset = DateTime.fromISO(`${date}T${time}${offset ?? 'Z'}`);
  if (date === undefined || !wall.isValid || !withOffset.isValid) {
    throw new UnmogrowpError(
      'oncall_invalid',
      `${JSON.stringify(text)} is no time: write 2026-01-05, 2026-01-05T09:00 by the clock of ${timeZone}, or 2026-01-05T09:00Z.`,
    );
  }
  return offset === undefined ? instantOfWall(timeZone, wall.toMillis()) : withOffset.toMillis();
}

/** Refuses a range that ends before it begins, with `oncall_invalid`. */
export function refuseEmpty(range: { fromMs: number; toMs: number }): void {
  if (range.fromMs < range.toMs) return;
  throw new UnmogrowpError('oncall_invalid', 'The range has to end after it begins.');
}

/** A moment as the clock of a time zone shows it, with its offset. */
export const momentText = (epochMs: number, timeZone: string): string =>
  DateTime.fromMillis(epochMs, { zone: timeZone }).toFormat('ccc yyyy-MM-dd HH:mm ZZ', { locale: 'en' });

/** A moment for a program. */
export const isoText = (epochMs: number): string => new Date(epochMs).toISOString();
