import type { EventCopy, EventCredit } from '../clickhouse/event-facts.ts';
import type { Absence } from './event-absence.ts';
import { type CopyRole, type EventFacts, roleOfCopy } from './event-facts.ts';

const time = (epochMs: number): string => new Date(epochMs).toISOString();

/** Why an event is not in ClickHouse, as data. */
export function absentJson(eventId: string, absence: Absence): Record<string, unknown> {
  const { state, reason, place, headers, traceId, lag, spools } = absence;
  return {
    event_id: eventId,
    tenant_id: headers['tenant_id'] ?? null,
    state,
    reason,
    kafka: place,
    dead_letter: headers,
    trace_id: traceId,
    sink_lag_records: lag,
    spools,
  };
}

/** Everything that is known about an event, as data. */
export function eventJson({ eventId, tenantId, copies, window, credits, reason }: EventFacts): Record<string, unknown> {
  const { run, publication } = window;
  return {
    event_id: eventId,
    tenant_id: tenantId,
    state: 'stored',
    copies: copies.map((copy, index) => copyJson(copy, roleOfCopy(copies, index))),
    window: {
      start: time(window.startMs),
      end: time(window.endMs),
      granularity: window.granularity,
      phase: window.phase,
      waits_for: window.waitsFor,
      waits_until: window.untilMs === null ? null : time(window.untilMs),
    },
    run: run && {
      run_id: run.runId,
      state: run.state,
      finished_at: time(run.finishedAtMs),
      settings_version: run.settingsVersion,
      trace_id: run.traceId,
    },
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

function copyJson(copy: EventCopy, role: CopyRole): Record<string, unknown> {
  return {
    counts: role === 'counts',
    is_collision: role === 'collision',
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
