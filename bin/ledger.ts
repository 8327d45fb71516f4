import type { LedgerParts } from '../activities/dependencies.ts';
import { measureAndStore } from '../activities/keep-ledger.ts';
import { isBorne } from '../activities/ledger-losses.ts';
import { HOUR_MS, type LedgerSpan } from '../activities/ledger-hours.ts';
import { type LedgerHour, readLedger } from '../activities/ledger-queries.ts';
import { differencesText } from '../events/ledger.ts';
import { createKafkaAdmin } from '../kafka/admin.ts';
import { sinkGroup, topicName } from '../kafka/topics.ts';
import { type AcceptedLoss, readAcceptedLosses } from '../postgres/accepted-losses.ts';
import { kafkaAdminConfig, kafkaConnection } from './kafka-connection.ts';
import { countText, printLine, printProgress, printTable } from './output.ts';
import { startProgressBar } from './progress-bar.ts';
import type { Stores } from './stores.ts';
import { windowText } from './window-time.ts';

const HOURS_PER_SPAN = 24;

/** The ledger of a range, and whether it was measured for this question. */
export interface Ledger extends LedgerSpan {
  hours: LedgerHour[];
  /** Losses that somebody bears. */
  accepted: AcceptedLoss[];
  /** False while the sink has not stored all that is on Kafka: then the hours are as they were measured before. */
  isFresh: boolean;
}

/** Measures the hours of which Kafka still has the records, and reads all of the range. */
export async function readMeasuredLedger(stores: Stores, span: LedgerSpan): Promise<Ledger> {
  const isFresh = await measure(stores, span);
  const hours = await readLedger(stores.clickhouse, span);
  return { ...span, hours, accepted: await readAcceptedLosses(stores.pool, span.tenantId), isFresh };
}

async function measure({ env, clickhouse, pool }: Stores, { tenantId, fromMs, toMs }: LedgerSpan): Promise<boolean> {
  const kafkaAdmin = createKafkaAdmin(kafkaAdminConfig(env, 'unmogrowp-reconcile'));
  const parts: LedgerParts = {
    clickhouse,
    postgres: pool,
    kafkaAdmin,
    kafka: kafkaConnection(env, 'unmogrowp-reconcile'),
    eventsTopic: topicName(env.KAFKA_PREFIX, 'events'),
    deadLettersTopic: topicName(env.KAFKA_PREFIX, 'dead-letters'),
    sinkGroup: sinkGroup(env.KAFKA_PREFIX),
    nowMs: Date.now,
  };
  const measurableFromMs = Math.ceil((Date.now() - env.KAFKA_EVENTS_RETENTION_MS) / HOUR_MS) * HOUR_MS;
  const spans = pieces(Math.max(fromMs, measurableFromMs), Math.min(toMs, Date.now() + HOUR_MS));
  const bar = spans.length > 1 ? startProgressBar('measuring', spans.length) : undefined;
  try {
    for (const [index, piece] of spans.entries()) {
      if ((await measureAndStore(parts, { tenantId, ...piece })) === null) return false;
      bar?.update(index + 1, `until ${windowText(piece.toMs)}`);
    }
    return true;
  } finally {
    bar?.stop();
    await kafkaAdmin.close();
  }
}

function pieces(fromMs: number, toMs: number): { fromMs: number; toMs: number }[] {
  const lengthMs = HOURS_PER_SPAN * HOUR_MS;
  const count = Math.max(0, Math.ceil((toMs - fromMs) / lengthMs));
  return Array.from({ length: count }, (_, index) => ({
    fromMs: fromMs + index * lengthMs,
    toMs: Math.min(toMs, fromMs + (index + 1) * lengthMs),
  }));
}

/** Whether no event is lost, but what somebody bears, and none lacks its credit. */
const addsUp = (hour: LedgerHour, { accepted }: Ledger): boolean =>
  isBorne(hour, accepted) && (hour.differences['uncredited'] ?? 0) === 0;

/** Whether that holds for all hours. */
export const allAddsUp = (ledger: Ledger): boolean => ledger.hours.every((hour) => addsUp(hour, ledger));

/** The same as data. */
export function ledgerJson(ledger: Ledger): Record<string, unknown> {
  const { fromMs, toMs, hours, accepted, isFresh } = ledger;
  return {
    from: new Date(fromMs).toISOString(),
    to: new Date(toMs).toISOString(),
    adds_up: allAddsUp(ledger),
    is_measured_now: isFresh,
    hours: hours.map((hour) => ({
      tenant_id: hour.tenantId,
      hour: new Date(hour.hourMs).toISOString(),
      accepted: hour.accepted,
      spooled: hour.spooled,
      on_kafka: hour.onKafka,
      dead_lettered: hour.deadLettered,
      in_clickhouse: hour.stored,
      duplicates_removed: hour.duplicates,
      events: hour.events,
      inside_windows: hour.insideWindows,
      waiting: hour.waiting,
      late_beyond_horizon: hour.lateBeyondHorizon,
      conversions: hour.conversions,
      credited: hour.credited,
      organic: hour.organic,
      not_counted: hour.notCounted,
      differences: hour.differences,
      accepted_loss: lossJson(lossOf(hour, accepted)),
      adds_up: addsUp(hour, ledger),
      is_over: hour.isClosed,
      measured_at: new Date(hour.measuredAtMs).toISOString(),
    })),
  };
}

const lossOf = ({ tenantId, hourMs }: LedgerHour, accepted: readonly AcceptedLoss[]): AcceptedLoss | undefined =>
  accepted.find((loss) => loss.tenantId === tenantId && loss.hourMs === hourMs);

const lossJson = (loss: AcceptedLoss | undefined): Record<string, unknown> | null =>
  loss === undefined ? null : { events: loss.events, accepted_by: loss.acceptedBy, reason: loss.reason };

const HEAD = [
  'tenant',
  'hour of receipt',
  'accepted',
  'spooled',
  'on Kafka',
  'dead letters',
  'in ClickHouse',
  'duplicates',
  'in windows',
  'waiting',
  'too late',
  'conversions',
  'credited',
  'organic',
  'not counted',
  'differences',
];

/** The same for people. */
export function printLedger(ledger: Ledger): void {
  const { hours, isFresh } = ledger;
  if (!isFresh) {
    printProgress(
      'The sink has not stored all that is on Kafka, so nothing can be compared now; this was measured before. See: unmogrowp status',
    );
  }
  if (hours.length === 0) {
    printProgress('Nothing was received in these hours.');
    return;
  }
  printTable(
    HEAD,
    hours.map((hour) => toRow(hour, ledger)),
  );
  const faulty = hours.filter((hour) => !addsUp(hour, ledger));
  if (faulty.length === 0) printLine(`${countText(hours.length, 'hour')}: all sides add up.`);
  else {
    const verb = faulty.length === 1 ? 'does' : 'do';
    printLine(`${faulty.length} of ${countText(hours.length, 'hour')} ${verb} not add up. What to do: docs/ledger.md`);
  }
}

const toRow = (hour: LedgerHour, { accepted }: Ledger): (string | number)[] => [
  hour.tenantId,
  `${windowText(hour.hourMs)}${hour.isClosed ? '' : ' (goes on)'}`,
  hour.accepted,
  hour.spooled,
  hour.onKafka,
  hour.deadLettered,
  hour.stored,
  hour.duplicates,
  hour.insideWindows,
  hour.waiting,
  hour.lateBeyondHorizon,
  hour.conversions,
  hour.credited,
  hour.organic,
  hour.notCounted,
  differencesText(hour.differences) + borneText(lossOf(hour, accepted)),
];

const borneText = (loss: AcceptedLoss | undefined): string =>
  loss === undefined ? '' : ` (${loss.events} lost: borne by ${loss.acceptedBy}: ${loss.reason})`;
