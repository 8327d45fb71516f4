import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { promisify } from 'node:util';
import { v7 as uuidv7 } from 'uuid';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { type LinkAction, linkId, signLink } from '../../incidents/links/link.ts';
import { incidentWorkflowId } from '../../incidents/http/alert-group.ts';
import { INCIDENTS_METRICS } from '../../otel/registry/incidents.ts';
import { migratePostgres } from '../../postgres/migrate.ts';
import { createPostgresPool, queryRows } from '../../postgres/pool.ts';
import { changeReplay, createReplay } from '../../postgres/replays.ts';
import { createTenant } from '../../postgres/tenants.ts';
import { readPage } from '../docs/markdown.ts';
import { runCommand } from '../import/import-command.ts';
import { testEnv } from '../support/parts.ts';
import { type TcpProxy, startTcpProxy } from '../support/tcp-proxy.ts';
import {
  type IncidentsProcess,
  LINK_SECRET,
  TENANT,
  TOKEN,
  alertsOf,
  ended,
  firing,
  startIncidents,
  terminateIncidents,
} from './incidents-process.ts';

/** Like tenants, others in each run: heartbeats and contacts are workflows of their name. */
const HEARTBEAT = `backup-${TENANT.replace('_', '-')}`;
const CHANNEL = `pager-${TENANT.replace('_', '-')}`;
const POLICY = `
channels:
  - { id: ${CHANNEL}, kind: webhook, url_variable: TEST_PAGER_URL, secret_variable: TEST_PAGER_SECRET }
policies:
  - id: everything
    steps: [{ notify: [{ channel: ${CHANNEL} }], wait: 1h }]
    hold: 1s
throttle: { messages: 1000, per: 15m }
heartbeats:
  - { name: ${HEARTBEAT}, every: 1h, grace: 1h }
`;
/** The base64 of a secret as the signature of webhooks wants it. */
const PAGER_SECRET = `whsec_${Buffer.from('a-secret-of-these-tests-that-is-long').toString('base64')}`;
/** Whose windows are replayed. */
const REPLAYED_TENANT = `acme-${TENANT.replace('_', '-')}`;
const SETTLED_MS_MAX = 90_000;
/** Nothing but timelines, pages and answers may hold it. */
const PERSON = 'ada-of-this-test';

const directory = mkdtempSync(join(tmpdir(), 'unmogrowp-test-incidents-'));
const pool = createPostgresPool({ url: testEnv.POSTGRES_URL, applicationName: 'test' });
const pages: string[] = [];
const pager = createServer((request, response) => {
  void text(request).then((body) => {
    pages.push(body);
    response.end();
  });
});
let temporalLine: TcpProxy;
let postgresLine: TcpProxy;
let incidents: IncidentsProcess;

beforeAll(async () => {
  await migratePostgres(pool);
  await createTenant(pool, { tenantId: REPLAYED_TENANT });
  await new Promise<void>((resolve) => pager.listen(0, '127.0.0.1', resolve));
  writeFileSync(join(directory, 'policy.yaml'), POLICY);
  const [host = '', port] = testEnv.TEMPORAL_ADDRESS.split(':');
  temporalLine = await startTcpProxy({ host, port: Number(port) });
  const postgres = new URL(testEnv.POSTGRES_URL);
  postgresLine = await startTcpProxy({ host: postgres.hostname, port: Number(postgres.port) });
  postgres.port = String(postgresLine.port);
  // It has to come up without both.
  await Promise.all([temporalLine.cut(), postgresLine.cut()]);
  incidents = await startIncidents({
    TEMPORAL_ADDRESS: `127.0.0.1:${temporalLine.port}`,
    POSTGRES_URL: postgres.href,
    INCIDENT_POLICY_FILE: join(directory, 'policy.yaml'),
    TEST_PAGER_URL: `http://127.0.0.1:${(pager.address() as AddressInfo).port}/`,
    TEST_PAGER_SECRET: PAGER_SECRET,
    LOG_LEVEL: 'debug',
  });
});

afterAll(async () => {
  await incidents?.stop();
  await terminateIncidents();
  await Promise.all([temporalLine?.close(), postgresLine?.close()]);
  pager.closeAllConnections();
  pager.close();
  await pool.end();
  rmSync(directory, { recursive: true, force: true });
});

/** Tells alerts, and gives the incident that they are of. */
async function tell(message: ReturnType<typeof alertsOf>): Promise<string> {
  const { status, body } = await incidents.post('/v1/alerts/alertmanager', message);
  expect({ status, body }).toMatchObject({ status: 202 });
  return String(body['incident_id']);
}

const untilStatus = (incidentId: string, status: string): Promise<void> =>
  expect
    .poll(async () => (await incidents.get(`/v1/incidents/${incidentId}`)).body, { timeout: SETTLED_MS_MAX })
    .toMatchObject({ incident: { status } });

const kindsOf = async (incidentId: string): Promise<string[]> => {
  const rows = await queryRows<{ kind: string }>(
    pool,
    'SELECT kind FROM incident_timeline WHERE incident_id = $1 ORDER BY entry_number',
    [incidentId],
  );
  return rows.map(({ kind }) => kind);
};

const untilKinds = (incidentId: string, ...kinds: string[]): Promise<void> =>
  expect.poll(() => kindsOf(incidentId), { timeout: SETTLED_MS_MAX }).toEqual(expect.arrayContaining(kinds));

/** A replay of an hour of this day that is under way. */
async function replayOf(day: string, { isDryRun }: { isDryRun: boolean }): Promise<string> {
  const { replay_id: replayId } = await createReplay(pool, {
    replayId: uuidv7(),
    tenantId: REPLAYED_TENANT,
    rangeStart: new Date(`${day}T10:00:00Z`),
    rangeEnd: new Date(`${day}T11:00:00Z`),
    reason: 'lost events',
    requestedBy: 'somebody',
    settings: { kind: 'in_force' },
    asOf: null,
    concurrency: 1,
    codeVersion: 'test',
    isDryRun,
  });
  return replayId;
}

describe('while Temporal is away', () => {
  test('the process is there, says so, and takes nothing that could be forgotten', async () => {
    await incidents.untilHealthy(false);
    expect((await incidents.get('/healthz')).body).toMatchObject({ healthy: false, temporal: false, postgres: false });
    expect((await fetch(`${incidents.metricsUrl}/healthz`)).status).toBe(503);
    const answer = await incidents.post('/v1/alerts/alertmanager', firing('Early', 'a'));
    expect(answer).toMatchObject({ status: 503, body: { code: 'unavailable' } });
    expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0);
    expect((await incidents.post(`/v1/heartbeats/${HEARTBEAT}`)).status).toBe(503);
  });

  test('what was refused is taken when it comes again, before and after the process has known Temporal', async () => {
    await temporalLine.restore();
    await incidents.untilHealthy(true);
    const incidentId = await tell(firing('Early', 'a'));
    await temporalLine.cut();
    await incidents.untilHealthy(false);
    expect((await incidents.post('/v1/alerts/alertmanager', firing('Early', 'a', 'b'))).status).toBe(503);
    await temporalLine.restore();
    await incidents.untilHealthy(true);
    expect(await tell(firing('Early', 'a', 'b'))).toBe(incidentId);
  });
});

describe('while PostgreSQL is away', () => {
  test('alerts are taken, somebody is told, and people can see and command the incident', async () => {
    expect((await incidents.get('/healthz')).body).toMatchObject({ healthy: true, postgres: false });
    const incidentId = await tell(firing('WithoutStore', 'a'));
    await vi.waitFor(() => expect(pages.join()).toContain('WithoutStore'), { timeout: SETTLED_MS_MAX });
    const list = await incidents.get('/v1/incidents?status=open');
    expect(list.body).toMatchObject({ unavailable: ['postgres'] });
    expect(JSON.stringify(list.body)).toContain(incidentId);
    const done = await incidents.post(`/v1/incidents/${incidentId}/acknowledge`, { by: PERSON });
    expect(done).toMatchObject({ status: 200, body: { incident_id: incidentId, status: 'acknowledged' } });
    const view = await incidents.get(`/v1/incidents/${incidentId}`);
    expect(view.body).toMatchObject({ live: { acknowledged_by: PERSON }, unavailable: ['postgres'] });
  });

  test('the timeline is written when it is back, and nothing of it is lost', async () => {
    await postgresLine.restore();
    const { body } = await incidents.get('/v1/incidents?status=open');
    const found = (body['incidents'] as { title: string; incident_id: string }[]).find(({ title }) =>
      title.startsWith('WithoutStore'),
    );
    const view = found?.incident_id ?? (await tell(firing('WithoutStore', 'a')));
    await untilKinds(view, 'opened', 'step_begun', 'notified', 'acknowledged');
  });
});

describe('alerts', () => {
  test('that are told twice are one incident with one beginning', async () => {
    const first = await tell(firing('Twice', 'a', 'b'));
    const again = await Promise.all([tell(firing('Twice', 'a', 'b')), tell(firing('Twice', 'b', 'a'))]);
    expect(again).toEqual([first, first]);
    await untilKinds(first, 'opened', 'step_begun');
    expect((await kindsOf(first)).filter((kind) => kind === 'opened')).toHaveLength(1);
    const view = await incidents.get(`/v1/incidents/${first}`);
    expect(view.body).toMatchObject({
      incident: { title: 'Twice: Twice is wrong.', severity: 'critical', status: 'triggered' },
      live: { firing: 2, flaps: 0 },
      alerts: [
        { fingerprint: 'a', labels: { instance: 'a' } },
        { fingerprint: 'b', annotations: { description: 'It is b.' } },
      ],
    });
  });

  test('in a group of 12,000 are all taken, and taken again without any effect', async () => {
    const many = firing('Storm', ...Array.from({ length: 12_000 }, (_, index) => index.toString(16).padStart(16, '0')));
    const first = await tell(many);
    expect(await tell(many)).toBe(first);
    const view = await incidents.get(`/v1/incidents/${first}`);
    expect(view.body).toMatchObject({ live: { firing: 12_000 } });
    await incidents.post(`/v1/incidents/${first}/resolve`, { by: PERSON });
  });

  test('that end resolve the incident after the hold, and fire again as one that knows the one before', async () => {
    const first = await tell(firing('Again', 'a'));
    expect(await tell(ended('Again', 'a'))).toBe(first);
    await untilStatus(first, 'resolved');
    const later = alertsOf('Again', [{ fingerprint: 'a', isFiring: true, startsAt: '2026-01-05T11:00:00.000Z' }]);
    const second = await tell(later);
    expect(second).not.toBe(first);
    const view = await incidents.get(`/v1/incidents/${second}`);
    expect(view.body).toMatchObject({ incident: { previous_incident_id: first } });
  });

  test('that only end, of an incident that nobody knows, open none', async () => {
    const answer = await incidents.post('/v1/alerts/alertmanager', ended('Unknown', 'a'));
    expect(answer).toMatchObject({ status: 202, body: { incident_id: null } });
  });
});

test('a heartbeat of the policy beats, and no other', async () => {
  const beat = await incidents.post(`/v1/heartbeats/${HEARTBEAT}`);
  expect(beat.status).toBe(202);
  expect(Date.parse(String(beat.body['due_at'])) - Date.now()).toBeGreaterThan(6_000_000);
  expect((await incidents.post('/v1/heartbeats/other')).status).toBe(404);
});

test('what docs/incidents.md shows tells an alert and beats a heartbeat', async () => {
  const shown = readPage('docs/incidents.md').blocks.filter(({ text }) => text.startsWith('curl'));
  const env = { ...process.env, INCIDENT_TOKEN: TOKEN };
  const answers = shown.map(async ({ text: command }) => {
    const here = command.replaceAll('http://127.0.0.1:8090', incidents.url).replaceAll('nightly-import', HEARTBEAT);
    return JSON.parse((await promisify(execFile)('bash', ['-c', here], { env })).stdout) as unknown;
  });
  expect(await Promise.all(answers)).toEqual([
    { incident_id: expect.any(String) as string, alerts: 1 },
    { heartbeat: HEARTBEAT, due_at: expect.any(String) as string },
  ]);
});

describe('a link', () => {
  const linkOf = (incidentId: string, group: string, action: LinkAction, ageMs = 0) => {
    const key = `${incidentId}/1/1/1/channel:${CHANNEL}`;
    const workflowId = incidentWorkflowId(TENANT, `{}:{alertname="${group}"}`);
    const expiresAtMs = Date.now() + 60_000 - ageMs;
    const link = { id: linkId(key, action), workflowId, incidentId, action, person: PERSON, expiresAtMs };
    return `/links/${signLink(link, [LINK_SECRET])}`;
  };

  test('does nothing when it is opened, its command when it is pressed, and nothing when it is pressed again', async () => {
    const incidentId = await tell(firing('Linked', 'a'));
    const path = linkOf(incidentId, 'Linked', 'acknowledge');
    const opened = await incidents.get(path);
    expect(opened.status).toBe(200);
    expect(opened.body['text']).toContain('Linked is wrong.');
    await untilStatus(incidentId, 'triggered');
    expect(await incidents.post(path)).toMatchObject({ status: 200 });
    await untilStatus(incidentId, 'acknowledged');
    await incidents.post(`/v1/incidents/${incidentId}/unacknowledge`, { by: PERSON });
    const again = await incidents.post(path);
    expect(again.status).toBe(409);
    expect(again.body['text']).toContain('This link has been used.');
    await untilStatus(incidentId, 'triggered');
  });

  test('that has expired or that somebody made up does nothing', async () => {
    const incidentId = await tell(firing('Forged', 'a'));
    const expired = linkOf(incidentId, 'Forged', 'resolve', 120_000);
    const forged = `${linkOf(incidentId, 'Forged', 'resolve').slice(0, -4)}AAAA`;
    for (const path of [expired, forged]) expect((await incidents.post(path)).status).toBe(410);
    await untilStatus(incidentId, 'triggered');
  });
});

test('what has happened can be changed by nobody', async () => {
  const incidentId = await tell(firing('Written', 'a'));
  await untilKinds(incidentId, 'opened');
  for (const statement of [
    `UPDATE incident_timeline SET actor = 'somebody' WHERE incident_id = '${incidentId}'`,
    `DELETE FROM incident_timeline WHERE incident_id = '${incidentId}'`,
    'TRUNCATE incident_timeline',
  ]) {
    await expect(queryRows(pool, statement)).rejects.toThrow('written once');
  }
});

test('an incident says so when a replay that was linked to it has been published, and not before', async () => {
  const published = await replayOf('2026-01-05', { isDryRun: false });
  const computed = await replayOf('2026-01-06', { isDryRun: true });
  const incidentId = await tell(firing('Replayed', 'a'));
  for (const replayId of [published, computed]) {
    await incidents.post(`/v1/incidents/${incidentId}/link_replay`, { by: PERSON, replay_id: replayId });
  }
  await untilKinds(incidentId, 'replay_linked');
  await changeReplay(pool, published, { state: 'ended' });
  await changeReplay(pool, computed, { state: 'ended' });
  await untilKinds(incidentId, 'replay_published');
  const { body } = await incidents.get(`/v1/incidents/${incidentId}`);
  expect(body).toMatchObject({
    live: {
      replays: [
        { replay_id: published, is_published: true },
        { replay_id: computed, is_published: false },
      ],
    },
  });
});

test('nothing is told to somebody whom the policy does not know, and no replay is linked that was never asked for', async () => {
  const incidentId = await tell(firing('Mistyped', 'a'));
  const command = (name: string, body: object) =>
    incidents.post(`/v1/incidents/${incidentId}/${name}`, { by: PERSON, ...body });
  for (const refused of [
    await command('reassign', { target: { kind: 'person', person: 'nobody' } }),
    await command('reassign', { target: { kind: 'schedule', schedule: 'nobody' } }),
    await command('link_replay', { replay_id: uuidv7() }),
  ]) {
    expect(refused).toMatchObject({ status: 409, body: { code: 'incident_refused' } });
  }
  expect(await command('reassign', { target: { kind: 'channel', channel: 'nobody' } })).toMatchObject({
    body: { message: expect.stringContaining('It has channel:') as string },
  });
  expect(await command('resolve', {})).toMatchObject({ status: 200 });
});

test('the command line shows an incident, commands it, watches it to its end, and drafts the postmortem', async () => {
  const incidentId = await tell(firing('Commanded', 'a'));
  const variables = { INCIDENT_URL: incidents.url, INCIDENT_TOKEN: TOKEN };
  const incident = async (...args: string[]) => {
    const { code, stdout, stderr } = await runCommand(['incident', ...args], variables);
    expect({ code, stderr }).toMatchObject({ code: 0 });
    return stdout;
  };
  const watching = incident('watch', incidentId);
  expect(await incident('list')).toContain(incidentId);
  await incident('ack', incidentId, '--by', PERSON);
  await incident('note', incidentId, '--by', PERSON, 'the', 'disk is full');
  await incident('snooze', incidentId, '--by', PERSON, '--for', '30m');
  expect(await incident('show', incidentId)).toMatch(/status +snoozed/);
  await incident('link-replay', incidentId, await replayOf('2026-01-07', { isDryRun: true }), '--by', PERSON);
  const refused = await runCommand(['incident', 'unack', incidentId], variables);
  expect(refused).toMatchObject({ code: 1 });
  expect(refused.stderr).toContain('incident_refused');
  await incident('resolve', incidentId, '--by', PERSON, '--text', 'the disk was full');
  const watched = await watching;
  for (const words of ['noted: the disk is full', 'acknowledged', 'linked replay', 'resolved']) {
    expect(watched).toContain(words);
  }
  const file = join(directory, 'postmortem.md');
  await incident('report', incidentId, '--output', file);
  expect(readFileSync(file, 'utf8')).toContain('the disk is full');
});

test('what was measured is on its page, and who did what is neither there nor in the log', async () => {
  const page = await (await fetch(`${incidents.metricsUrl}/metrics`, { headers: { connection: 'close' } })).text();
  for (const { name } of Object.values(INCIDENTS_METRICS)) expect(page).toContain(`# HELP ${familyName(name)} `);
  expect(page).toMatch(/^unmogrowp_incident_opened_total\{urgency="high",severity="critical"\} [1-9]/m);
  expect(page).toMatch(/^unmogrowp_incident_notices_total\{channel="webhook",outcome="sent"\} [1-9]/m);
  expect(incidents.log().length).toBeGreaterThan(0);
  for (const text of [page, incidents.log()]) expect(text).not.toContain(PERSON);
});

/** OpenMetrics names a counter without its end. */
const familyName = (name: string): string => name.replace(/_total$/, '');

test('asked to stop, it finishes what it has begun and ends well', async () => {
  const open = firing('Last', 'a');
  const answers = Array.from({ length: 20 }, () => incidents.post('/v1/alerts/alertmanager', open));
  await answers[0];
  const code = incidents.stop();
  for (const { status } of (await Promise.allSettled(answers)).flatMap((answer) =>
    answer.status === 'fulfilled' ? [answer.value] : [],
  )) {
    expect([202, 503]).toContain(status);
  }
  expect(await code).toBe(0);
});
