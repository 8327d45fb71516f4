import { randomUUID } from 'node:crypto';
import { createUserKeyOf } from '../events/user-key.ts';
import { parseEvent } from '../events/parse.ts';
import { IDENTIFIER_TYPES, type EventRow } from '../events/row.ts';

const CHANNELS = ['search', 'social', 'email', 'display', 'affiliate', 'direct'];
const COUNTRIES = ['DE', 'FR', 'GB', 'US', 'BR', 'IN', 'JP', 'PL'];
const PLATFORMS = ['ios', 'android', 'web'];
/** How far back the events of a load lie: a live stream with devices that were offline for a while. */
const SPREAD_MS = 6 * 3_600_000;

/** A load as clients send it: 60 % impressions, 32 % clicks, 8 % installs and purchases, of a bounded number of users. */
export function clientEvents(count: number, users: number, first = 0): Record<string, unknown>[] {
  const nowMs = Date.now();
  return Array.from({ length: count }, (_, index) => clientEvent(first + index, users, nowMs));
}

function clientEvent(index: number, users: number, nowMs: number): Record<string, unknown> {
  const share = (index * 7) % 25;
  const user = scatter(index) % users;
  const common = {
    event_id: randomUUID(),
    occurred_at: new Date(nowMs - (scatter(index + 1) % SPREAD_MS)).toISOString(),
    app_id: `app-${user % 5}`,
    user_id: `user-${user}`,
    country: COUNTRIES[user % COUNTRIES.length],
    platform: PLATFORMS[user % PLATFORMS.length],
  };
  if (share < 23) {
    const ad = scatter(index + 2);
    return {
      ...common,
      type: share < 15 ? 'impression' : 'click',
      channel: CHANNELS[ad % CHANNELS.length],
      campaign: `campaign-${ad % 40}`,
      ad_group: `group-${ad % 160}`,
      creative: `creative-${ad % 320}`,
    };
  }
  if (share === 23) return { ...common, type: 'install' };
  const revenue = `${scatter(index + 3) % 200}.${10 + (index % 90)}`;
  return { ...common, type: 'conversion', name: 'purchase', revenue, currency: 'EUR', order_reference: `A-${index}` };
}

/** Spreads consecutive numbers over 32 bits, the same in every run. */
function scatter(index: number): number {
  let hash = Math.imul(index ^ 0x9e3779b9, 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}

/** The same events as ingest would put them on Kafka. */
export function eventRows(events: readonly Record<string, unknown>[], tenantId: string): EventRow[] {
  const context = {
    tenantId,
    receivedAt: Date.now(),
    traceId: randomUUID().replaceAll('-', ''),
    identityPriority: IDENTIFIER_TYPES,
    userKeyOf: createUserKeyOf(Buffer.alloc(32, 7)),
    newEventId: randomUUID,
  };
  return events.map((event) => {
    const { row, rejection } = parseEvent(event, context);
    if (row === undefined) throw new Error(`the load holds an event that is refused: ${rejection.message}`);
    return row;
  });
}
