import { openedAtMsOf } from '../incident-id.ts';
import { forEachIncident, newestOfEachIncident } from './each-incident.ts';
import { postJson } from './http.ts';
import { stableId } from './message-id.ts';
import type { Channel, MessagePart } from './port.ts';
import { oneLine } from './words.ts';

const FINGERPRINT_LENGTH = 16;
const NOT_ENDED = '0001-01-01T00:00:00Z';

/**
 * What Alertmanager would send to a webhook (its format v4), for whatever understands that: an incident is a group of its
 * own with one alert. What is only told for information stays out: it neither fires nor ends.
 */
export function createAlertmanager(options: { timeoutMs?: number } = {}): Channel<'alertmanager'> {
  return {
    async send(message, { url, token }, signal) {
      const parts = newestOfEachIncident(message, ({ kind }) => kind !== 'information');
      const headers = token === undefined ? {} : { authorization: `Bearer ${token}` };
      await forEachIncident(parts, async (part) => {
        const body = JSON.stringify(groupOf(part));
        await postJson({ channel: 'alertmanager', url, body, headers, signal, timeoutMs: options.timeoutMs });
      });
    },
  };
}

function groupOf({ notice, links }: MessagePart): Record<string, unknown> {
  const status = notice.kind === 'resolved' ? 'resolved' : 'firing';
  const { incidentId, tenant, severity, urgency } = notice;
  const labels = { alertname: 'UnmogrowpIncident', incident: incidentId, tenant, severity, urgency };
  const annotations = { summary: oneLine(notice.title), description: notice.text };
  const alert = {
    status,
    labels,
    annotations,
    // The same moment whatever is said of it, or a receiver takes it for another alert.
    startsAt: new Date(openedAtMsOf(incidentId)).toISOString(),
    endsAt: status === 'resolved' ? new Date(notice.createdAtMs).toISOString() : NOT_ENDED,
    generatorURL: links?.acknowledge ?? '',
    fingerprint: stableId(incidentId).slice(0, FINGERPRINT_LENGTH),
  };
  return {
    version: '4',
    groupKey: `{}:{incident="${incidentId}"}`,
    truncatedAlerts: 0,
    status,
    receiver: 'unmogrowp',
    groupLabels: { incident: incidentId },
    commonLabels: labels,
    commonAnnotations: annotations,
    externalURL: links === null ? '' : new URL(links.acknowledge).origin,
    alerts: [alert],
  };
}
