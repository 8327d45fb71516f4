import { createHmac } from 'node:crypto';
import { UnmogrowpError } from '../../errors.ts';
import { postJson } from './http.ts';
import { stableId } from './message-id.ts';
import type { Channel, Message, MessagePart } from './port.ts';

const SECRET_PREFIX = 'whsec_';

/**
 * JSON to a program, signed as Standard Webhooks 1.0.0 says (github.com/standard-webhooks/standard-webhooks,
 * spec/standard-webhooks.md), so that any of its libraries verifies it: HMAC-SHA256 over `id.timestamp.body`. The id is
 * made of the delivery key and stays the same whenever the message is sent again.
 */
export function createWebhook(options: { nowMs: () => number; timeoutMs?: number }): Channel<'webhook'> {
  return {
    async send(message, { url, secret }, signal) {
      const body = JSON.stringify(webhookBody(message));
      const id = `msg_${stableId(message.deliveryKey)}`;
      const timestamp = Math.floor(options.nowMs() / 1_000);
      const headers = {
        'webhook-id': id,
        'webhook-timestamp': String(timestamp),
        'webhook-signature': signWebhook(secret, { id, timestamp, body }),
      };
      await postJson({ channel: 'webhook', url, body, headers, signal, timeoutMs: options.timeoutMs });
    },
  };
}

/** The value of the header `webhook-signature`. */
export function signWebhook(secret: string, signed: { id: string; timestamp: number; body: string }): string {
  const content = `${signed.id}.${signed.timestamp}.${signed.body}`;
  return `v1,${createHmac('sha256', keyOf(secret)).update(content).digest('base64')}`;
}

/** `whsec_` and the key as base64 (that is what the specification calls a secret), or a key that is any other text. */
function keyOf(secret: string): Buffer {
  const isEncoded = secret.startsWith(SECRET_PREFIX);
  const key = isEncoded ? Buffer.from(secret.slice(SECRET_PREFIX.length), 'base64') : Buffer.from(secret);
  if (key.length > 0) return key;
  throw new UnmogrowpError('channel_refused', 'A webhook of the policy has an empty secret.');
}

function webhookBody({ deliveryKey, parts }: Message): unknown {
  const newestMs = Math.max(...parts.map(({ notice }) => notice.createdAtMs));
  return {
    type: 'incident.notices',
    timestamp: new Date(newestMs).toISOString(),
    data: { delivery_key: deliveryKey, notices: parts.map(webhookNotice) },
  };
}

const webhookNotice = ({ notice, coveredKeys, links }: MessagePart): unknown => ({
  delivery_key: notice.deliveryKey,
  covered_delivery_keys: coveredKeys,
  kind: notice.kind,
  incident_id: notice.incidentId,
  tenant: notice.tenant,
  urgency: notice.urgency,
  severity: notice.severity,
  title: notice.title,
  text: notice.text,
  created_at: new Date(notice.createdAtMs).toISOString(),
  links,
});
