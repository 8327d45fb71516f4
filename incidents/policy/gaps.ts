import { DateTime } from 'luxon';
import { shiftsBetween } from '../oncall/who.ts';
import { type Finding, warning } from './problems.ts';
import type { PolicyDocument } from './schema.ts';

const HOUR_MS = 3_600_000;
const AHEAD_DAYS = 14;
const AHEAD_MS = AHEAD_DAYS * 24 * HOUR_MS;

/**
 * Schedules in which nobody is on call at some time of the next days. It may be meant so: a step whose shift is empty
 * moves on at once. Overrides and imported calendars are not in the file, so they are not seen here.
 */
export function gapFindings({ schedules }: PolicyDocument, nowMs: number): Finding[] {
  return schedules.flatMap((schedule, index) => {
    const { gaps } = shiftsBetween(schedule, [], nowMs, nowMs + AHEAD_MS);
    const [first] = gaps;
    if (first === undefined) return [];
    const hours = gaps.reduce((sum, { fromMs, toMs }) => sum + toMs - fromMs, 0) / HOUR_MS;
    const since = DateTime.fromMillis(first.fromMs, { zone: schedule.time_zone }).toFormat('yyyy-MM-dd HH:mm');
    return [
      warning(
        ['schedules', index],
        `${schedule.id} has nobody on call for ${Math.round(hours * 10) / 10} hours of the next ${AHEAD_DAYS} days, first at ${since} ${schedule.time_zone}`,
      ),
    ];
  });
}
