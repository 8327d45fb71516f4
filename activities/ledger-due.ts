import type { LedgerSpan } from './ledger-hours.ts';
import { HOUR_MS, isClosedAt } from './ledger-hours.ts';
import { FAULTS, sumOf } from '../events/ledger.ts';
import type { LedgerHour } from './ledger-queries.ts';

/** An hour is measured again after this time, whether or not anything is to be expected. */
const SETTLED_MS = 24 * HOUR_MS;

export interface HourCounts {
  tenantId: string;
  hourMs: number;
  accepted: number;
  spooled: number;
}

/**
 * Whether an hour has to be measured (again). An hour that is not over is not due, for more of it is on its way, unless
 * somebody has measured it and its windows have not heard of what was found. Where something is wrong or has changed it is
 * due each time, but only once since `sinceMs`, when somebody began to measure.
 */
export function isDue(
  counts: HourCounts,
  known: LedgerHour | undefined,
  { nowMs, sinceMs }: { nowMs: number; sinceMs: number },
): boolean {
  const isClosed = isClosedAt(counts.hourMs, nowMs);
  if (!isClosed && known?.isTold !== false) return false;
  if (known === undefined || (isClosed && !known.isClosed)) return true;
  if (known.measuredAtMs >= sinceMs) return false;
  const hasChanged = counts.accepted !== known.accepted || counts.spooled !== known.spooled;
  if (hasChanged || !known.isTold || known.spooled > 0 || sumOf(known.differences, FAULTS) > 0) return true;
  return nowMs - known.measuredAtMs >= (known.waiting > 0 ? waitingMs(known) : SETTLED_MS);
}

/** Events wait for their window: the longer they do, the longer it may take. */
const waitingMs = ({ hourMs, measuredAtMs }: LedgerHour): number =>
  Math.min(SETTLED_MS, Math.max(HOUR_MS, (measuredAtMs - hourMs) / 2));

/** Hours that follow each other as spans, of one tenant each; at most `hoursMax` in one. */
export function spansOf(hours: readonly { tenantId: string; hourMs: number }[], hoursMax: number): LedgerSpan[] {
  const spans: LedgerSpan[] = [];
  const sorted = hours.toSorted((left, right) => compare(left.tenantId, right.tenantId) || left.hourMs - right.hourMs);
  for (const { tenantId, hourMs } of sorted) {
    const last = spans.at(-1);
    const isNext = last?.tenantId === tenantId && last.toMs === hourMs && hourMs - last.fromMs < hoursMax * HOUR_MS;
    if (isNext) last.toMs = hourMs + HOUR_MS;
    else spans.push({ tenantId, fromMs: hourMs, toMs: hourMs + HOUR_MS });
  }
  return spans;
}

const compare = (left: string, right: string): number => (left < right ? -1 : left > right ? 1 : 0);
