import { readAcceptedHours, forgetAcceptedEvents } from '../postgres/accepted-events.ts';
import type { LedgerActivities } from './contract.ts';
import type { ActivityDependencies, LedgerParts } from './dependencies.ts';
import { withHeartbeat } from './heartbeat.ts';
import { type HourCounts, isDue, spansOf } from './ledger-due.ts';
import { HOUR_MS, type LedgerSpan } from './ledger-hours.ts';
import { type LedgerHour, readArrivedHours, readLedger } from './ledger-queries.ts';
import { measureHours } from './measure-hours.ts';
import { storeLedger } from './store-ledger.ts';
import { tellLedger } from './tell-ledger.ts';

/** After so long the rest is left to the next call. */
const CALL_MS_MAX = 60_000;
const HOURS_PER_SPAN = 24;
/** Of these last hours it is asked what arrived, whether or not anybody has counted it before. */
const RECENT_MS = 4 * HOUR_MS;

/**
 * Measures the hours of receipt that are due, keeps what was measured, and tells the windows that faults concern. Hours are
 * measured for as long as Kafka keeps their records; after that the last measure stands.
 */
export function createKeepLedger(dependencies: ActivityDependencies): LedgerActivities['keepLedger'] {
  const { clickhouse, postgres, measurableMs, nowMs, metrics } = dependencies;
  return function keepLedger({ sinceMs }) {
    return withHeartbeat(undefined, async (signal) => {
      const startedAtMs = nowMs();
      const range = { fromMs: ceilHour(startedAtMs - measurableMs), toMs: ceilHour(startedAtMs) };
      await forgetAcceptedEvents(postgres, new Date(range.fromMs));
      const spans = spansOf(await dueHours(dependencies, range, sinceMs), HOURS_PER_SPAN);
      let measured = 0;
      for (const span of spans) {
        if (measured > 0 && nowMs() - startedAtMs > CALL_MS_MAX) break;
        measured += 1;
        const hours = await measureAndStore(dependencies, span, signal);
        if (hours === null) return { isMore: false };
        await tellLedger(dependencies, hours);
      }
      // Of these Kafka has no records any more, but somebody may have borne their loss.
      const older = { tenantId: '', fromMs: 0, toMs: range.fromMs, isUntold: true };
      await tellLedger(dependencies, await readLedger(clickhouse, older, { signal }));
      metrics.ledgerDuration.observe((nowMs() - startedAtMs) / 1_000);
      return { isMore: measured < spans.length };
    });
  };
}

const ceilHour = (epochMs: number): number => Math.ceil(epochMs / HOUR_MS) * HOUR_MS;

/** Measures a span and keeps the measures; null while the sink has not stored what is on Kafka. */
export async function measureAndStore(
  dependencies: LedgerParts,
  span: LedgerSpan,
  signal?: AbortSignal,
): Promise<LedgerHour[] | null> {
  const measured = await measureHours(dependencies, span, signal);
  return measured === null ? null : storeLedger(dependencies, span, measured);
}

async function dueHours(
  { clickhouse, postgres, eventsTopic: topic, nowMs }: ActivityDependencies,
  range: { fromMs: number; toMs: number },
  sinceMs: number,
): Promise<HourCounts[]> {
  const now = nowMs();
  const counted = await readAcceptedHours(postgres, { tenantId: null, ...range });
  const ledger = await readLedger(clickhouse, { tenantId: '', ...range });
  const arrived = await readArrivedHours(clickhouse, { topic, fromMs: Math.max(range.fromMs, now - RECENT_MS) });
  const known = new Map(ledger.map((hour) => [nameOf(hour), hour]));
  const hours = new Map<string, HourCounts>();
  for (const { tenantId, hourMs } of [...ledger, ...arrived]) {
    hours.set(nameOf({ tenantId, hourMs }), { tenantId, hourMs, accepted: 0, spooled: 0 });
  }
  for (const hour of counted) hours.set(nameOf(hour), hour);
  return [...hours.values()].filter(
    (hour) =>
      hour.tenantId !== '' &&
      hour.hourMs >= range.fromMs &&
      isDue(hour, known.get(nameOf(hour)), { nowMs: now, sinceMs }),
  );
}

const nameOf = ({ tenantId, hourMs }: { tenantId: string; hourMs: number }): string => `${tenantId}/${hourMs}`;
