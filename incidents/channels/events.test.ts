import { describe, expect, it } from 'vitest';
import { answering, startHttpReceiver } from '../../test/incidents/http-receiver.ts';
import { INCIDENT, LINKS, OPENED_AT_MS, bundle, message, part } from '../../test/incidents/notices.ts';
import { alertmanagerSchema, groupOfAlertmanager } from '../http/alertmanager.ts';
import { createAlertmanager } from './alertmanager.ts';
import { createPagerDuty } from './pagerduty.ts';
import type { Message } from './port.ts';

const NEVER = new AbortController().signal;

async function toPagerDuty(toSend: Message): Promise<Record<string, unknown>[]> {
  const { url, requests } = await startHttpReceiver(answering(202));
  await createPagerDuty().send(toSend, { kind: 'pagerduty', routingKey: 'hidden-key', url }, NEVER);
  return requests.map(({ body }) => JSON.parse(body) as Record<string, unknown>);
}

async function toAlertmanager(toSend: Message): Promise<Record<string, unknown>[]> {
  const { url, requests } = await startHttpReceiver(answering(200));
  await createAlertmanager().send(toSend, { kind: 'alertmanager', url, token: 'hidden-token' }, NEVER);
  for (const { headers } of requests) expect(headers.authorization).toBe('Bearer hidden-token');
  return requests.map(({ body }) => JSON.parse(body) as Record<string, unknown>);
}

describe('PagerDuty', () => {
  it('gets one alert for each incident, by the id of the incident', async () => {
    const [event, ...more] = await toPagerDuty(message(part()));
    expect(more).toEqual([]);
    expect(event).toMatchObject({
      routing_key: 'hidden-key',
      event_action: 'trigger',
      dedup_key: INCIDENT,
      client_url: LINKS.acknowledge,
      payload: { summary: 'The sink stands still', source: 'acme', severity: 'critical' },
    });
    expect((await toPagerDuty(bundle(30))).map((one) => one['dedup_key'])).toHaveLength(30);
  });

  it('hears that somebody looks at it and that it has ended, and nothing of what changes neither', async () => {
    const actions = async (kind: 'resolved' | 'status_update_reminder' | 'information' | 'nobody_answered') =>
      (await toPagerDuty(message(part({ kind }, null)))).map((event) => event['event_action']);
    expect(await actions('resolved')).toEqual(['resolve']);
    expect(await actions('status_update_reminder')).toEqual(['acknowledge']);
    expect(await actions('nobody_answered')).toEqual(['trigger']);
    expect(await actions('information')).toEqual([]);
  });

  it('hears of an incident what is said last, whatever else a bundle says of it', async () => {
    const told = message(part({ kind: 'resolved' }, null), part(), part({ kind: 'information' }, null));
    expect((await toPagerDuty(told)).map((event) => event['event_action'])).toEqual(['trigger']);
  });
});

describe('what takes the webhooks of Alertmanager', () => {
  it('gets a group for each incident, with one alert that begins when the incident did', async () => {
    const [group] = await toAlertmanager(message(part()));
    expect(group).toMatchObject({
      version: '4',
      status: 'firing',
      groupKey: `{}:{incident="${INCIDENT}"}`,
      truncatedAlerts: 0,
      commonLabels: { alertname: 'UnmogrowpIncident', tenant: 'acme', severity: 'critical' },
      alerts: [
        {
          status: 'firing',
          startsAt: new Date(OPENED_AT_MS).toISOString(),
          endsAt: '0001-01-01T00:00:00Z',
          annotations: { summary: 'The sink stands still' },
        },
      ],
    });
    const [ended] = await toAlertmanager(message(part({ kind: 'resolved', createdAtMs: OPENED_AT_MS + 9_000 }, null)));
    const alertOf = (one?: Record<string, unknown>) => (one?.['alerts'] as Record<string, unknown>[] | undefined)?.[0];
    expect(ended).toMatchObject({ status: 'resolved', groupKey: group?.['groupKey'] });
    expect(alertOf(ended)).toMatchObject({
      status: 'resolved',
      fingerprint: alertOf(group)?.['fingerprint'],
      startsAt: new Date(OPENED_AT_MS).toISOString(),
      endsAt: new Date(OPENED_AT_MS + 9_000).toISOString(),
    });
    expect(alertOf(group)?.['fingerprint']).toMatch(/^[0-9a-f]{16}$/);
  });

  it('is understood by another installation of this platform: the end ends what the beginning has begun', async () => {
    const groupOf = (body?: Record<string, unknown>) => groupOfAlertmanager(alertmanagerSchema.parse(body));
    const begun = groupOf((await toAlertmanager(message(part())))[0]);
    const ended = groupOf((await toAlertmanager(message(part({ kind: 'resolved' }, null))))[0]);
    expect(begun).toMatchObject({ tenant: 'acme', severity: 'critical', alerts: [{ status: 'firing' }] });
    expect(begun.title).toContain('The sink stands still');
    expect(ended.groupKey).toBe(begun.groupKey);
    expect(ended.alerts).toMatchObject([{ ...identityOf(begun.alerts[0]), status: 'resolved' }]);
  });
});

it('begins no further request when one has failed, and says which kind of failure it was', async () => {
  const { url, requests } = await startHttpReceiver(answering(503), answering(202));
  const sending = createPagerDuty().send(bundle(100), { kind: 'pagerduty', routingKey: 'key', url }, NEVER);
  await expect(sending).rejects.toMatchObject({ code: 'channel_failed' });
  expect(requests.length).toBeLessThan(50);
});

/** What has to be the same for the end of an alert to be the end of this one. */
const identityOf = (alert?: { fingerprint: string; startsAtMs: number }) => ({
  fingerprint: alert?.fingerprint,
  startsAtMs: alert?.startsAtMs,
});
