import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { openSpools } from '../../postgres/spools.ts';
import { createTenant } from '../../postgres/tenants.ts';
import { type Stack, startStack } from '../../stack/stack.ts';
import { testEnv } from '../support/parts.ts';
import { type IngestProcess, RUNTIMES, type Runtime, startIngest } from './ingest-process.ts';
import { click, kafkaWithTopic, migratedPool, post, readTopic } from './setup.ts';

const pool = await migratedPool(testEnv);
const directory = mkdtempSync(join(tmpdir(), 'unmogrowp-outage-test-'));
const PRODUCE_TIMEOUT_MS = 1_000;

/** A broker of this file's own: the outages must not touch the tests beside it. */
let stack: Stack;
let brokers: string;
let brokerPid: number;
let key: string;
let running: IngestProcess | undefined;

beforeAll(async () => {
  stack = await startStack({
    directory,
    parts: ['kafka'],
    environment: { ...process.env, KAFKA_BROKERS: undefined },
    freePorts: true,
  });
  brokers = stack.environment['KAFKA_BROKERS'] ?? '';
  brokerPid = stack.parts.find(({ name }) => name === 'kafka')?.pid ?? 0;
  key = (await createTenant(pool, { tenantId: 'outage' })).write_key;
});
afterEach(async () => {
  if (brokerPid > 0) process.kill(brokerPid, 'SIGCONT');
  await running?.end('SIGKILL');
});
afterAll(async () => {
  await stack.stop();
  rmSync(directory, { recursive: true, force: true });
});

/** Names and a spool that only one test uses. */
function scene(name: string, more: Record<string, string> = {}) {
  const env = { ...testEnv, KAFKA_BROKERS: brokers.split(','), KAFKA_PREFIX: `test-${name}-` };
  const variables = {
    KAFKA_BROKERS: brokers,
    KAFKA_PREFIX: env.KAFKA_PREFIX,
    INGEST_PRODUCE_TIMEOUT_MS: String(PRODUCE_TIMEOUT_MS),
    INGEST_SPOOL_DIRECTORY: join(directory, `spool-${name}`),
    LOG_LEVEL: 'silent',
    ...more,
  };
  const start = async (runtime: Runtime = 'node') => (running = await startIngest(runtime, variables));
  return { env, start };
}

/** Sends single clicks of one user, one after the other; gives their ids. */
async function sendClicks(url: string, count: number, status = 202): Promise<string[]> {
  const ids: string[] = [];
  for (let index = 0; index < count; index += 1) {
    const event = click('one-user');
    expect((await post(url, key, { events: [event] })).status).toBe(status);
    ids.push(String(event['event_id']));
  }
  return ids;
}

const noSpoolIsOpen = () => expect.poll(() => openSpools(pool), { timeout: 30_000 }).toEqual([]);

describe.each(RUNTIMES)('while Kafka hangs, ingest on %s', (runtime) => {
  it('accepts events, loses none of them by a kill -9, and brings them to Kafka in their order', async () => {
    const { env, start } = scene(`hang-${runtime}`);
    const kafka = await kafkaWithTopic(env);
    let ingest = await start(runtime);
    const before = await sendClicks(ingest.url, 3);
    process.kill(brokerPid, 'SIGSTOP');
    const begun = Date.now();
    const during = await sendClicks(ingest.url, 20);
    // One timeout for the first of them, none for the others.
    expect(Date.now() - begun).toBeLessThan(PRODUCE_TIMEOUT_MS * 3);
    expect((await fetch(`${ingest.url}/readyz`)).status).toBe(200);
    await expect
      .poll(() => openSpools(pool), { timeout: 5_000 })
      .toMatchObject([{ records: expect.any(Number) as number }]);
    await ingest.end('SIGKILL');
    const killedAt = Date.now();
    ingest = await start(runtime);
    const after = await sendClicks(ingest.url, 5);
    process.kill(brokerPid, 'SIGCONT');
    await noSpoolIsOpen();
    const last = await sendClicks(ingest.url, 1);
    const stored = await readTopic(kafka, env);
    const ids = [...new Set(stored.map(({ row }) => row['event_id']))];
    expect(ids).toEqual([...before, ...during, ...after, ...last]);
    const spooled = stored.filter(({ row }) => during.includes(row['event_id'] ?? ''));
    expect(spooled.some(({ headers }) => headers['spooled'] === '1')).toBe(true);
    expect(Math.max(...spooled.map(({ row }) => Number(row['received_at']) * 1_000))).toBeLessThanOrEqual(killedAt);
    expect(await ingest.end('SIGTERM')).toBe(0);
  });
});

describe('while Kafka is away', () => {
  it('a full spool is answered with 503, and what was accepted before still arrives', async () => {
    const { env, start } = scene('full', { INGEST_SPOOL_BYTES_MAX: '6000' });
    const kafka = await kafkaWithTopic(env);
    const ingest = await start();
    process.kill(brokerPid, 'SIGSTOP');
    const accepted: string[] = [];
    let refused: Awaited<ReturnType<typeof post>> | undefined;
    while (refused === undefined) {
      const event = click('one-user');
      const answer = await post(ingest.url, key, { events: [event] });
      if (answer.status === 202) accepted.push(String(event['event_id']));
      else refused = answer;
    }
    expect(refused).toMatchObject({ status: 503, body: { code: 'unavailable', accepted: 0 } });
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
    expect(accepted.length).toBeGreaterThan(3);
    const readiness = await fetch(`${ingest.url}/readyz`);
    expect([readiness.status, await readiness.json()]).toEqual([
      503,
      expect.objectContaining({ ready: false, spool: false }),
    ]);
    await expect.poll(() => openSpools(pool), { timeout: 5_000 }).toHaveLength(1);
    process.kill(brokerPid, 'SIGCONT');
    await noSpoolIsOpen();
    expect((await fetch(`${ingest.url}/readyz`)).status).toBe(200);
    const stored = await readTopic(kafka, env);
    expect([...new Set(stored.map(({ row }) => row['event_id']))]).toEqual(expect.arrayContaining(accepted));
  });

  it('a stop still answers the requests that are running, and the next process brings their events', async () => {
    const { env, start } = scene('stop', { INGEST_PRODUCE_TIMEOUT_MS: '2000' });
    const kafka = await kafkaWithTopic(env);
    const ingest = await start();
    await sendClicks(ingest.url, 1);
    process.kill(brokerPid, 'SIGSTOP');
    const event = click('one-user');
    const answer = post(ingest.url, key, { events: [event] });
    // Requests are handled in the order of their arrival: once this one is answered, the other one is under way.
    await fetch(`${ingest.url}/healthz`);
    const ended = ingest.end('SIGTERM');
    expect((await answer).status).toBe(202);
    expect(await ended).toBe(0);
    await expect(fetch(`${ingest.url}/healthz`)).rejects.toThrow();
    expect(await openSpools(pool)).toHaveLength(1);
    process.kill(brokerPid, 'SIGCONT');
    await start();
    await noSpoolIsOpen();
    const stored = await readTopic(kafka, env);
    expect(stored.map(({ row }) => row['event_id'])).toContain(event['event_id']);
  });

  it('a broker that is gone and comes back takes over again by itself, also for a process started meanwhile', async () => {
    const { env, start } = scene('gone');
    await kafkaWithTopic(env);
    await stack.stop();
    const ingest = await start();
    const ids = await sendClicks(ingest.url, 3);
    stack = await startStack({
      directory,
      parts: ['kafka'],
      environment: { ...process.env, KAFKA_BROKERS: undefined },
      freePorts: true,
    });
    brokerPid = stack.parts.find(({ name }) => name === 'kafka')?.pid ?? 0;
    expect(stack.environment['KAFKA_BROKERS']).toBe(brokers);
    await noSpoolIsOpen();
    const { Kafka, logLevel } = await import('kafkajs');
    const stored = await readTopic(new Kafka({ brokers: brokers.split(','), logLevel: logLevel.NOTHING }), env);
    expect([...new Set(stored.map(({ row }) => row['event_id']))]).toEqual(ids);
  });
});
