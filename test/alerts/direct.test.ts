import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { type IncomingMessage, type Server, type ServerResponse, createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { alertmanagerConfig } from '../../alerts/routing.ts';
import { type Part, startPart } from '../faults/part.ts';
import { type Alertmanager, askAlertmanager } from '../proofs/ask.ts';
import { BUILD_MS_MAX, buildObservers } from '../support/observers.ts';

const TIME_SCALE = 60;
const DELIVERED_MS_MAX = 40_000;
const TOKEN = 'a-token-of-this-test';

interface Told {
  readonly path: string | undefined;
  readonly authorization: string | undefined;
  readonly body: string;
}

const servers: Server[] = [];

/** Listens on loopback; every request is kept, and answered by what the test says. */
async function listen(answer: (response: ServerResponse) => void): Promise<{ url: string; told: Told[] }> {
  const told: Told[] = [];
  const take = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    told.push({ path: request.url, authorization: request.headers.authorization, body: await text(request) });
    answer(response);
  };
  const server = createServer((request, response) => void take(request, response));
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, told };
}

let directory = '';
let part: Part<'alertmanager'>;
let alertmanager: Alertmanager;
let chat: Awaited<ReturnType<typeof listen>>;
/** What the incidents process answers while Temporal is away, and later. */
let incidents: Awaited<ReturnType<typeof listen>>;
let incidentsStatus = 503;

beforeAll(buildObservers, BUILD_MS_MAX);

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'unmogrowp-test-direct-'));
  writeFileSync(join(directory, 'alertmanager.yaml'), alertmanagerConfig({ timeScale: TIME_SCALE }));
  chat = await listen((response) => response.writeHead(200, { 'content-type': 'text/plain' }).end('ok'));
  incidents = await listen((response) => response.writeHead(incidentsStatus).end());
  part = await startPart('alertmanager', {
    directory: join(directory, 'part'),
    tuning: { alertsDirectory: directory },
    environment: { INCIDENT_URL: incidents.url, INCIDENT_TOKEN: TOKEN, ALERT_DIRECT_URL: `${chat.url}/hooks/direct` },
  });
  alertmanager = askAlertmanager(part.variables['ALERTMANAGER_URL'] ?? '');
}, 300_000);

afterAll(async () => {
  await part?.stop();
  for (const server of servers) {
    server.closeAllConnections();
    server.close();
  }
  rmSync(directory, { recursive: true, force: true });
});

const alertsTold = (): Told[] => incidents.told.filter(({ path }) => path === '/v1/alerts/alertmanager');

test('that Temporal is away reaches a chat directly, while the incidents process can take nothing', async () => {
  await alertmanager.post([
    {
      labels: { alertname: 'TemporalUnavailable', severity: 'critical' },
      annotations: { summary: 'Temporal is away.', description: 'Nothing answers.', runbook_url: 'http://runbook' },
    },
  ]);
  await vi.waitFor(() => expect(chat.told).toHaveLength(1), { timeout: DELIVERED_MS_MAX });
  const [message] = chat.told;
  for (const part of ['FIRING: TemporalUnavailable', 'Temporal is away. Nothing answers. http://runbook']) {
    expect(message?.body).toContain(part);
  }
  expect(message).toMatchObject({ path: '/hooks/direct', authorization: undefined });
  await vi.waitFor(() => expect(alertsTold().length).toBeGreaterThan(0), { timeout: DELIVERED_MS_MAX });
});

test('what the incidents process could not take comes again, with its token, until it is taken', async () => {
  const before = alertsTold().length;
  await vi.waitFor(() => expect(alertsTold().length).toBeGreaterThan(before), { timeout: DELIVERED_MS_MAX });
  incidentsStatus = 202;
  const refused = alertsTold().length;
  await vi.waitFor(() => expect(alertsTold().length).toBeGreaterThan(refused), { timeout: DELIVERED_MS_MAX });
  for (const { authorization } of alertsTold()) expect(authorization).toBe(`Bearer ${TOKEN}`);
  expect(JSON.parse(alertsTold().at(-1)?.body ?? '')).toMatchObject({ version: '4', receiver: 'pager' });
});

test('the watchdog beats at the heartbeat of its name', async () => {
  await alertmanager.post([{ labels: { alertname: 'Watchdog', severity: 'info' } }]);
  await vi.waitFor(() => expect(incidents.told.map(({ path }) => path)).toContain('/v1/heartbeats/watchdog'), {
    timeout: DELIVERED_MS_MAX,
  });
});
