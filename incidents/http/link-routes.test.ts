import { Hono } from 'hono';
import { expect, test } from 'vitest';
import { UnmogrowpError } from '../../errors.ts';
import { registerLinks } from './link-routes.ts';
import { escapeHtml } from '../html.ts';
import type { IncidentPorts, IncidentView } from './ports.ts';

const INCIDENT = '01890a5d-ac96-774b-bcce-b302099a8057';
const TITLE = `<script>alert("1")</script> & 'more'`;

function appOn(ports: Partial<Pick<IncidentPorts, 'readLink' | 'command' | 'view'>> = {}) {
  let commands = 0;
  const app = new Hono();
  registerLinks(app, {
    ports: {
      readLink: (token) => {
        if (token !== 'good') throw new UnmogrowpError('link_invalid', 'The link has expired.');
        const command = { name: 'acknowledge', actor: 'ada<b>', via: 'link', linkId: 'one' } as const;
        return { incidentId: INCIDENT, workflowId: 'incident/acme/1', command };
      },
      command: ({ incidentId }) => {
        commands += 1;
        return Promise.resolve({ incident_id: incidentId, status: 'acknowledged' as const });
      },
      view: () => Promise.resolve({ incident: { title: TITLE } } as IncidentView),
      ...ports,
    },
    onError: () => undefined,
  });
  return { app, commands: () => commands };
}

test('opening a link presses nothing, shows what it is about, and lets nothing in', async () => {
  const { app, commands } = appOn();
  for (const method of ['GET', 'HEAD']) {
    const answer = await app.request('/links/good', { method });
    expect(answer.status).toBe(200);
    expect(answer.headers.get('cache-control')).toBe('no-store');
    expect(answer.headers.get('referrer-policy')).toBe('no-referrer');
    expect(answer.headers.get('content-security-policy')).toMatch(/^default-src 'none'; style-src 'sha256-[\w+/]+=';/);
  }
  expect(commands()).toBe(0);
  const text = await (await app.request('/links/good')).text();
  expect(text).toContain(escapeHtml(TITLE));
  expect(text).not.toMatch(/<script|<b>|\son\w+=|https?:/);
  expect(text).toContain('<form method="post">');
  expect(text).toContain('<html lang="en">');
});

test('the button does it, and says where the incident stands', async () => {
  const { app, commands } = appOn();
  const answer = await app.request('/links/good', { method: 'POST' });
  expect(answer.status).toBe(200);
  expect(await answer.text()).toContain('The incident is acknowledged now.');
  expect(commands()).toBe(1);
});

test('a link that is not good any more says so and does nothing', async () => {
  const { app, commands } = appOn();
  for (const method of ['GET', 'POST']) {
    const answer = await app.request('/links/other', { method });
    expect(answer.status).toBe(410);
    expect(await answer.text()).toContain('The link has expired.');
  }
  expect(commands()).toBe(0);
});

test('a second press and an absence of Temporal are told apart: only the second can be tried again', async () => {
  const used = appOn({ command: () => Promise.reject(new UnmogrowpError('incident_refused', 'The link was used.')) });
  const refused = await used.app.request('/links/good', { method: 'POST' });
  expect(refused.status).toBe(409);
  expect(await refused.text()).not.toContain('<form');
  const away = appOn({ command: () => Promise.reject(new UnmogrowpError('temporal_unavailable', 'away')) });
  const later = await away.app.request('/links/good', { method: 'POST' });
  expect(later.status).toBe(503);
  expect(await later.text()).toContain('<form');
});

test('without anything that knows the incident the page asks all the same', async () => {
  const { app } = appOn({ view: () => Promise.reject(new UnmogrowpError('postgres_unavailable', 'away')) });
  expect(await (await app.request('/links/good')).text()).toContain(`Incident ${INCIDENT}`);
});
