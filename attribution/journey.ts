import type { EventRow } from '../events/row.ts';

/** A row with its place on Kafka. */
export interface PlacedEvent extends EventRow {
  kafka_topic: string;
  kafka_partition: number;
  kafka_offset: number;
}

export interface Lookbacks {
  clickMs: number;
  impressionMs: number;
}

export const isTouchpoint = (event: EventRow): boolean =>
  event.event_type === 'click' || event.event_type === 'impression';

/**
 * The journey before a conversion, from visible touchpoints of its user in any order. Within the lookbacks the first
 * received copy of each event counts, and an impression at the moment of a click leaves.
 */
export function buildJourney(
  touchpoints: readonly PlacedEvent[],
  conversionAtMs: number,
  lookbacks: Lookbacks,
): PlacedEvent[] {
  const inReach = touchpoints.filter(({ occurred_at, event_type }) => {
    const lookbackMs = event_type === 'click' ? lookbacks.clickMs : lookbacks.impressionMs;
    return occurred_at <= conversionAtMs && occurred_at >= conversionAtMs - lookbackMs;
  });
  const candidates = firstCopies(inReach);
  const clickMoments = new Set(
    candidates.filter((event) => event.event_type === 'click').map((event) => event.occurred_at),
  );
  return candidates
    .filter((event) => event.event_type === 'click' || !clickMoments.has(event.occurred_at))
    .toSorted((left, right) => left.occurred_at - right.occurred_at || compareUuids(left.event_id, right.event_id));
}

/** Of all copies of an event the one that was received first. */
export function firstCopies(events: readonly PlacedEvent[]): PlacedEvent[] {
  const byId = new Map<string, PlacedEvent>();
  for (const event of events.toSorted(compareReceipt)) {
    if (!byId.has(event.event_id)) byId.set(event.event_id, event);
  }
  return [...byId.values()];
}

function compareReceipt(left: PlacedEvent, right: PlacedEvent): number {
  return (
    left.received_at - right.received_at ||
    compareTexts(left.kafka_topic, right.kafka_topic) ||
    left.kafka_partition - right.kafka_partition ||
    left.kafka_offset - right.kafka_offset
  );
}

/** As ClickHouse orders UUIDs, and so the table of events: by the second half, then by the first. */
function compareUuids(left: string, right: string): number {
  return compareTexts(left.slice(19), right.slice(19)) || compareTexts(left.slice(0, 18), right.slice(0, 18));
}

function compareTexts(left: string, right: string): number {
  if (left === right) return 0;
  return left < right ? -1 : 1;
}
