import { describeWindow, toTemporalError } from '../activities/client.ts';
import { readCurrentPublication, readLatestRun, readSeenCutoffs } from '../activities/run-queries.ts';
import type { WindowKey } from '../activities/contract.ts';
import { holdingLease, windowAt } from '../activities/window-range.ts';
import type { ClickHouse } from '../clickhouse/client.ts';
import {
  type EventCopy,
  type EventCredit,
  readCopiesOfEvent,
  readCreditsOfEvent,
  readEventsOfUser,
  readLateRowOfEvent,
} from '../clickhouse/event-facts.ts';
import type { Env } from '../env.ts';
import { isVisible } from '../events/cutoff.ts';
import { GRANULARITY_SECONDS, type Settings } from '../events/settings.ts';
import type { PostgresPool } from '../postgres/pool.ts';
import { activeLeases } from '../postgres/leases.ts';
import { loadSettings, settingsVersionOf } from '../postgres/settings.ts';
import { type Absence, findAbsent } from './event-absence.ts';
import { type LaterConversion, explainNoCredit, explainOrganic } from './event-reasons.ts';
import { withTemporal } from './temporal.ts';

export interface EventFactsOptions {
  env: Env;
  clickhouse: ClickHouse;
  pool: PostgresPool;
  eventId: string;
  /** Of all tenants when it is missing. */
  tenantId: string | undefined;
}

/** The window in whose time an event lies, as it stands now. */
export interface WindowFacts {
  startMs: number;
  endMs: number;
  granularity: string;
  /** What its workflow says, or why that is not known. */
  phase: string;
  waitsFor: string;
  /** Until when it waits at most; null when that depends on something else. */
  untilMs: number | null;
  run: { runId: string; state: string; finishedAtMs: number; settingsVersion: number; traceId: string } | null;
  publication: { version: number; runId: string; publishedAtMs: number; traceId: string } | null;
}

/** Everything that is known about an event of one tenant. */
export interface EventFacts {
  eventId: string;
  tenantId: string;
  /** The one that counts comes first. */
  copies: [EventCopy, ...EventCopy[]];
  window: WindowFacts;
  credits: EventCredit[];
  /** Why it has no credits, or only organic ones; null when touchpoints have some. */
  reason: string | null;
}

/** What a copy of an event is: the one that counts, the same once more, or one that says something else. */
export type CopyRole = 'counts' | 'resent' | 'collision';

/** The first copy counts. Another one that says something else under the same identity is excluded as a collision. */
export function roleOfCopy(copies: readonly EventCopy[], index: number): CopyRole {
  if (index === 0) return 'counts';
  return copies[index]?.content === copies[0]?.content ? 'resent' : 'collision';
}

/** All there is about an event: one entry for each tenant that has it, or where it was looked for in vain. */
export async function findEvent(options: EventFactsOptions): Promise<EventFacts[] | Absence> {
  const { clickhouse, eventId, tenantId = '' } = options;
  if (tenantId !== '') await loadSettings(options.pool, tenantId);
  const copies = await readCopiesOfEvent(clickhouse, { eventId, tenantId });
  if (copies.length === 0) return findAbsent(options.env, options.pool, eventId);
  const byTenant = Map.groupBy(copies, (copy) => copy.tenantId);
  return Promise.all(
    [...byTenant].map(([tenant, ofTenant]) => factsOf(options, tenant, ofTenant as [EventCopy, ...EventCopy[]])),
  );
}

async function factsOf(
  options: EventFactsOptions,
  tenantId: string,
  copies: [EventCopy, ...EventCopy[]],
): Promise<EventFacts> {
  const { clickhouse, eventId } = options;
  const [first] = copies;
  const { settings, window } = await windowOf(options, tenantId, first.occurredAtMs);
  const reachMs = isConversion(first) ? 0 : lookbackMsOf(settings, first);
  const credits = await readCreditsOfEvent(clickhouse, {
    tenantId,
    eventId,
    asConversion: isConversion(first),
    windowsFromMs: window.startMs,
    windowsToMs: window.startMs + reachMs + (window.endMs - window.startMs),
  });
  const input = { tenantId, first, window, settings, reachMs };
  const reason =
    credits.length === 0
      ? await reasonOf(options, input)
      : credits.every(isOrganic)
        ? await organicReasonOf(options, input)
        : null;
  return { eventId, tenantId, copies, window, credits, reason };
}

interface ReasonInput {
  tenantId: string;
  first: EventCopy;
  window: WindowFacts;
  settings: Settings;
  reachMs: number;
}

async function reasonOf(options: EventFactsOptions, input: ReasonInput): Promise<string> {
  const { tenantId, first, window, settings, reachMs } = input;
  const explain = async (judged: Judged, conversionsAfter: LaterConversion[]): Promise<string> =>
    explainNoCredit({ event: first, ...judged, conversionsAfter, ...(await seenBy(options, judged.window, first)) });
  if (isConversion(first)) return explain({ window, settings }, []);
  const conversionsAfter = await conversionsAfterOf(options.clickhouse, tenantId, first, reachMs);
  const inReach = conversionsAfter.find(({ isCounted, isInReach }) => isCounted(settings) && isInReach);
  // What counts for a touchpoint is the window of the conversion.
  const judged = inReach === undefined ? { window, settings } : await windowOf(options, tenantId, inReach.occurredAtMs);
  return explain(judged, conversionsAfter);
}

/** Whether the runs of a window have seen an event, and whether only a replay would. */
async function seenBy(
  { clickhouse, eventId }: EventFactsOptions,
  { startMs: windowStartMs }: WindowFacts,
  { tenantId, topic, partition, offset }: EventCopy,
): Promise<{ isSeen: boolean; isBeyondHorizon: boolean }> {
  const [[late], cutoffs] = await Promise.all([
    readLateRowOfEvent(clickhouse, { tenantId, windowStartMs, eventId }),
    readSeenCutoffs(clickhouse, { tenantId, windowStartMs }),
  ]);
  return {
    isSeen: cutoffs.some(({ cutoff }) => isVisible(cutoff, topic, partition, offset)),
    isBeyondHorizon: late?.isBeyondHorizon === true,
  };
}

/** How far before a conversion touchpoints are looked for that came too early for it. */
const LOOK_BACK_FACTOR = 4;

async function organicReasonOf({ clickhouse }: EventFactsOptions, input: ReasonInput): Promise<string> {
  const { tenantId, first, settings } = input;
  const lookbackMs = Math.max(settings.lookback_click_seconds, settings.lookback_impression_seconds) * 1_000;
  const earlier = await readEventsOfUser(clickhouse, {
    tenantId,
    appId: first.appId,
    userKey: first.userKey,
    fromMs: first.occurredAtMs - lookbackMs * LOOK_BACK_FACTOR,
    toMs: first.occurredAtMs,
  });
  return explainOrganic({
    occurredAtMs: first.occurredAtMs,
    touchpoints: earlier.filter((event) => !isConversion(event)),
    settings,
    lookedBackMs: lookbackMs * LOOK_BACK_FACTOR,
  });
}

/** How far after a touchpoint conversions are looked for that came too late for it. */
const LOOK_AHEAD_FACTOR = 4;

async function conversionsAfterOf(clickhouse: ClickHouse, tenantId: string, event: EventCopy, reachMs: number) {
  const later = await readEventsOfUser(clickhouse, {
    tenantId,
    appId: event.appId,
    userKey: event.userKey,
    fromMs: event.occurredAtMs,
    toMs: event.occurredAtMs + reachMs * LOOK_AHEAD_FACTOR,
  });
  return later.filter(isConversion).map(({ name, occurredAtMs }) => ({
    name,
    occurredAtMs,
    isInReach: occurredAtMs <= event.occurredAtMs + reachMs,
    isCounted: ({ conversion_names: names }: Settings) => names.length === 0 || names.includes(name),
  }));
}

const isConversion = ({ eventType }: { eventType: EventCopy['eventType'] }): boolean =>
  eventType === 'install' || eventType === 'conversion';

/** What a conversion is credited to that has no touchpoint; clients may name a channel of theirs `organic`. */
const isOrganic = ({ touchpointEventId }: EventCredit): boolean => /^[0-]*$/.test(touchpointEventId);

const lookbackMsOf = (settings: Settings, { eventType }: EventCopy): number =>
  (eventType === 'click' ? settings.lookback_click_seconds : settings.lookback_impression_seconds) * 1_000;

/** A window and the settings by which it is judged. */
interface Judged {
  window: WindowFacts;
  settings: Settings;
}

async function windowOf(options: EventFactsOptions, tenantId: string, occurredAtMs: number): Promise<Judged> {
  const { clickhouse, pool } = options;
  const { settings: now } = await loadSettings(pool, tenantId);
  const sizeMs = GRANULARITY_SECONDS[now.granularity] * 1_000;
  const startMs = Math.floor(occurredAtMs / sizeMs) * sizeMs;
  const key = windowAt(tenantId, now.granularity, startMs);
  const [[run], [publication], described] = await Promise.all([
    readLatestRun(clickhouse, { tenantId, windowStartMs: startMs }),
    readCurrentPublication(clickhouse, { tenantId, windowStartMs: startMs }),
    describe(options, key),
  ]);
  const publishedVersion = publication?.settingsVersion ?? null;
  const version = await settingsVersionOf(pool, { tenantId, windowStartMs: startMs, publishedVersion });
  const { settings } = await loadSettings(pool, tenantId, version);
  const { windowEndMs: endMs, granularity } = key;
  const frozenAtMs = (publication?.firstPublishedAtMs ?? Infinity) + settings.late_horizon_seconds * 1_000;
  const stands = described.phase === 'unattended' && frozenAtMs <= Date.now() ? FROZEN : described;
  return {
    settings,
    window: { startMs, endMs, granularity, ...stands, run: run ?? null, publication: publication ?? null },
  };
}

/** As the workflow says it while it is still remembered. */
const FROZEN = { phase: 'frozen', waitsFor: 'nothing: the late horizon has passed', untilMs: null };

/** Only a running worker can answer for a workflow, and without one the server would wait for it. */
const DESCRIBE_TIMEOUT_MS = 3_000;

/** What the workflow says; Temporal being away hides nothing else about the event. */
async function describe(
  { env, pool }: EventFactsOptions,
  window: WindowKey,
): Promise<Pick<WindowFacts, 'phase' | 'waitsFor' | 'untilMs'>> {
  try {
    const description = await withTemporal(env, (client) =>
      client.temporal.withDeadline(Date.now() + DESCRIBE_TIMEOUT_MS, () => describeWindow(client, window)),
    );
    if (description === undefined) return await describeUnattended(pool, window);
    return { phase: description.phase, waitsFor: description.waitsFor, untilMs: description.nextDeadlineMs };
  } catch (error) {
    return {
      phase: 'unknown',
      waitsFor: `its workflow does not answer, a worker has to run (${toTemporalError(error).code})`,
      untilMs: null,
    };
  }
}

/** A window that nothing looks after yet: an import holds it, or it will be found in the data. */
async function describeUnattended(
  pool: PostgresPool,
  window: WindowKey,
): Promise<Pick<WindowFacts, 'phase' | 'waitsFor' | 'untilMs'>> {
  const leases = await activeLeases(pool, window.tenantId, new Date());
  const lease = holdingLease(leases, { window, reason: 'close', lookbackMs: 0 });
  return lease === undefined
    ? { phase: 'unattended', waitsFor: 'the next look for windows in the data, once a minute', untilMs: null }
    : { phase: 'importing', waitsFor: 'the end of the import that holds it', untilMs: lease.expires_at.getTime() };
}
