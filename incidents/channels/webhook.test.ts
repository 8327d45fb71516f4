import { expect, it } from 'vitest';
import { readPage } from '../../test/docs/markdown.ts';
import { type ReceivedRequest, answering, startHttpReceiver } from '../../test/incidents/http-receiver.ts';
import { INCIDENT, LINKS, message, notice, part } from '../../test/incidents/notices.ts';
import { createWebhook, signWebhook } from './webhook.ts';

const SECRET = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';
const NOW_MS = 1_700_000_000_500;

type Verify = (secret: string, headers: Record<string, string>, body: string, nowSeconds?: number) => unknown;

/** The receiver that docs/notifications.md shows, as it stands there. */
async function documentedReceiver(): Promise<Verify> {
  const block = readPage('docs/notifications.md').blocks.find(({ text }) => text.includes('export function receive'));
  const source = `data:text/javascript,${encodeURIComponent(block?.text ?? '')}`;
  const { receive } = (await import(source)) as { receive: Verify };
  return receive;
}

async function received(
  secret: string,
  count = 1,
  title = 'The sink stands still',
): Promise<readonly ReceivedRequest[]> {
  const { url, requests } = await startHttpReceiver(answering(204));
  let nowMs = NOW_MS;
  const webhook = createWebhook({ nowMs: () => (nowMs += 1_000) });
  const never = new AbortController().signal;
  for (let sent = 0; sent < count; sent += 1) {
    await webhook.send(message(part({ title })), { kind: 'webhook', url, secret }, never);
  }
  return requests;
}

it('signs as the examples of Standard Webhooks are signed', () => {
  const signed = { id: 'msg_p5jXN8AQM9LWM0D4loKWxJek', timestamp: 1_614_265_330, body: '{"test": 2432232314}' };
  expect(signWebhook(SECRET, signed)).toBe('v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=');
});

it.each([SECRET, 'any other text'])('is believed by the receiver of docs/notifications.md (%#)', async (secret) => {
  const receive = await documentedReceiver();
  const [request] = await received(secret, 1, 'Ümläuts “quoted” 💥');
  const { body } = request as ReceivedRequest;
  const headers = request?.headers as Record<string, string>;
  const nowSeconds = NOW_MS / 1_000;
  const event = receive(secret, headers, body, nowSeconds);
  expect(event).toEqual(JSON.parse(body));
  const refused: [string, Record<string, string>, string, number][] = [
    ['another secret', headers, body, nowSeconds],
    [secret, headers, body.replace('page', 'pagf'), nowSeconds],
    [secret, { ...headers, 'webhook-timestamp': '1700000000' }, body, nowSeconds],
    [secret, { ...headers, 'webhook-id': 'msg_other' }, body, nowSeconds],
    [secret, headers, body, nowSeconds + 301],
    [secret, headers, body, nowSeconds - 303],
    [secret, {}, body, nowSeconds],
  ];
  for (const [key, with_, text, at] of refused) expect(() => receive(key, with_, text, at)).toThrow();
});

it('sends the same message again under the same id, with a signature of its own', async () => {
  const [first, second] = await received(SECRET, 2);
  expect(second?.headers['webhook-id']).toBe(first?.headers['webhook-id']);
  expect(second?.body).toBe(first?.body);
  expect(second?.headers['webhook-signature']).not.toBe(first?.headers['webhook-signature']);
});

it('tells everything that is known, and no id of a person in a header', async () => {
  const [request] = await received(SECRET);
  expect(JSON.parse(request?.body ?? '')).toEqual({
    type: 'incident.notices',
    timestamp: new Date(notice().createdAtMs).toISOString(),
    data: {
      delivery_key: notice().deliveryKey,
      notices: [
        {
          delivery_key: notice().deliveryKey,
          covered_delivery_keys: [],
          kind: 'page',
          incident_id: INCIDENT,
          tenant: 'acme',
          urgency: 'high',
          severity: 'critical',
          title: 'The sink stands still',
          text: notice().text,
          created_at: new Date(notice().createdAtMs).toISOString(),
          links: LINKS,
        },
      ],
    },
  });
  expect(JSON.stringify(request?.headers)).not.toContain('ada');
});
