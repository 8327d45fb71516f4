import type { NoticeKind } from '../types.ts';
import { forEachIncident, newestOfEachIncident } from './each-incident.ts';
import { postJson } from './http.ts';
import type { Channel, MessagePart } from './port.ts';
import { cut, oneLine } from './words.ts';

const EVENTS_URL = 'https://events.pagerduty.com/v2/enqueue';
const SUMMARY_LENGTH_MAX = 1_024;
/** An event may have 512 KiB. */
const TEXT_LENGTH_MAX = 50_000;

/** What PagerDuty is to make of its alert; null where nothing changes that it knows of. */
const ACTIONS: Readonly<Record<NoticeKind, 'trigger' | 'acknowledge' | 'resolve' | null>> = {
  page: 'trigger',
  nobody_answered: 'trigger',
  // Whoever acknowledged is reminded, so it is acknowledged.
  status_update_reminder: 'acknowledge',
  resolved: 'resolve',
  information: null,
};

/**
 * Events of PagerDuty (Events API v2). The incident is the key by which they are one alert there, so an event that is sent
 * again changes nothing.
 */
export function createPagerDuty(options: { timeoutMs?: number } = {}): Channel<'pagerduty'> {
  return {
    async send(message, { routingKey, url }, signal) {
      const parts = newestOfEachIncident(message, ({ kind }) => ACTIONS[kind] !== null);
      await forEachIncident(parts, async (part) => {
        const body = JSON.stringify({ routing_key: routingKey, ...eventOf(part) });
        await postJson({ channel: 'pagerduty', url: url ?? EVENTS_URL, body, signal, timeoutMs: options.timeoutMs });
      });
    },
  };
}

function eventOf({ notice, links }: MessagePart): Record<string, unknown> {
  const event_action = ACTIONS[notice.kind];
  const event = { event_action, dedup_key: notice.incidentId };
  if (event_action !== 'trigger') return event;
  return {
    ...event,
    client: 'UnMoGrowP',
    ...(links === null ? {} : { client_url: links.acknowledge, links: linksOf(links) }),
    payload: {
      summary: cut(oneLine(notice.title), SUMMARY_LENGTH_MAX),
      source: notice.tenant,
      severity: notice.severity,
      timestamp: new Date(notice.createdAtMs).toISOString(),
      custom_details: {
        text: cut(notice.text, TEXT_LENGTH_MAX),
        urgency: notice.urgency,
        incident: notice.incidentId,
        delivery_key: notice.deliveryKey,
      },
    },
  };
}

const linksOf = (links: NonNullable<MessagePart['links']>): unknown[] => [
  { href: links.acknowledge, text: 'Acknowledge' },
  { href: links.snooze, text: 'Snooze' },
  { href: links.resolve, text: 'Resolve' },
];
