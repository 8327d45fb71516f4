import { describeWindow, toTemporalError } from '../activities/client.ts';
import { readCurrentPublication, readLatestRun } from '../activities/run-queries.ts';
import { windowAt } from '../activities/window-range.ts';
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
import { GRANULARITY_SECONDS, type Settings } from '../events/settings.ts';
import type { PostgresPool } from '../postgres/pool.ts';
import { loadSettings } from '../postgres/settings.ts';
import { type Absence, findAbsent } from './event-absence.ts';
import { type LaterConversion, explainNoCredit } from './event-reasons.ts';
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
  /** Why it has no credits; null when it has some. */
  reason: string | null;
}

/** All there is about an event: one entry for each tenant that has it, or where it was looked for in vain. */
export async function findEvent(options: EventFactsOptions): Promise<EventFacts[] | Absence> {
  const { clickhouse, eventId, tenantId = '' } = options;
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
  const { clickhouse, pool, eventId } = options;
  const { settings } = await loadSettings(pool, tenantId);
  const [first] = copies;
  const asConversion = isConversion(first);
  const window = await windowOf(options, tenantId, settings, first.occurredAtMs);
  const reachMs = asConversion ? 0 : lookbackMsOf(settings, first);
  const credits = await readCreditsOfEvent(clickhouse, {
    tenantId,
    eventId,
    asConversion,
    windowsFromMs: window.startMs,
    windowsToMs: window.startMs + reachMs + (window.endMs - window.startMs),
  });
  const reason = credits.length > 0 ? null : await reasonOf(options, { tenantId, first, window, settings, reachMs });
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
  const explain = async (judged: WindowFacts, conversionsAfter: LaterConversion[]): Promise<string> => {
    const late = { tenantId, windowStartMs: judged.startMs, eventId: options.eventId };
    const [row] = await readLateRowOfEvent(options.clickhouse, late);
    const isBeyondHorizon = row?.isBeyondHorizon === true;
    return explainNoCredit({ event: first, window: judged, settings, conversionsAfter, isBeyondHorizon });
  };
  if (isConversion(first)) return explain(window, []);
  const conversionsAfter = await conversionsAfterOf(options.clickhouse, tenantId, first, reachMs);
  const inReach = conversionsAfter.find(({ isCounted, isInReach }) => isCounted(settings) && isInReach);
  // What counts for a touchpoint is the window of the conversion.
  const judged = inReach === undefined ? window : await windowOf(options, tenantId, settings, inReach.occurredAtMs);
  return explain(judged, conversionsAfter);
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

const lookbackMsOf = (settings: Settings, { eventType }: EventCopy): number =>
  (eventType === 'click' ? settings.lookback_click_seconds : settings.lookback_impression_seconds) * 1_000;

async function windowOf(
  { env, clickhouse }: EventFactsOptions,
  tenantId: string,
  settings: Settings,
  occurredAtMs: number,
): Promise<WindowFacts> {
  const sizeMs = GRANULARITY_SECONDS[settings.granularity] * 1_000;
  const startMs = Math.floor(occurredAtMs / sizeMs) * sizeMs;
  const [[run], [publication], described] = await Promise.all([
    readLatestRun(clickhouse, { tenantId, windowStartMs: startMs }),
    readCurrentPublication(clickhouse, { tenantId, windowStartMs: startMs }),
    describe(env, tenantId, settings, startMs),
  ]);
  return {
    startMs,
    endMs: startMs + sizeMs,
    granularity: settings.granularity,
    ...described,
    run: run === undefined ? null : run,
    publication: publication === undefined ? null : publication,
  };
}

/** Only a running worker can answer for a workflow, and without one the server would wait for it. */
const DESCRIBE_TIMEOUT_MS = 3_000;

/** What the workflow says; Temporal being away hides nothing else about the event. */
async function describe(
  env: Env,
  tenantId: string,
  settings: Settings,
  startMs: number,
): Promise<{ phase: string; waitsFor: string }> {
  try {
    const window = windowAt(tenantId, settings.granularity, startMs);
    const description = await withTemporal(env, (client) =>
      client.temporal.withDeadline(Date.now() + DESCRIBE_TIMEOUT_MS, () => describeWindow(client, window)),
    );
    if (description === undefined) return { phase: 'unknown', waitsFor: 'no workflow looks after it' };
    return { phase: description.phase, waitsFor: description.waitsFor };
  } catch (error) {
    return {
      phase: 'unknown',
      waitsFor: `its workflow does not answer, a worker has to run (${toTemporalError(error).code})`,
    };
  }
}
