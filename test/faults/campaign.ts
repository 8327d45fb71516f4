import { setTimeout as wait } from 'node:timers/promises';
import type { Random } from '../../events/generator-random.ts';
import { settingsSchema } from '../../events/settings.ts';
import { createTenant } from '../../postgres/tenants.ts';
import { PIPELINE_PROCESSES } from '../../stack/types.ts';
import { type Client, startClient } from './client.ts';
import { type EventSet, type EventsName, makeEvents } from './events.ts';
import type { Fault, Heal, Scene } from './fault.ts';
import {
  CREDITED_MS_MAX,
  STORED_MS_MAX,
  type Sent,
  differingCredits,
  endsOfEvents,
  findEvents,
  lagOf,
  missingCredits,
  untilNothingMissing,
  unwell,
} from './judge.ts';
import type { Stage } from './stage.ts';

/** What became of one fault. */
export interface Outcome {
  readonly name: string;
  readonly title: string;
  readonly acknowledged: number;
  readonly lost: number;
  readonly double: number;
  /** From the end of the fault until everything that was acknowledged is stored and the lag is zero. */
  readonly storedMs: number;
  /** From the end of the fault until all credits are those of the twin. */
  readonly creditedMs: number;
  /** How long the fault lasted. */
  readonly lastedMs: number;
  /** Everything that is wrong; empty when all is well. */
  readonly problems: readonly string[];
}

export interface CampaignOptions {
  readonly stage: Stage;
  readonly seed: number;
  readonly random: Random;
  readonly isLong: boolean;
  readonly signal: AbortSignal;
  readonly onProgress: (text: string) => void;
}

/** Faults against one stage, and the tenants that they were tried on. */
export interface Campaign {
  /** Injects one fault, or several at once, under load, and judges what is left afterwards. */
  run(faults: readonly Fault[]): Promise<Outcome>;
  /** Judges all tenants once more: nothing that was right may have been changed by what came later. */
  judgeAll(): Promise<string[]>;
}

const LOAD = {
  short: { eventsPerDay: 700, requestsPerSecond: 15, holdMs: 3_000 },
  long: { eventsPerDay: 3_000, requestsPerSecond: 15, holdMs: 30_000 },
} as const;
/** So much was acknowledged before a fault begins: the way is warm, and windows have been published. */
const SHARE_BEFORE = 0.25;
const TWIN_MS_MAX = 120_000;
/** After an hour there are so many that it takes half of another one. */
const JUDGED_BETWEEN_LINES = 10;
/** Two faults of a pair begin and end so far apart at most. */
const APART_MS_MAX = 2_000;

interface Tried extends Sent {
  readonly twinId: string;
}

/** Makes a campaign; its undisturbed twins get their events when they are first needed. */
export function createCampaign(options: CampaignOptions): Campaign {
  const { stage, seed, random, isLong, signal, onProgress } = options;
  const load = isLong ? LOAD.long : LOAD.short;
  const twins = new Map<EventsName, { tenantId: string; set: EventSet }>();
  const tried: Tried[] = [];

  async function newTenant(name: string): Promise<{ tenantId: string; writeKey: string }> {
    const tenantId = `${name}-${tried.length + twins.size}`;
    const settings = settingsSchema.parse({ allowed_lateness_seconds: 0 });
    const { write_key: writeKey } = await createTenant(stage.postgres, { tenantId, settings });
    return { tenantId, writeKey };
  }

  /** The same events for a tenant in whose time nothing goes wrong. */
  async function twinOf(name: EventsName): Promise<{ tenantId: string; set: EventSet }> {
    const known = twins.get(name);
    if (known !== undefined) return known;
    const set = makeEvents(name, { seed, eventsPerDay: load.eventsPerDay, nowMs: Date.now() });
    const { tenantId, writeKey } = await newTenant('twin');
    const quiet = { events: set.events, copiesMax: 1, requestsPerSecond: 0, random };
    const from = await endsOfEvents(stage);
    const client = startClient({ ...quiet, url: stage.ingestUrl, writeKey });
    await client.finish();
    const { conversions } = set;
    const limits = { timeoutMs: TWIN_MS_MAX, signal };
    const missing = await untilNothingMissing(() => missingCredits(stage, { tenantId, conversions }), limits);
    if (missing !== undefined) throw new Error(`the undisturbed twin is wrong: ${missing}`);
    const sent = { tenantId, acknowledged: client.acknowledged, from, mayBeStoredTwice: false };
    const found = await findEvents(stage, sent);
    if (client.acknowledged.size !== set.events.length || found.lost + found.double > 0)
      throw new Error(`the undisturbed twin has lost ${found.lost} and doubled ${found.double} events`);
    onProgress(`twin with ${set.events.length} events, ${set.conversions} conversions (${name})`);
    twins.set(name, { tenantId, set });
    return { tenantId, set };
  }

  async function run(faults: readonly Fault[]): Promise<Outcome> {
    const twin = await twinOf(faults.find(({ events }) => events !== undefined)?.events ?? 'usual');
    const name = faults.map((fault) => fault.name).join('+');
    const { tenantId, writeKey } = await newTenant('fault');
    const copiesMax = Math.max(...faults.map((fault) => fault.copiesMax ?? 1));
    const { requestsPerSecond, holdMs } = load;
    const sent = { events: twin.set.events, copiesMax, requestsPerSecond, random };
    const from = await endsOfEvents(stage);
    const client = startClient({ ...sent, url: stage.ingestUrl, writeKey });
    const killsBefore = stage.parts.clickhouse.kills();
    try {
      const events = twin.set.events.length;
      const slow = await untilNothingMissing(
        () => Promise.resolve(client.acknowledged.size < SHARE_BEFORE * events ? 'nothing is taken' : undefined),
        { timeoutMs: STORED_MS_MAX, signal },
      );
      const begunAt = performance.now();
      const { failures, endedAt } = await disturb(faults, { stage, random, holdMs, signal });
      const mayBeStoredTwice = stage.parts.clickhouse.kills() > killsBefore;
      const { acknowledged } = client;
      const record = { tenantId, twinId: twin.tenantId, acknowledged, from, mayBeStoredTwice };
      const rest = await recover({ stage, signal, client, record, events, endedAt });
      tried.push(record);
      const ends = PIPELINE_PROCESSES.flatMap((each) => stage.processes[each].takeEnds());
      const title = faults.map((fault) => fault.title).join('; and ');
      const problems = [
        ...(slow === undefined ? [] : [`before the fault: ${slow}`]),
        ...failures,
        ...rest.problems,
        ...ends.map((end) => `a process ended by itself: ${end}`),
      ];
      return { ...rest, name, title, lastedMs: endedAt - begunAt, problems };
    } finally {
      client.stop();
    }
  }

  async function judgeAll(): Promise<string[]> {
    const problems: string[] = [];
    for (const [index, record] of tried.entries()) {
      if (index % JUDGED_BETWEEN_LINES === 0) onProgress(`everything once more: ${index} of ${tried.length}`);
      const { lost, double } = await findEvents(stage, record);
      const differing = await differingCredits(stage, [record.tenantId, record.twinId]);
      if (lost + double > 0) problems.push(`${record.tenantId}: ${lost} lost, ${double} double in the end`);
      if (differing !== undefined) problems.push(`${record.tenantId}: ${differing} in the end`);
    }
    return problems;
  }

  return { run, judgeAll };
}

/**
 * Lets everything go wrong and ends it again, whatever happens. Gives when it began to end (what was killed is started
 * from then on), and what could not be injected or healed.
 */
async function disturb(faults: readonly Fault[], scene: Scene): Promise<{ failures: string[]; endedAt: number }> {
  const { random, signal, holdMs } = scene;
  const heals: Heal[] = [];
  const failures: string[] = [];
  let endedAt = 0;
  try {
    for (const fault of faults) {
      if (heals.length > 0) await wait(random.whole(0, APART_MS_MAX), undefined, { signal });
      heals.push(await fault.inject(scene));
    }
    const holdsMs = faults.map(({ lasts, lastsMsMin = 0 }) => (lasts === true ? Math.max(holdMs, lastsMsMin) : 0));
    await wait(Math.max(...holdsMs), undefined, { signal });
  } catch (error) {
    signal.throwIfAborted();
    failures.push(`could not be injected: ${String(error)}`);
  } finally {
    endedAt = performance.now();
    // Not one after the other: who froze may keep another fault from being met.
    const order = random.chance(0.5) ? heals : heals.toReversed();
    const healed = await Promise.allSettled(order.map((heal) => heal()));
    for (const result of healed) {
      if (result.status === 'rejected') failures.push(`could not be healed: ${String(result.reason)}`);
    }
  }
  return { failures, endedAt };
}

async function recover(options: {
  stage: Stage;
  signal: AbortSignal;
  client: Client;
  record: Tried;
  events: number;
  endedAt: number;
}): Promise<Omit<Outcome, 'name' | 'title' | 'lastedMs'>> {
  const { stage, signal, client, record, events, endedAt } = options;
  const problems: string[] = [];
  const { acknowledged, counts } = client;
  let isSent = false;
  void client.finish().then(() => {
    isSent = true;
  });
  /** Waits for a condition for the rest of the time; what is missing then is a problem. */
  const within = async (timeoutMs: number, missing: () => Promise<string | undefined>): Promise<number> => {
    const leftMs = Math.max(0, endedAt + timeoutMs - performance.now());
    const text = await untilNothingMissing(missing, { timeoutMs: leftMs, signal });
    if (text !== undefined) problems.push(`after ${timeoutMs / 1_000} s: ${text}`);
    return performance.now() - endedAt;
  };
  const unsent = () => `${events - acknowledged.size} events were not acknowledged`;
  await within(STORED_MS_MAX, () => Promise.resolve(isSent && acknowledged.size === events ? undefined : unsent()));
  await within(STORED_MS_MAX, () => lagOf(stage));
  let found = { lost: 0, double: 0 };
  // A produce that nobody waited for any more may still arrive.
  const storedMs = await within(STORED_MS_MAX, async () => {
    found = await findEvents(stage, record);
    return found.lost + found.double === 0 ? undefined : `${found.lost} lost, ${found.double} double`;
  });
  const creditedMs = await within(CREDITED_MS_MAX, () => differingCredits(stage, [record.tenantId, record.twinId]));
  await within(CREDITED_MS_MAX, () => unwell(stage));
  for (const refusal of counts.refusals.slice(0, 3)) problems.push(`a good request was answered ${refusal}`);
  return { acknowledged: acknowledged.size, ...found, storedMs, creditedMs, problems };
}
