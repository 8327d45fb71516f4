import type { EventRow } from '../events/row.ts';
import type { EVENT_AGES } from '../otel/registry/ingest.ts';

type EventAge = (typeof EVENT_AGES)[number];

/** How many events happened how long before their receipt. */
export type EventAgeCounts = Readonly<Record<EventAge, number>>;

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

export const NO_EVENT_AGES: EventAgeCounts = { ahead: 0, within_hour: 0, within_day: 0, within_week: 0, older: 0 };

/** Counts the rows of a request by their age. */
export function countEventAges(rows: readonly Pick<EventRow, 'occurred_at'>[], receivedAt: number): EventAgeCounts {
  const counts = { ...NO_EVENT_AGES };
  for (const { occurred_at: occurredAt } of rows) counts[ageOf(receivedAt - occurredAt)] += 1;
  return counts;
}

function ageOf(milliseconds: number): EventAge {
  if (milliseconds <= -MINUTE_MS) return 'ahead';
  if (milliseconds <= HOUR_MS) return 'within_hour';
  if (milliseconds <= DAY_MS) return 'within_day';
  return milliseconds <= 7 * DAY_MS ? 'within_week' : 'older';
}
