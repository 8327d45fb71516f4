import { readLateBeyondHorizonOfTenant, readLateness } from '../clickhouse/lateness.ts';
import type { ClickHouse } from '../clickhouse/client.ts';
import { GRANULARITY_SECONDS, type Settings } from '../events/settings.ts';

const MINUTE_SECONDS = 60;
const HOUR_SECONDS = 3_600;
const DAY_SECONDS = 86_400;

/** Events may be looked at by how much later than these they came. */
const BOUNDS_SECONDS = [HOUR_SECONDS, 6 * HOUR_SECONDS, DAY_SECONDS, 7 * DAY_SECONDS] as const;

/** What an allowed lateness, or it and the late horizon together, may sensibly be. */
const WAITS_SECONDS: readonly number[] = [
  0,
  15 * MINUTE_SECONDS,
  ...[1, 2, 3, 6, 12].map((hours) => hours * HOUR_SECONDS),
  ...[1, 2, 3, 5, 7, 14, 30, 60, 90].map((days) => days * DAY_SECONDS),
];
const ALLOWED_LATENESS_SECONDS_MAX = 30 * DAY_SECONDS;

/** Advice leaves so many events to come after the first close, which costs runs, and after the horizon, which loses them. */
const AFTER_CLOSE_SHARE_MAX = 0.05;
const BEYOND_HORIZON_SHARE_MAX = 0.001;
/** Of fewer events the rare late ones say nothing. */
const EVENTS_MIN = 1_000;

/** How late the events of one channel came, or those of all of them. */
export interface LatenessLine {
  /** null for all channels. */
  channel: string | null;
  events: number;
  p50_seconds: number;
  p90_seconds: number;
  p99_seconds: number;
  share_over_1h: number;
  share_over_6h: number;
  share_over_1d: number;
  share_over_7d: number;
  /** After the first close of the window of their time, as the settings are now. */
  share_over_allowed_lateness: number;
  share_over_late_horizon: number;
}

/** How many events come too late for the first close of windows that wait so long after their end. */
export interface LatenessWait {
  wait_seconds: number;
  share_after: number;
}

export interface LatenessReport {
  tenant_id: string;
  from: string;
  to: string;
  allowed_lateness_seconds: number;
  late_horizon_seconds: number;
  lines: LatenessLine[];
  waits: LatenessWait[];
  /** null when too few events came to say anything. */
  advice: { allowed_lateness_seconds: number; late_horizon_seconds: number } | null;
  /** What came after the horizon of the window of its time, by day of event time. */
  late_beyond_horizon: { day: string; rows: number; touchpoints: number; conversions: number }[];
}

export interface LatenessQuestion {
  tenantId: string;
  settings: Settings;
  /** The moments between which the events were received. */
  fromMs: number;
  toMs: number;
}

/** How late events come, and what that says about the settings of their tenant. */
export async function readLatenessReport(clickhouse: ClickHouse, question: LatenessQuestion): Promise<LatenessReport> {
  const { tenantId, settings, fromMs, toMs } = question;
  const { allowed_lateness_seconds: allowed, late_horizon_seconds: horizon } = settings;
  const own = [allowed, allowed + horizon];
  const rows = await readLateness(clickhouse, {
    tenantId,
    fromMs,
    toMs,
    windowMs: GRANULARITY_SECONDS[settings.granularity] * 1_000,
    latenessBoundsMs: BOUNDS_SECONDS.map((seconds) => seconds * 1_000),
    afterEndBoundsMs: [...own, ...WAITS_SECONDS].map((seconds) => seconds * 1_000),
  });
  const all = rows.find(({ isAll }) => isAll);
  const waits = WAITS_SECONDS.map((seconds, index) => ({
    wait_seconds: seconds,
    share_after: shareOf(all, all?.laterAfterEndThan[own.length + index]),
  }));
  return {
    tenant_id: tenantId,
    from: new Date(fromMs).toISOString(),
    to: new Date(toMs).toISOString(),
    allowed_lateness_seconds: allowed,
    late_horizon_seconds: horizon,
    lines: rows.map(toLine),
    waits,
    advice: (all?.events ?? 0) < EVENTS_MIN ? null : adviseOn(waits),
    late_beyond_horizon: await readLateBeyondHorizonOfTenant(clickhouse, { tenantId, fromMs }),
  };
}

/**
 * The shortest waits that leave few enough events behind. A window that waits for less is published sooner and computed more
 * often; what comes after the horizon is lost until somebody replays the window.
 */
export function adviseOn(waits: readonly LatenessWait[]): NonNullable<LatenessReport['advice']> {
  const shortest = (shareMax: number): number =>
    waits.find(({ share_after: share }) => share <= shareMax)?.wait_seconds ?? waits.at(-1)?.wait_seconds ?? 0;
  const allowed = Math.min(shortest(AFTER_CLOSE_SHARE_MAX), ALLOWED_LATENESS_SECONDS_MAX);
  const until = shortest(BEYOND_HORIZON_SHARE_MAX);
  // A horizon of nothing would leave nobody room for what nobody foresaw.
  return { allowed_lateness_seconds: allowed, late_horizon_seconds: Math.max(until - allowed, DAY_SECONDS) };
}

type Row = Awaited<ReturnType<typeof readLateness>>[number];

function toLine(row: Row): LatenessLine {
  const [p50, p90, p99] = row.latenessMs;
  const over = (index: number): number => shareOf(row, row.laterThan[index]);
  return {
    channel: row.isAll ? null : row.channel,
    events: row.events,
    p50_seconds: p50 / 1_000,
    p90_seconds: p90 / 1_000,
    p99_seconds: p99 / 1_000,
    share_over_1h: over(0),
    share_over_6h: over(1),
    share_over_1d: over(2),
    share_over_7d: over(3),
    share_over_allowed_lateness: shareOf(row, row.laterAfterEndThan[0]),
    share_over_late_horizon: shareOf(row, row.laterAfterEndThan[1]),
  };
}

const shareOf = (row: Row | undefined, count = 0): number => (row === undefined ? 0 : count / row.events);
