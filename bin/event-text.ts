import type { EventCopy, EventCredit } from '../clickhouse/event-facts.ts';
import { MODELS } from '../events/settings.ts';
import type { Absence } from './event-absence.ts';
import { type EventFacts, type WindowFacts, roleOfCopy } from './event-facts.ts';
import { untilText } from './event-reasons.ts';
import { moneyText } from './money-text.ts';
import { printLine, printTable } from './output.ts';
import { windowText } from './window-time.ts';

const time = (epochMs: number): string => new Date(epochMs).toISOString();

/** Shows everything that is known about an event, for people. */
export function printFacts({ eventId, tenantId, copies, window, credits, reason }: EventFacts): void {
  const [first] = copies;
  const more = [first.name, [first.channel, first.campaign].filter((part) => part !== '').join('/')];
  printLine(`${first.eventType} ${eventId}`);
  printFact('what', [...more, valueText(first)].filter((part) => part !== '').join(', ') || first.eventType);
  printFact(
    'where',
    `app ${first.appId} of tenant ${tenantId}, user key ${first.userKey} (from ${first.identifierType})`,
  );
  printFact('when', time(first.occurredAtMs));
  printFact('request', `received ${time(first.receivedAtMs)}, trace ${first.traceId}`);
  printFact('', `unmogrowp trace ${first.traceId}`);
  printFact('Kafka', `${first.topic}, partition ${first.partition}, offset ${first.offset}`);
  printFact(
    'row',
    `inserted ${time(first.insertedAtMs)} with the batch of offsets ${first.batchFirst} to ${first.batchLast}`,
  );
  printFact('copies', copies.length === 1 ? 'only this one' : `${copies.length}, the first received counts:`);
  if (copies.length > 1) printCopies(copies);
  if (copies.some((_, index) => roleOfCopy(copies, index) === 'collision')) {
    printFact('collision', 'copies that say something else under the same event_id do not count, for no reader');
  }
  printWindow(window);
  if (credits.length === 0) printFact('credits', `none: ${reason ?? ''}`);
  else {
    printCredits(credits, first);
    if (reason !== null) printFact('why', reason);
  }
}

const LABEL_WIDTH = 9;
const printFact = (label: string, text: string): void => printLine(`  ${label.padEnd(LABEL_WIDTH)} ${text}`);

const valueText = ({ revenue, currency }: EventCopy): string => moneyText(revenue, currency);

function printCopies(copies: readonly EventCopy[]): void {
  printTable(
    ['copy', 'received', 'occurred', 'what', 'user key', 'partition', 'offset', 'trace'],
    copies.map((copy, index) => [
      roleOfCopy(copies, index),
      time(copy.receivedAtMs),
      time(copy.occurredAtMs),
      [copy.eventType, copy.name, copy.channel, valueText(copy)].filter((part) => part !== '').join(' '),
      copy.userKey,
      copy.partition,
      copy.offset,
      copy.traceId,
    ]),
  );
}

function printWindow({ startMs, granularity, phase, waitsFor, untilMs, run, publication }: WindowFacts): void {
  const name = `${windowText(startMs)} (${granularity})`;
  const stands = phase === 'unknown' ? waitsFor : `${phase}, waits for ${waitsFor}${untilText(untilMs)}`;
  printFact('window', `${name}: ${stands}`);
  if (run !== null)
    printFact('run', `${run.runId} ${run.state} ${time(run.finishedAtMs)}, settings version ${run.settingsVersion}`);
  if (publication === null) printFact('published', 'not yet');
  else {
    printFact(
      'published',
      `version ${publication.version} ${time(publication.publishedAtMs)}, run ${publication.runId}`,
    );
    if (publication.traceId !== '') printFact('', `unmogrowp trace ${publication.traceId}`);
  }
}

function printCredits(credits: readonly EventCredit[], event: EventCopy): void {
  const isTouchpoint = event.eventType === 'click' || event.eventType === 'impression';
  printFact('credits', isTouchpoint ? 'earned, for conversions:' : 'given, to touchpoints:');
  printTable(
    [
      'model',
      isTouchpoint ? 'conversion' : 'touchpoint',
      isTouchpoint ? 'name' : 'channel',
      'place',
      'credit',
      'value',
    ],
    inOrderOfModels(credits).map((credit) => [
      credit.model,
      isTouchpoint ? credit.conversionEventId : touchpointText(credit),
      isTouchpoint ? credit.conversionName : [credit.channel, credit.campaign].filter((part) => part !== '').join('/'),
      credit.journeyLength === 0 ? '' : `${credit.position} of ${credit.journeyLength}`,
      Number(credit.credit),
      moneyText(credit.value, credit.currency),
    ]),
  );
}

const inOrderOfModels = (credits: readonly EventCredit[]): EventCredit[] =>
  credits.toSorted((left, right) => modelRank(left) - modelRank(right));

const modelRank = ({ model }: EventCredit): number => (MODELS as readonly string[]).indexOf(model);

const touchpointText = ({ touchpointEventId, channel }: EventCredit): string =>
  channel === 'organic' && /^[0-]+$/.test(touchpointEventId) ? 'none' : touchpointEventId;

/** Shows why an event is not in ClickHouse. */
export function printAbsence(eventId: string, tenantId: string | undefined, absence: Absence): void {
  printLine(`event ${eventId}${tenantId === undefined ? '' : ` of tenant ${tenantId}`} is not in ClickHouse`);
  printFact('reason', absence.reason);
  if (absence.place !== null) {
    printFact('Kafka', `${absence.place.topic}, partition ${absence.place.partition}, offset ${absence.place.offset}`);
  }
  for (const [name, value] of Object.entries(absence.headers)) printFact('', `${name}: ${value}`);
  if (absence.state === 'dead_letter' && absence.place !== null) {
    printFact('', `unmogrowp dlq show ${absence.place.topic}/${absence.place.partition}/${absence.place.offset}`);
  }
  if (absence.traceId !== null) printFact('trace', `unmogrowp trace ${absence.traceId}`);
}
