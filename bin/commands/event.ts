import { type Command, InvalidArgumentError } from 'commander';
import { createClickHouse } from '../../clickhouse/client.ts';
import type { EventCopy, EventCredit } from '../../clickhouse/event-facts.ts';
import { parseEnv } from '../../env.ts';
import { EVENT_ID_PATTERN } from '../../events/limits.ts';
import { createPostgresPool } from '../../postgres/pool.ts';
import type { Absence } from '../event-absence.ts';
import { type EventFacts, type WindowFacts, findEvent } from '../event-facts.ts';
import { printJson, printLine, printTable } from '../output.ts';

interface Options {
  tenant?: string;
  json?: boolean;
}

/** `unmogrowp event`: everything that is known about one event, or why it is not there. */
export function register(program: Command): void {
  program
    .command('event')
    .description('everything known about one event: request, Kafka, rows, window, credits; or why it is not there')
    .argument('<event_id>', 'the UUID that the client sent or was given', eventIdOf)
    .option('--tenant <id>', 'only of this tenant')
    .option('--json', 'print JSON')
    .addHelpText('after', '\nExit codes: 0 it is in ClickHouse, 1 it is not.')
    .action(event);
}

async function event(eventId: string, options: Options): Promise<void> {
  const env = parseEnv(process.env);
  const pool = createPostgresPool({ url: env.POSTGRES_URL, applicationName: 'unmogrowp event', connectionsMax: 2 });
  const clickhouse = createClickHouse({
    url: env.CLICKHOUSE_URL,
    username: env.CLICKHOUSE_USERNAME,
    password: env.CLICKHOUSE_PASSWORD,
    database: env.CLICKHOUSE_DATABASE,
    applicationName: 'unmogrowp event',
  });
  try {
    const found = await findEvent({ env, clickhouse, pool, eventId, tenantId: options.tenant });
    if (!Array.isArray(found)) process.exitCode = 1;
    if (options.json === true)
      printJson(Array.isArray(found) ? found.map(asJson) : { event_id: eventId, ...absentJson(found) });
    else if (Array.isArray(found)) found.forEach(printFacts);
    else printAbsence(eventId, found);
  } finally {
    await clickhouse.close();
    await pool.end();
  }
}

function eventIdOf(text: string): string {
  if (!EVENT_ID_PATTERN.test(text)) throw new InvalidArgumentError('An event_id is a UUID.');
  return text.toLowerCase();
}

const time = (epochMs: number): string => new Date(epochMs).toISOString();

function printFacts({ eventId, tenantId, copies, window, credits, reason }: EventFacts): void {
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
  printWindow(window);
  if (credits.length === 0) printFact('credits', `none: ${reason ?? ''}`);
  else printCredits(credits, first);
}

const LABEL_WIDTH = 9;
const printFact = (label: string, text: string): void => printLine(`  ${label.padEnd(LABEL_WIDTH)} ${text}`);

const valueText = ({ revenue, currency }: EventCopy): string =>
  currency === '' ? '' : `${Number(revenue)} ${currency}`;

function printCopies(copies: readonly EventCopy[]): void {
  printTable(
    ['copy', 'received', 'occurred', 'partition', 'offset', 'trace'],
    copies.map((copy, index) => [
      index === 0 ? 'counts' : 'resent',
      time(copy.receivedAtMs),
      time(copy.occurredAtMs),
      copy.partition,
      copy.offset,
      copy.traceId,
    ]),
  );
}

function printWindow({ startMs, granularity, phase, waitsFor, run, publication }: WindowFacts): void {
  const name = `${time(startMs).slice(0, 16)} (${granularity})`;
  const stands = phase === 'unknown' ? waitsFor : `${phase}, waits for ${waitsFor}`;
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
    credits.map((credit) => [
      credit.model,
      isTouchpoint ? credit.conversionEventId : touchpointText(credit),
      isTouchpoint ? credit.conversionName : [credit.channel, credit.campaign].filter((part) => part !== '').join('/'),
      credit.journeyLength === 0 ? '' : `${credit.position} of ${credit.journeyLength}`,
      Number(credit.credit),
      credit.currency === '' ? '' : `${Number(credit.value)} ${credit.currency}`,
    ]),
  );
}

const touchpointText = ({ touchpointEventId, channel }: EventCredit): string =>
  channel === 'organic' && /^[0-]+$/.test(touchpointEventId) ? 'none' : touchpointEventId;

function printAbsence(eventId: string, absence: Absence): void {
  printLine(`event ${eventId} is not in ClickHouse`);
  printFact('reason', absence.reason);
  if (absence.place !== null) {
    printFact('Kafka', `${absence.place.topic}, partition ${absence.place.partition}, offset ${absence.place.offset}`);
  }
  for (const [name, value] of Object.entries(absence.headers)) printFact('', `${name}: ${value}`);
  if (absence.traceId !== null) printFact('trace', `unmogrowp trace ${absence.traceId}`);
}

function absentJson({ state, reason, place, headers, traceId, lag, spools }: Absence): Record<string, unknown> {
  return { state, reason, kafka: place, dead_letter: headers, trace_id: traceId, sink_lag_records: lag, spools };
}

function asJson({ eventId, tenantId, copies, window, credits, reason }: EventFacts): Record<string, unknown> {
  const { run, publication } = window;
  return {
    event_id: eventId,
    tenant_id: tenantId,
    state: 'stored',
    copies: copies.map(copyJson),
    window: {
      start: time(window.startMs),
      end: time(window.endMs),
      granularity: window.granularity,
      phase: window.phase,
      waits_for: window.waitsFor,
    },
    run: run && { run_id: run.runId, state: run.state, finished_at: time(run.finishedAtMs), trace_id: run.traceId },
    publication: publication && {
      version: publication.version,
      run_id: publication.runId,
      published_at: time(publication.publishedAtMs),
      trace_id: publication.traceId,
    },
    credits: credits.map(creditJson),
    reason,
  };
}

function copyJson(copy: EventCopy, index: number): Record<string, unknown> {
  return {
    counts: index === 0,
    type: copy.eventType,
    name: copy.name,
    app_id: copy.appId,
    user_key: copy.userKey,
    channel: copy.channel,
    campaign: copy.campaign,
    revenue: copy.revenue,
    currency: copy.currency,
    occurred_at: time(copy.occurredAtMs),
    received_at: time(copy.receivedAtMs),
    trace_id: copy.traceId,
    kafka: { topic: copy.topic, partition: copy.partition, offset: copy.offset },
    batch: { first: copy.batchFirst, last: copy.batchLast },
    inserted_at: time(copy.insertedAtMs),
  };
}

function creditJson(credit: EventCredit): Record<string, unknown> {
  return {
    model: credit.model,
    conversion_event_id: credit.conversionEventId,
    conversion_name: credit.conversionName,
    conversion_at: time(credit.conversionAtMs),
    touchpoint_event_id: credit.touchpointEventId,
    channel: credit.channel,
    campaign: credit.campaign,
    position: credit.position,
    journey_length: credit.journeyLength,
    credit: credit.credit,
    value: credit.value,
    currency: credit.currency,
    window_start: time(credit.windowStartMs),
    run_id: credit.runId,
  };
}
