import { setTimeout as wait } from 'node:timers/promises';
import { recordsMissing } from '../events/cutoff.ts';
import { GRANULARITY_SECONDS } from '../events/settings.ts';
import type { TopicLog } from '../kafka/admin.ts';
import { readAcceptedHours } from '../postgres/accepted-events.ts';
import { readReplayedHours } from '../postgres/ledger-letters.ts';
import { loadTenants } from '../postgres/tenants.ts';
import type { LedgerParts } from './dependencies.ts';
import { CLOCKS_APART_MS, type LedgerHours, type LedgerSpan, createLedgerHours } from './ledger-hours.ts';
import {
  type LedgerHour,
  countLedgerEvents,
  countLedgerRecords,
  findOffsetGaps,
  findShortRecords,
} from './ledger-queries.ts';
import { type SuspectRecord, judgeSuspects } from './ledger-suspects.ts';
import { readDeadLetters } from './read-dead-letters.ts';
import { readCutoffAt } from './replay-queries.ts';

/** How long the sink may take for what was on Kafka when the hours were asked for. */
const SINK_WAIT_MS = 10_000;
const SINK_POLL_MS = 100;
/** Events of which ClickHouse keeps the identities in memory at once. */
const EVENTS_PER_SHARE = 1_000_000;
/** More suspects than this say that something large is broken, and are not looked at one by one. */
const SUSPECTS_MAX = 50_000;
const GAP_PIECES_MAX = 50;

/** How the log lay, and how far all of it was in ClickHouse, after what was accepted had been read. */
interface Moment {
  log: TopicLog;
  visibleUntil: number[];
}

/**
 * Measures hours of receipt: what was accepted, what lies on spools, on Kafka, among the dead letters and in ClickHouse, and
 * what windows made of it. The order of the questions makes it true: what was accepted when it was asked for first is on
 * a spool, or on Kafka, or has passed the sink when they are asked after it. Null while the sink has not come so far.
 */
export async function measureHours(
  dependencies: LedgerParts,
  span: LedgerSpan,
  signal?: AbortSignal,
): Promise<LedgerHour[] | null> {
  const { postgres, nowMs } = dependencies;
  const range = { tenantId: span.tenantId === '' ? null : span.tenantId, fromMs: span.fromMs, toMs: span.toMs };
  const measuredAtMs = nowMs();
  const accepted = await readAcceptedHours(postgres, range);
  const moment = await untilStored(dependencies, signal);
  if (moment === null) return null;
  const hours = createLedgerHours(span, measuredAtMs);
  for (const { tenantId, hourMs, accepted: events, spooled } of accepted) {
    hours.add(tenantId, hourMs, { accepted: events, spooled });
  }
  const counts = await addRecords(dependencies, { span, moment, hours }, signal);
  await addEvents(dependencies, { span, moment, hours, counts }, signal);
  for (const { tenantId, hourMs, events } of await readReplayedHours(postgres, range)) {
    hours.add(tenantId, hourMs, { replayed: events });
  }
  return hours.list();
}

/** Waits until the sink has committed all that is on Kafka now, and knows what it buried. */
async function untilStored(
  { kafkaAdmin, kafka, postgres, eventsTopic, deadLettersTopic, sinkGroup }: LedgerParts,
  signal?: AbortSignal,
): Promise<Moment | null> {
  const log = await kafkaAdmin.describeLog(eventsTopic);
  const giveUpAtMs = performance.now() + SINK_WAIT_MS;
  for (;;) {
    const visibleUntil = await kafkaAdmin.committedOffsets(sinkGroup, eventsTopic);
    if (recordsMissing({ [eventsTopic]: visibleUntil }, { [eventsTopic]: log.ends }) === 0) {
      await readDeadLetters({ kafka, admin: kafkaAdmin, pool: postgres, topic: deadLettersTopic }, signal);
      return { log, visibleUntil };
    }
    if (performance.now() > giveUpAtMs) return null;
    await wait(SINK_POLL_MS, undefined, signal === undefined ? {} : { signal });
  }
}

interface Work {
  span: LedgerSpan;
  moment: Moment;
  hours: LedgerHours;
}

/** Compares the records of the hours with the rows that arrived, and finds records of which nothing did. */
async function addRecords(
  dependencies: LedgerParts,
  { span, moment, hours }: Work,
  signal?: AbortSignal,
): Promise<Awaited<ReturnType<typeof countLedgerRecords>>> {
  const { clickhouse, eventsTopic: topic } = dependencies;
  const options = signal === undefined ? {} : { signal };
  const records = { topic, visibleUntil: moment.visibleUntil, ...span };
  const counts = await countLedgerRecords(clickhouse, records, options);
  for (const { tenantId, hourMs, rows, onKafka, insertedTwice } of counts) {
    hours.add(tenantId, hourMs, { arrived: rows, onKafka, insertedTwice });
  }
  const short = await findShortRecords(clickhouse, { ...records, recordsMax: SUSPECTS_MAX }, options);
  const suspects: SuspectRecord[] = short.map(({ tenantId, hourMs, ...record }) => ({
    ...record,
    hour: { tenantId, hourMs },
  }));
  suspects.push(...(await findGaps(dependencies, span, moment)));
  for (const { tenantId, hourMs, ...facts } of await judgeSuspects(dependencies, moment.log, suspects)) {
    hours.add(tenantId, hourMs, facts);
  }
  return counts;
}

/**
 * Records of which nothing arrived, from where the sink stood at the latest when the hours began: what was received in
 * them lies behind that.
 */
async function findGaps(
  { clickhouse, eventsTopic: topic }: LedgerParts,
  { fromMs }: LedgerSpan,
  { log, visibleUntil }: Moment,
): Promise<SuspectRecord[]> {
  const [before] = await readCutoffAt(clickhouse, { atMs: fromMs - CLOCKS_APART_MS });
  const gaps = await Promise.all(
    visibleUntil.map(async (until, partition) => {
      const from = Math.max(log.starts[partition] ?? 0, before?.cutoff[topic]?.[partition] ?? 0);
      if (from >= until) return [];
      const found = await findOffsetGaps(clickhouse, { topic, partition, from, until, piecesMax: GAP_PIECES_MAX });
      return found.flatMap(({ offsets }) =>
        offsets.map((offset): SuspectRecord => ({ partition, offset, arrived: 0, announced: 0, hour: null })),
      );
    }),
  );
  return gaps.flat();
}

/** Follows the rows into the windows, tenant by tenant. */
async function addEvents(
  dependencies: LedgerParts,
  { span, moment, hours, counts }: Work & { counts: Awaited<ReturnType<typeof countLedgerRecords>> },
  signal?: AbortSignal,
): Promise<void> {
  const { clickhouse, postgres, eventsTopic: topic } = dependencies;
  const byTenant = Map.groupBy(counts, ({ tenantId }) => tenantId);
  for (const { tenant_id: tenantId, settings } of await loadTenants(postgres)) {
    const mine = byTenant.get(tenantId);
    if (mine === undefined) continue;
    const shares = Math.ceil(mine.reduce((sum, { rows }) => sum + rows, 0) / EVENTS_PER_SHARE);
    for (let share = 0; share < shares; share += 1) {
      const found = await countLedgerEvents(
        clickhouse,
        {
          topic,
          visibleUntil: moment.visibleUntil,
          tenantId,
          fromMs: span.fromMs,
          toMs: span.toMs,
          windowSeconds: GRANULARITY_SECONDS[settings.granularity],
          occurredFromMs: Math.min(...mine.map(({ occurredFromMs }) => occurredFromMs)),
          occurredToMs: Math.max(...mine.map(({ occurredToMs }) => occurredToMs)),
          shares,
          share,
        },
        signal === undefined ? {} : { signal },
      );
      for (const { hourMs, ...facts } of found) hours.add(tenantId, hourMs, facts);
    }
    hours.follow(tenantId);
  }
}
