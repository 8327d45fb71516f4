import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { readAcceptedHours } from '../../postgres/accepted-events.ts';
import { createTenant } from '../../postgres/tenants.ts';
import { startIngest } from '../ingest/ingest-process.ts';
import { click, post } from '../ingest/setup.ts';
import { testEnv } from '../support/parts.ts';
import { startTcpProxy } from '../support/tcp-proxy.ts';
import { HOUR_MS, type LedgerTest, expectAddsUp, reconcile, startLedgerParts } from './setup.ts';

const directory = mkdtempSync(join(tmpdir(), 'unmogrowp-ledger-test-'));
let parts: LedgerTest;
beforeAll(async () => {
  parts = await startLedgerParts();
});
afterAll(() => rmSync(directory, { recursive: true, force: true }));

const newKey = async (tenantId: string): Promise<string> => (await createTenant(parts.pool, { tenantId })).write_key;

/** The hour that goes on now, with the one before and the one after it. */
function around(): { fromMs: number; toMs: number } {
  const hourMs = Math.floor(Date.now() / HOUR_MS) * HOUR_MS;
  return { fromMs: hourMs - HOUR_MS, toMs: hourMs + 2 * HOUR_MS };
}

/** What ingest has told so far, over all hours. */
async function told(tenantId: string): Promise<{ accepted: number; spooled: number }> {
  const hours = await readAcceptedHours(parts.pool, { tenantId, ...around() });
  const sum = (of: 'accepted' | 'spooled') => hours.reduce((total, hour) => total + hour[of], 0);
  return { accepted: sum('accepted'), spooled: sum('spooled') };
}

const untilTold = (tenantId: string, wanted: { accepted: number; spooled: number }) =>
  expect.poll(() => told(tenantId), { timeout: 20_000 }).toEqual(wanted);

/** What the command says, summed up: a test may run over the end of an hour. */
async function measured(tenantId: string): Promise<Record<string, number>> {
  const { fromMs, toMs } = around();
  const { code, hours } = await reconcile(tenantId, fromMs, toMs);
  hours.forEach(expectAddsUp);
  const total: Record<string, number> = { code };
  for (const { differences, ...hour } of hours) {
    for (const [name, value] of Object.entries({ ...hour, ...differences })) {
      if (typeof value === 'number') total[name] = (total[name] ?? 0) + value;
    }
  }
  return total;
}

const clicks = (count: number) => Array.from({ length: count }, (_, user) => click(`user-${user}`));

test('what an ingest process accepts is counted and found again, to the event', async () => {
  const key = await newKey('healthy');
  const ingest = await startIngest('node', { INGEST_SPOOL_DIRECTORY: join(directory, 'healthy') });
  const events = clicks(30);
  expect((await post(ingest.url, key, { events: [...events, { type: 'nothing' }] })).status).toBe(207);
  expect((await post(ingest.url, key, { events: events.slice(0, 5) })).status).toBe(202);
  await untilTold('healthy', { accepted: 35, spooled: 0 });
  expect(await measured('healthy')).toMatchObject({
    code: 0,
    accepted: 35,
    on_kafka: 35,
    in_clickhouse: 35,
    duplicates_removed: 5,
    events: 30,
  });
  expect((await post(ingest.url, key, { events: clicks(7) })).status).toBe(202);
  // A process that is asked to stop tells what it has counted since.
  expect(await ingest.end('SIGTERM')).toBe(0);
  expect(await told('healthy')).toEqual({ accepted: 42, spooled: 0 });
  const total = await measured('healthy');
  expect(total).toMatchObject({ code: 0, accepted: 42, on_kafka: 42 });
  expect(total).not.toHaveProperty('uncounted');
});

test('events of a process that was killed before it told of them are uncounted, and nothing is missing', async () => {
  const key = await newKey('killed');
  const url = new URL(testEnv.POSTGRES_URL);
  const proxy = await startTcpProxy({ host: url.hostname, port: Number(url.port) });
  url.port = String(proxy.port);
  const ingest = await startIngest('node', {
    POSTGRES_URL: url.href,
    INGEST_SPOOL_DIRECTORY: join(directory, 'killed'),
    // It believes the key without PostgreSQL.
    INGEST_KEY_CACHE_MS: '10000',
    LOG_LEVEL: 'silent',
  });
  expect((await post(ingest.url, key, { events: clicks(5) })).status).toBe(202);
  await untilTold('killed', { accepted: 5, spooled: 0 });
  await proxy.cut();
  expect((await post(ingest.url, key, { events: clicks(3) })).status).toBe(202);
  expect(await ingest.end('SIGKILL')).toBe('SIGKILL');
  expect(await told('killed')).toEqual({ accepted: 5, spooled: 0 });
  expect(await measured('killed')).toMatchObject({ code: 0, accepted: 5, on_kafka: 8, uncounted: 3 });
});

test('events on a spool are where they are said to be, also after a kill, until they are on Kafka', async () => {
  const key = await newKey('spooling');
  const spool = { INGEST_SPOOL_DIRECTORY: join(directory, 'spooling'), LOG_LEVEL: 'silent' };
  const cutOff = { ...spool, KAFKA_BROKERS: '127.0.0.1:1', INGEST_PRODUCE_TIMEOUT_MS: '500' };
  let ingest = await startIngest('node', cutOff);
  expect((await post(ingest.url, key, { events: clicks(6) })).status).toBe(202);
  await untilTold('spooling', { accepted: 6, spooled: 6 });
  expect(await measured('spooling')).toMatchObject({ code: 0, accepted: 6, spooled: 6, on_kafka: 0 });
  await ingest.end('SIGKILL');
  expect(await measured('spooling')).toMatchObject({ code: 0, spooled: 6 });
  ingest = await startIngest('node', spool);
  await untilTold('spooling', { accepted: 6, spooled: 0 });
  expect(await measured('spooling')).toMatchObject({ code: 0, accepted: 6, spooled: 0, on_kafka: 6, in_clickhouse: 6 });
  expect(await ingest.end('SIGTERM')).toBe(0);
});
