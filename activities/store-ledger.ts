import { FAULTS, type LedgerDifferences } from '../events/ledger.ts';
import type { LedgerParts } from './dependencies.ts';
import { chunksOf } from './chunks.ts';
import { type LedgerHour, insertLedgerHours, readLedger } from './ledger-queries.ts';
import type { LedgerSpan } from './ledger-hours.ts';

const HOURS_AT_ONCE = 50;

/**
 * Keeps measures of a span. An hour whose faults are not what they were before has windows that must hear of it; hours
 * without faults that were never measured have nothing to tell.
 */
export async function storeLedger(
  { clickhouse }: Pick<LedgerParts, 'clickhouse'>,
  span: LedgerSpan,
  measured: readonly LedgerHour[],
): Promise<LedgerHour[]> {
  const known = new Map((await readLedger(clickhouse, span)).map((hour) => [nameOf(hour), hour]));
  const hours = measured.map((hour) => {
    const before = known.get(nameOf(hour));
    const isSame = faultsOf(hour.differences) === faultsOf(before?.differences ?? {});
    return { ...hour, isTold: isSame && (before?.isTold ?? true) };
  });
  await insertHours({ clickhouse }, hours);
  return hours;
}

/** Writes hours as they are. */
export async function insertHours(
  { clickhouse }: Pick<LedgerParts, 'clickhouse'>,
  hours: readonly LedgerHour[],
): Promise<void> {
  for (const some of chunksOf(hours, HOURS_AT_ONCE)) {
    await insertLedgerHours(clickhouse, {
      tenantIds: some.map(({ tenantId }) => tenantId),
      hoursMs: some.map(({ hourMs }) => hourMs),
      counts: some.map(countsOf),
      differences: some.map(({ differences }) => differences),
      areClosed: some.map(({ isClosed }) => isClosed),
      areTold: some.map(({ isTold }) => isTold),
      measuredAtMs: some.map(({ measuredAtMs }) => measuredAtMs),
    });
  }
}

const nameOf = ({ tenantId, hourMs }: LedgerHour): string => `${tenantId}/${hourMs}`;

const faultsOf = (differences: LedgerDifferences): string => FAULTS.map((code) => differences[code] ?? 0).join();

/** In the order in which `insert-ledger-hours.sql` reads them. */
const countsOf = (hour: LedgerHour): number[] => [
  hour.accepted,
  hour.spooled,
  hour.onKafka,
  hour.deadLettered,
  hour.stored,
  hour.duplicates,
  hour.events,
  hour.insideWindows,
  hour.waiting,
  hour.lateBeyondHorizon,
  hour.conversions,
  hour.credited,
  hour.organic,
  hour.notCounted,
];
