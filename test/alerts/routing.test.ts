import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { alertNames, alertRules } from '../../alerts/all.ts';
import { INHIBITIONS, alertmanagerConfig } from '../../alerts/routing.ts';
import { type Part, startPart } from '../faults/part.ts';
import { type Alertmanager, type HeldAlert, askAlertmanager } from '../proofs/ask.ts';
import { BUILD_MS_MAX, buildObservers } from '../support/observers.ts';
import { type Webhook, startWebhook } from '../proofs/webhook.ts';

type Labels = Readonly<Record<string, string>>;

/** Fast enough for a test, the routes and inhibitions are the same. */
const TIME_SCALE = 60;
const DELIVERED_MS_MAX = 20_000;

beforeAll(buildObservers, BUILD_MS_MAX);

let directory = '';
let part: Part<'alertmanager'>;
let webhook: Webhook;
let alertmanager: Alertmanager;

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'unmogrowp-test-routing-'));
  writeFileSync(join(directory, 'alertmanager.yaml'), alertmanagerConfig({ timeScale: TIME_SCALE }));
  webhook = await startWebhook();
  part = await startPart('alertmanager', {
    directory: join(directory, 'part'),
    tuning: { alertsDirectory: directory },
    environment: { ALERT_WEBHOOK_URL: webhook.url },
  });
  alertmanager = askAlertmanager(part.variables['ALERTMANAGER_URL'] ?? '');
}, 300_000);

afterAll(async () => {
  await part?.stop();
  await webhook?.stop();
  rmSync(directory, { recursive: true, force: true });
});

/** Lets alerts fire, and gives what Alertmanager makes of them. */
async function held(alerts: readonly Labels[]): Promise<HeldAlert[]> {
  await alertmanager.post(alerts.map((labels) => ({ labels })));
  return alertmanager.alerts();
}

/** The same, until it is what somebody expects: Alertmanager takes alerts, and thinks about inhibition a moment later. */
async function untilHeld(alerts: readonly Labels[], expected: (found: readonly HeldAlert[]) => void): Promise<void> {
  await held(alerts);
  await vi.waitFor(async () => expected(await alertmanager.alerts()), { timeout: 10_000 });
}

/** Lets them end: what one test fires must silence nothing in another. */
async function end(alerts: readonly Labels[]): Promise<void> {
  const endsAt = new Date(Date.now() - 1_000).toISOString();
  const startsAt = new Date(Date.now() - 60_000).toISOString();
  await alertmanager.post(alerts.map((labels) => ({ labels, startsAt, endsAt })));
  const names = alerts.map(({ alertname }) => alertname);
  await expect
    .poll(
      async () => (await alertmanager.alerts()).filter(({ labels }) => names.includes(labels['alertname'])).length,
      {
        timeout: 20_000,
      },
    )
    .toBe(0);
}

const receiversOf = (found: readonly HeldAlert[], labels: Labels): string[] | undefined =>
  found
    .find((each) => Object.entries(labels).every(([name, value]) => each.labels[name] === value))
    ?.receivers.map(({ name }) => name);

const TABLE: readonly [Labels, readonly string[]][] = [
  [{ alertname: 'WindowOverdue', severity: 'critical', tenant: 'acme' }, ['pager']],
  [{ alertname: 'IngestAvailabilityBudgetBurn', severity: 'critical', long_window: '1h' }, ['pager']],
  [{ alertname: 'IngestAvailabilityBudgetBurn', severity: 'warning', long_window: '3d' }, ['tickets']],
  [{ alertname: 'IngestSpoolInUse', severity: 'warning', instance: 'ingest-1' }, ['tickets']],
  [{ alertname: 'TemporalUnavailable', severity: 'critical' }, ['direct', 'pager']],
  [{ alertname: 'IncidentsUnavailable', severity: 'critical', route: 'direct' }, ['direct', 'pager']],
  [{ alertname: 'IncidentNoticesFailing', severity: 'warning', route: 'direct' }, ['direct', 'tickets']],
  [{ alertname: 'Watchdog', severity: 'info' }, ['watchdog']],
  [{ alertname: 'SomethingElse', severity: 'info' }, ['nobody']],
  [{ alertname: 'SomethingWithoutSeverity' }, ['nobody']],
];

describe('a real Alertmanager', () => {
  test.each(TABLE)('%o goes to %s', async (labels, receivers) => {
    expect(receiversOf(await held([labels]), labels)).toEqual(receivers);
    await end([labels]);
  });

  test('tells whoever is on duty, and then that it has ended', async () => {
    const labels = { alertname: 'SinkStalled', severity: 'critical' };
    await held([labels]);
    const isMine = (status: string) => (one: { status: string; labels: Labels }) =>
      one.status === status && one.labels['alertname'] === 'SinkStalled';
    const firing = await webhook.until(isMine('firing'), { timeoutMs: DELIVERED_MS_MAX });
    expect(firing?.receiver).toBe('pager');
    await end([labels]);
    const resolved = await webhook.until(isMine('resolved'), { timeoutMs: DELIVERED_MS_MAX });
    expect(resolved?.receiver).toBe('pager');
  });

  test.each(INHIBITIONS.flatMap(({ cause, silences }) => silences.map((effect) => [cause, effect] as const)))(
    '%s silences %s',
    async (cause, effect) => {
      const labels = [cause, effect].map((alertname) => ({ alertname, severity: severityOf(alertname) }));
      await untilHeld(labels, (found) => {
        const state = (name: string) => found.find((each) => each.labels['alertname'] === name)?.status;
        expect(state(cause)).toMatchObject({ state: 'active', inhibitedBy: [] });
        expect(state(effect)?.state).toBe('suppressed');
        expect(state(effect)?.inhibitedBy).toHaveLength(1);
      });
      await end(labels);
    },
  );

  test('silences the ticket of an objective by its page, and not that of another objective', async () => {
    const burn = { alertname: 'IngestAvailabilityBudgetBurn' };
    const page = { ...burn, severity: 'critical', objective: 'ingest_availability', long_window: '1h' };
    const ticket = { ...burn, severity: 'warning', objective: 'ingest_availability', long_window: '3d' };
    const other = { ...ticket, alertname: 'IngestLatencyBudgetBurn', objective: 'ingest_latency' };
    await untilHeld([page, ticket, other], (found) => {
      const stateOf = (labels: Labels) =>
        found.find((each) => Object.entries(labels).every(([name, value]) => each.labels[name] === value))?.status
          .state;
      expect([page, ticket, other].map(stateOf)).toEqual(['active', 'suppressed', 'active']);
    });
    await end([page, ticket, other]);
  });
});

test('causes and effects are alerts that there are, and no alert silences itself in a circle', () => {
  const names = alertNames();
  const effects = new Map(INHIBITIONS.map(({ cause, silences }) => [cause, silences]));
  for (const { cause, silences } of INHIBITIONS) {
    for (const name of [cause, ...silences]) expect(names).toContain(name);
    for (const effect of silences) expect(effects.get(effect) ?? []).not.toContain(cause);
  }
});

const severityOf = (name: string): string => alertRules().find((rule) => rule.name === name)?.severity ?? '';
