import { differencesOf } from '../events/ledger.ts';
import type { LedgerHour } from './ledger-queries.ts';

/** Hours of receipt of one tenant, or of all (empty). */
export interface LedgerSpan {
  tenantId: string;
  fromMs: number;
  toMs: number;
}

export const HOUR_MS = 3_600_000;
/** After its end an hour stays open for so long: a request may take a while, and its count is told a second later. */
const CLOSED_AFTER_MS = 60_000;
/** By so much the clocks of two machines may differ. */
export const CLOCKS_APART_MS = 300_000;

/** What is known of one tenant and hour. All in events. */
const NOTHING = {
  accepted: 0,
  spooled: 0,
  onKafka: 0,
  /** In the table in the order of the log. */
  arrived: 0,
  deadLettered: 0,
  offsetGap: 0,
  rowGap: 0,
  /** Beyond what their records announced. */
  insertedTwice: 0,
  replayed: 0,
  repeated: 0,
  /** In the table that readers read. */
  stored: 0,
  events: 0,
  insideWindows: 0,
  lateBeyondHorizon: 0,
  conversions: 0,
  credited: 0,
  organic: 0,
  notCounted: 0,
  uncredited: 0,
};

type Facts = typeof NOTHING;

/** Sums of what is measured, by tenant and hour. */
export interface LedgerHours {
  /** Adds to what is known; what lies outside of the span is left out. */
  add(tenantId: string, hourMs: number, more: Partial<Facts>): void;
  /** Says that the rows of a tenant were looked up in the table that readers read. */
  follow(tenantId: string): void;
  list(): LedgerHour[];
}

export const isClosedAt = (hourMs: number, nowMs: number): boolean => hourMs + HOUR_MS + CLOSED_AFTER_MS <= nowMs;

/** Nothing is known of any hour at first. */
export function createLedgerHours(span: LedgerSpan, measuredAtMs: number): LedgerHours {
  const known = new Map<string, { tenantId: string; hourMs: number; facts: Facts }>();
  const followed = new Set<string>();
  return {
    add(tenantId, hourMs, more) {
      if ((span.tenantId !== '' && span.tenantId !== tenantId) || hourMs < span.fromMs || hourMs >= span.toMs) return;
      const name = `${tenantId}/${hourMs}`;
      const { facts } = known.get(name) ?? { facts: { ...NOTHING } };
      for (const [key, value] of Object.entries(more) as [keyof Facts, number][]) facts[key] += value;
      known.set(name, { tenantId, hourMs, facts });
    },
    follow: (tenantId) => void followed.add(tenantId),
    list: () =>
      [...known.values()].map(({ tenantId, hourMs, facts }) => ({
        tenantId,
        hourMs,
        ...sidesOf(followed.has(tenantId) ? facts : unfollowed(facts)),
        isClosed: isClosedAt(hourMs, measuredAtMs),
        isTold: true,
        measuredAtMs,
      })),
  };
}

/** Rows of nobody that is known, or none at all. */
const unfollowed = (facts: Facts): Facts => ({ ...facts, stored: facts.arrived, events: facts.arrived });

function sidesOf(facts: Facts): Omit<LedgerHour, 'tenantId' | 'hourMs' | 'isClosed' | 'isTold' | 'measuredAtMs'> {
  const { stored, events, insideWindows, lateBeyondHorizon, conversions, credited, organic, notCounted } = facts;
  const arrivedOnce = facts.arrived - facts.insertedTwice;
  return {
    accepted: facts.accepted,
    spooled: facts.spooled,
    onKafka: facts.onKafka,
    deadLettered: facts.deadLettered,
    stored,
    duplicates: stored - events,
    events,
    insideWindows,
    waiting: events - insideWindows - lateBeyondHorizon,
    lateBeyondHorizon,
    conversions,
    credited,
    organic,
    notCounted,
    differences: differencesOf({
      ...facts,
      // What arrived and is not where readers look any more is missing as well.
      rowGap: facts.rowGap + Math.max(0, arrivedOnce - stored),
      insertedTwice: Math.max(0, stored - arrivedOnce),
    }),
  };
}
