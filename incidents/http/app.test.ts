import { describe, expect, test } from 'vitest';
import { UnmogrowpError } from '../../errors.ts';
import type { AlertGroup } from './alert-group.ts';
import { createIncidentApp } from './app.ts';
import type { AskedCommand } from './commands.ts';
import { BODY_BYTES_MAX } from './limits.ts';
import type { IncidentPorts } from './ports.ts';

const INCIDENT = '01890a5d-ac96-774b-bcce-b302099a8057';
const NOW_MS = Date.parse('2026-01-05T10:00:00Z');

const notAsked = (): never => {
  throw new Error('nobody should have asked for this');
};

/** The application on ports of which a test gives those that it uses. */
function appOn(ports: Partial<IncidentPorts>) {
  const errors: UnmogrowpError[] = [];
  const app = createIncidentApp({
    ports: {
      openOrUpdate: notAsked,
      beat: notAsked,
      command: notAsked,
      list: notAsked,
      view: notAsked,
      report: notAsked,
      readLink: notAsked,
      ...ports,
    },
    token: 'secret',
    health: () => ({ healthy: false, temporal: false, postgres: true }),
    nowMs: () => NOW_MS,
    onError: (error) => void errors.push(error),
  });
  const post = (path: string, body: unknown, headers: Record<string, string> = {}) =>
    app.request(path, {
      method: 'POST',
      headers: { authorization: 'Bearer secret', ...headers },
      body: typeof body === 'string' ? body : JSON.stringify(body),
    });
  return { app, errors, post };
}

const alert = (fingerprint: string, more: Record<string, unknown> = {}) => ({
  status: 'firing',
  labels: { alertname: 'WindowOverdue', severity: 'critical', tenant: 'acme' },
  annotations: { summary: 'A window is not closed.' },
  startsAt: '2026-01-05T09:58:00.123Z',
  endsAt: '0001-01-01T00:00:00Z',
  generatorURL: 'http://prometheus/graph?g0.expr=up',
  fingerprint,
  ...more,
});

const message = (alerts: unknown[]) => ({
  version: '4',
  groupKey: '{}/{severity="critical"}:{alertname="WindowOverdue"}',
  truncatedAlerts: 0,
  status: 'firing',
  receiver: 'pager',
  groupLabels: { alertname: 'WindowOverdue' },
  commonLabels: { alertname: 'WindowOverdue', severity: 'critical', tenant: 'acme' },
  commonAnnotations: { summary: 'A window is not closed.' },
  externalURL: 'http://alertmanager',
  alerts,
});

describe('a message of Alertmanager', () => {
  test('is taken as one group, with everything that was told of its alerts', async () => {
    const groups: AlertGroup[] = [];
    const { post } = appOn({ openOrUpdate: (group) => Promise.resolve((groups.push(group), INCIDENT)) });
    const ended = alert('b', { status: 'resolved', endsAt: '2026-01-05T09:59:00Z' });
    const answer = await post('/v1/alerts/alertmanager', message([alert('a'), ended]));
    expect(answer.status).toBe(202);
    expect(await answer.json()).toEqual({ incident_id: INCIDENT, alerts: 2 });
    expect(groups).toMatchObject([
      {
        tenant: 'acme',
        title: 'WindowOverdue: A window is not closed.',
        severity: 'critical',
        alerts: [
          { fingerprint: 'a', status: 'firing', startsAtMs: Date.parse('2026-01-05T09:58:00.123Z'), endsAtMs: null },
          { fingerprint: 'b', status: 'resolved', endsAtMs: Date.parse('2026-01-05T09:59:00Z') },
        ],
      },
    ]);
  });

  test('may hold more than 10,000 alerts', async () => {
    let alerts = 0;
    const { post } = appOn({ openOrUpdate: (group) => Promise.resolve(((alerts = group.alerts.length), INCIDENT)) });
    const many = Array.from({ length: 12_000 }, (_, index) => alert(index.toString(16).padStart(16, '0')));
    expect((await post('/v1/alerts/alertmanager', message(many))).status).toBe(202);
    expect(alerts).toBe(12_000);
  });

  test('is answered with 503 and when to come back while Temporal does not take it, whatever the reason', async () => {
    for (const error of [new UnmogrowpError('temporal_unavailable', 'away'), new TypeError('nobody thought of this')]) {
      const { post, errors } = appOn({ openOrUpdate: () => Promise.reject(error) });
      const answer = await post('/v1/alerts/alertmanager', message([alert('a')]));
      expect(answer.status).toBe(503);
      expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0);
      expect(await answer.json()).toMatchObject({ code: 'unavailable' });
      expect(errors).toHaveLength(1);
    }
  });

  test('of another version, without alerts or that is no JSON is refused by name, and none of its values is told', async () => {
    const { post } = appOn({});
    const cases: [unknown, string][] = [
      [{ ...message([alert('a')]), version: '3' }, 'version'],
      [message([]), 'alerts'],
      [message([alert('a', { startsAt: 'ada@example.com' })]), 'alerts.0.startsAt'],
    ];
    for (const [body, field] of cases) {
      const answer = await post('/v1/alerts/alertmanager', body);
      expect(answer.status).toBe(400);
      const text = await answer.text();
      expect(text).toContain(field);
      expect(text).not.toContain('ada@example.com');
    }
    expect((await post('/v1/alerts/alertmanager', '{')).status).toBe(400);
  });

  test('is refused without the token and when it has no end', async () => {
    const { app, post } = appOn({});
    const unknown = await app.request('/v1/alerts/alertmanager', { method: 'POST', body: '{}' });
    expect(unknown.status).toBe(401);
    expect(unknown.headers.get('www-authenticate')).toBe('Bearer');
    const wrong = await post('/v1/alerts/alertmanager', message([alert('a')]), { authorization: 'Bearer other' });
    expect(wrong.status).toBe(401);
    expect((await post('/v1/alerts/alertmanager', ' '.repeat(BODY_BYTES_MAX + 1))).status).toBe(413);
  });
});

test('an alert of another program names its incident by its key', async () => {
  const groups: AlertGroup[] = [];
  const { post } = appOn({ openOrUpdate: (group) => Promise.resolve((groups.push(group), null)) });
  const told = { key: 'backup', title: 'The backup failed', starts_at: '2026-01-05T09:00:00+01:00' };
  const answers = [
    await post('/v1/alerts', { ...told, status: 'firing' }),
    await post('/v1/alerts', { ...told, status: 'resolved' }),
  ];
  expect(answers.map(({ status }) => status)).toEqual([202, 202]);
  const [fired, ended] = groups;
  expect(fired?.groupKey).toBe(ended?.groupKey);
  expect(fired?.alerts).toMatchObject([{ status: 'firing', startsAtMs: Date.parse('2026-01-05T08:00:00Z') }]);
  expect(ended?.alerts).toMatchObject([{ status: 'resolved', endsAtMs: NOW_MS }]);
  expect(fired).toMatchObject({ tenant: 'platform', severity: 'warning' });
});

test('what is missing in an alert is all named at once', async () => {
  const answer = await appOn({}).post('/v1/alerts', { severity: 'critical', tenant: 'No tenant' });
  expect(answer.status).toBe(400);
  const { message: problem } = (await answer.json()) as { message: string };
  for (const field of ['key', 'status', 'starts_at', 'title']) expect(problem).toContain(`${field}: is required`);
  expect(problem).toContain('tenant: ');
  expect(problem).not.toContain('No tenant');
});

test('a beat is taken whatever its body holds, and one that the policy does not know is refused', async () => {
  const beat = (name: string) => Promise.resolve(name === 'watchdog' ? { dueAtMs: NOW_MS } : undefined);
  const { post } = appOn({ beat });
  const answer = await post('/v1/heartbeats/watchdog', 'anything');
  expect(answer.status).toBe(202);
  expect(await answer.json()).toEqual({ heartbeat: 'watchdog', due_at: '2026-01-05T10:00:00.000Z' });
  expect((await post('/v1/heartbeats/other', '')).status).toBe(404);
});

describe('a command', () => {
  const commandsOf = () => {
    const commands: [string, AskedCommand, string][] = [];
    const { post } = appOn({
      command: ({ incidentId }, command, commandId) => {
        commands.push([incidentId, command, commandId]);
        return Promise.resolve({ incident_id: incidentId, status: 'acknowledged' as const });
      },
    });
    return { commands, post };
  };
  const other = '01890a5d-ac96-774b-bcce-b302099a8058';
  const base = { actor: 'ada', via: 'http' } as const;
  const cases: [string, Record<string, unknown>, AskedCommand][] = [
    ['acknowledge', {}, { ...base, name: 'acknowledge' }],
    ['unacknowledge', { via: 'cli' }, { ...base, via: 'cli', name: 'unacknowledge' }],
    ['escalate', {}, { ...base, name: 'escalate' }],
    ['snooze', { seconds: 600 }, { ...base, name: 'snooze', untilMs: NOW_MS + 600_000 }],
    ['snooze', { until: '2026-01-05T12:00:00+01:00' }, { ...base, name: 'snooze', untilMs: NOW_MS + 3_600_000 }],
    [
      'reassign',
      { target: { kind: 'schedule', schedule: 'data' } },
      { ...base, name: 'reassign', target: { kind: 'schedule', schedule: 'data' } },
    ],
    ['note', { text: ' looks like the disk ' }, { ...base, name: 'note', text: 'looks like the disk' }],
    ['resolve', {}, { ...base, name: 'resolve' }],
    ['resolve', { text: 'done' }, { ...base, name: 'resolve', text: 'done' }],
    ['merge', { into_incident_id: other }, { ...base, name: 'merge', intoIncidentId: other }],
    ['link_replay', { replay_id: other.toUpperCase() }, { ...base, name: 'link_replay', replayId: other }],
  ];

  test.each(cases)('%s with %o is what was asked for', async (name, body, command) => {
    const { commands, post } = commandsOf();
    const answer = await post(`/v1/incidents/${INCIDENT.toUpperCase()}/${name}`, { by: 'ada', ...body });
    expect(await answer.json()).toEqual({ incident_id: INCIDENT, status: 'acknowledged' });
    expect(commands.map(([id, asked]) => [id, asked])).toEqual([[INCIDENT, command]]);
  });

  test('that is sent again under its key is the same one', async () => {
    const { commands, post } = commandsOf();
    const send = () => post(`/v1/incidents/${INCIDENT}/escalate`, { by: 'ada' }, { 'idempotency-key': 'one' });
    await Promise.all([send(), send()]);
    expect(commands.map(([, , commandId]) => commandId)).toEqual(['one', 'one']);
  });

  test.each([
    ['acknowledge', {}],
    ['snooze', { by: 'ada' }],
    ['snooze', { by: 'ada', seconds: 600, until: '2026-01-05T12:00:00Z' }],
    ['snooze', { by: 'ada', until: '2026-01-05T09:00:00Z' }],
    ['snooze', { by: 'ada', until: '2026-02-05T09:00:00Z' }],
    ['note', { by: 'ada', text: '  ' }],
    ['merge', { by: 'ada', into_incident_id: 'other' }],
    ['reassign', { by: 'ada', target: { kind: 'person', schedule: 'x' } }],
  ])('%s with %o is refused before anybody is asked', async (name, body) => {
    const { commands, post } = commandsOf();
    const answer = await post(`/v1/incidents/${INCIDENT}/${name}`, body);
    expect(answer.status).toBe(400);
    expect(await answer.json()).toMatchObject({ code: 'request_invalid' });
    expect(commands).toEqual([]);
  });

  test('that the incident refuses says why, and one about no incident says that', async () => {
    const refused = appOn({
      command: () => Promise.reject(new UnmogrowpError('incident_refused', 'it is resolved')),
    });
    const answer = await refused.post(`/v1/incidents/${INCIDENT}/escalate`, { by: 'ada' });
    expect(answer.status).toBe(409);
    expect(await answer.json()).toEqual({ code: 'incident_refused', message: 'it is resolved' });
    expect(refused.errors).toEqual([]);
    expect((await refused.post('/v1/incidents/none/escalate', { by: 'ada' })).status).toBe(404);
  });
});

test('health says what is away, to everybody', async () => {
  const answer = await appOn({}).app.request('/healthz');
  expect(answer.status).toBe(503);
  expect(await answer.json()).toEqual({ healthy: false, temporal: false, postgres: true });
});

test('a list is asked for by what has not ended', async () => {
  const asked: unknown[] = [];
  const { app } = appOn({
    list: (filter) => Promise.resolve((asked.push(filter), { incidents: [], unavailable: [] })),
  });
  const headers = { authorization: 'Bearer secret' };
  expect((await app.request('/v1/incidents?status=open,resolved&tenant=acme&limit=5', { headers })).status).toBe(200);
  expect(asked).toEqual([
    { tenant: 'acme', limit: 5, statuses: ['triggered', 'acknowledged', 'snoozed', 'suppressed', 'resolved'] },
  ]);
  for (const query of ['status=closed', 'limit=0', 'tenant=A%20B']) {
    expect((await app.request(`/v1/incidents?${query}`, { headers })).status).toBe(400);
  }
});
