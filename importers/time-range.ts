import { LIMITS } from '../events/limits.ts';
import type { RowMapper } from './map-row.ts';
import type { PositionedRow } from './read-rows.ts';

/** Earliest and latest event time, in epoch milliseconds. */
export interface TimeRange {
  start: number;
  end: number;
}

/**
 * What a file holds, found by mapping all of it without sending anything. Times that ingest would refuse are left out,
 * or one typing error would hold the windows of a century.
 */
export async function findTimeRange(
  rows: AsyncIterable<PositionedRow>,
  mapRow: RowMapper,
  options: { nowMs: number; onRow: (row: PositionedRow) => void },
): Promise<{ rows: number; range: TimeRange | null }> {
  let count = 0;
  let range: TimeRange | null = null;
  const latest = options.nowMs + LIMITS.occurredAtAheadMsMax;
  for await (const row of rows) {
    count += 1;
    options.onRow(row);
    for (const { occurred_at: time } of mapRow(row).events) {
      if (time < LIMITS.occurredAtMin || time > latest) continue;
      if (range === null) range = { start: time, end: time };
      else if (time < range.start) range.start = time;
      else if (time > range.end) range.end = time;
    }
  }
  return { rows: count, range };
}
