import { randomUUID } from 'node:crypto';
import type { PlacedEvent } from '../../attribution/journey.ts';
import type { RunInput } from '../../attribution/parameters.ts';
import { type Settings, settingsSchema } from '../../events/settings.ts';

export const WINDOW_START_MS = Date.UTC(2026, 0, 5);
export const DAY_MS = 86_400_000;
export const HOUR_MS = 3_600_000;

/** A tenant that nobody else has, so that tests share tables without seeing each other. */
export const newTenant = (): string => `tenant-${randomUUID()}`;

export const settingsOf = (changes: Partial<Settings> = {}): Settings => settingsSchema.parse(changes);

/** A run of the window that starts at `WINDOW_START_MS` and sees everything. */
export function runOf(tenantId: string, changes: Partial<RunInput> = {}): RunInput {
  return {
    tenantId,
    windowStartMs: WINDOW_START_MS,
    windowEndMs: WINDOW_START_MS + DAY_MS,
    runId: randomUUID(),
    cutoff: { events: Array.from({ length: 8 }, () => 1_000_000) },
    settings: settingsOf(),
    ...changes,
  };
}

/** An event with everything that a test does not care about. */
export function eventOf(changes: Partial<PlacedEvent>): PlacedEvent {
  const event_type = changes.event_type ?? 'click';
  const isTouchpoint = event_type === 'click' || event_type === 'impression';
  return {
    tenant_id: 'tenant',
    app_id: 'shop',
    user_key: '00000000-0000-4000-8000-000000000001',
    occurred_at: WINDOW_START_MS,
    event_id: randomUUID(),
    event_type,
    name: isTouchpoint ? '' : 'purchase',
    channel: isTouchpoint ? 'search' : '',
    campaign: '',
    ad_group: '',
    creative: '',
    country: '',
    platform: '',
    revenue: '0',
    currency: '',
    identifier_type: 'user_id',
    properties: '{}',
    received_at: changes.occurred_at ?? WINDOW_START_MS,
    trace_id: '0'.repeat(32),
    kafka_topic: 'events',
    kafka_partition: 0,
    kafka_offset: 0,
    ...changes,
  };
}
