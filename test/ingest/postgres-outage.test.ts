import { afterAll, beforeAll, expect, it } from 'vitest';
import { createTenant } from '../../postgres/tenants.ts';
import { testEnv } from '../support/parts.ts';
import { type TcpProxy, startTcpProxy } from '../support/tcp-proxy.ts';
import { type IngestProcess, startIngest } from './ingest-process.ts';
import { click, kafkaWithTopic, migratedPool, post } from './setup.ts';

const pool = await migratedPool(testEnv);
await kafkaWithTopic(testEnv);

let proxy: TcpProxy;
let ingest: IngestProcess;
let known: string;
let unseen: string;

beforeAll(async () => {
  const url = new URL(testEnv.POSTGRES_URL);
  proxy = await startTcpProxy({ host: url.hostname, port: Number(url.port) });
  url.port = String(proxy.port);
  known = (await createTenant(pool, { tenantId: 'known' })).write_key;
  unseen = (await createTenant(pool, { tenantId: 'unseen' })).write_key;
  ingest = await startIngest('node', { POSTGRES_URL: url.href, LOG_LEVEL: 'silent' });
});
afterAll(async () => {
  await ingest.end('SIGTERM');
  await proxy.close();
});

it('without Postgres a key in use keeps working for a while, and a key that cannot be checked is never called unknown', async () => {
  const send = (key: string) => post(ingest.url, key, { events: [click('a')] });
  expect((await send(known)).status).toBe(202);
  await proxy.cut();
  expect((await send(known)).status).toBe(202);
  const unchecked = await send(unseen);
  expect(unchecked).toMatchObject({ status: 503, body: { code: 'unavailable' } });
  expect(unchecked.headers.get('retry-after')).toBe('1');
  expect((await send(`umg_${'x'.repeat(32)}`)).status).toBe(503);
  expect((await fetch(`${ingest.url}/readyz`)).status).toBe(503);
  expect((await fetch(`${ingest.url}/healthz`)).status).toBe(200);
  await expect.poll(async () => (await send(known)).status, { timeout: 15_000, interval: 500 }).toBe(503);
  await proxy.restore();
  await expect.poll(async () => (await send(unseen)).status, { timeout: 5_000 }).toBe(202);
  expect((await send(known)).status).toBe(202);
  expect((await send(`umg_${'x'.repeat(32)}`)).status).toBe(401);
});
