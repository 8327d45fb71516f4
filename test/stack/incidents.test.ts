import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, expect, onTestFinished, test } from 'vitest';
import { alertmanagerConfig } from '../../alerts/routing.ts';
import { migratePostgres } from '../../postgres/migrate.ts';
import { createPostgresPool } from '../../postgres/pool.ts';
import { startProcesses } from '../../stack/processes.ts';
import { environmentOfRunningStack } from '../../stack/running.ts';
import { askAlertmanager } from '../proofs/ask.ts';
import { BUILD_MS_MAX, buildObservers } from '../support/observers.ts';
import { bareEnvironment, ownStack, stackDirectory, until } from './support.ts';

const TIME_SCALE = 60;

beforeAll(buildObservers, BUILD_MS_MAX);

test('an alert of the Alertmanager of a stack becomes an incident of its incidents process, which others find', async () => {
  const directory = stackDirectory();
  const alertsDirectory = mkdtempSync(join(tmpdir(), 'unmogrowp-test-alerts-'));
  onTestFinished(() => rmSync(alertsDirectory, { recursive: true, force: true }));
  writeFileSync(join(alertsDirectory, 'alertmanager.yaml'), alertmanagerConfig({ timeScale: TIME_SCALE }));
  const stack = await ownStack({
    directory,
    parts: ['postgres', 'temporal'],
    observers: ['alertmanager'],
    tuning: { alertsDirectory, incidents: true },
  });
  const pool = createPostgresPool({ url: stack.environment['POSTGRES_URL'] ?? '', applicationName: 'test' });
  await migratePostgres(pool);
  await pool.end();
  const { processes } = await startProcesses({ stack, environment: bareEnvironment, processes: ['incidents'] });

  const { INCIDENT_PORT: port, INCIDENT_TOKEN: token } = environmentOfRunningStack(directory, {});
  expect(processes[0]?.address).toBe(`http://127.0.0.1:${port}`);
  expect(environmentOfRunningStack(directory, { INCIDENT_TOKEN: 'mine' })['INCIDENT_TOKEN']).toBeUndefined();
  const alertmanager = askAlertmanager(stack.environment['ALERTMANAGER_URL'] ?? '');
  await alertmanager.post([{ labels: { alertname: 'WindowOverdue', severity: 'critical', tenant: 'acme' } }]);
  const list = async (): Promise<string> => {
    const headers = { authorization: `Bearer ${token}`, connection: 'close' };
    return (await fetch(`http://127.0.0.1:${port}/v1/incidents?status=open&tenant=acme`, { headers })).text();
  };
  await until(async () => (await list()).includes('WindowOverdue'));
  await stack.stop();
}, 240_000);

test('an Alertmanager that was told to tell somebody else goes on doing so', async () => {
  const directory = stackDirectory();
  const environment = { ...bareEnvironment, ALERT_WEBHOOK_URL: 'http://127.0.0.1:9/hooks' };
  const stack = await ownStack({
    directory,
    environment,
    parts: ['postgres', 'temporal'],
    observers: ['alertmanager'],
    tuning: { incidents: true },
  });
  await startProcesses({ stack, environment, processes: ['incidents'] });
  const receiver = readFileSync(join(directory, 'data', 'alertmanager', 'receivers', 'pager'), 'utf8');
  expect(receiver).toBe('http://127.0.0.1:9/hooks/pager');
  await stack.stop();
}, 240_000);
