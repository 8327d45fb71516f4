import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { beforeAll, describe, expect, it, vi } from 'vitest';
import { topicName } from '../../kafka/topics.ts';
import { createRecordProducer } from '../../kafka/producer.ts';
import { createPostgresPool } from '../../postgres/pool.ts';
import { openSpools } from '../../postgres/spools.ts';
import { createTenant } from '../../postgres/tenants.ts';
import { runCommand, startCommand, temporaryFolder } from '../import/import-command.ts';
import { startIngest } from '../ingest/ingest-process.ts';
import { click, post } from '../ingest/setup.ts';
import { testEnv } from '../support/parts.ts';

const folder = temporaryFolder();
const demoArguments = ['demo', '--directory', join(folder, 'stack'), '--free-ports', '--events', '1500', '--seed', '3'];

interface Demo {
  tenant_id: string;
  is_reconciled: boolean;
  stages: Record<string, number>;
  windows: { state: string; version: number }[];
  credits: { model: string; channel: string; credit: string }[];
  conversion: { event_id: string; trace_id: string; spans: number };
  checks: { what: string; is_equal: boolean }[];
}

interface Event {
  state: string;
  reason: string | null;
  copies: { counts: boolean; trace_id: string; kafka: { topic: string; partition: number; offset: number } }[];
  window: { start: string; granularity: string };
  run: { run_id: string } | null;
  publication: { version: number; run_id: string } | null;
  credits: { model: string; touchpoint_event_id: string; conversion_event_id: string; credit: string }[];
}

const eventOf = async (
  eventId: string,
  variables: Record<string, string> = {},
): Promise<{ code: number | null; event: Event }> => {
  const { code, stdout } = await runCommand(['event', eventId, '--json'], variables);
  const [event] = JSON.parse(stdout) as Event[];
  return { code, event: event as Event };
};

describe('a demo on the real parts', () => {
  let demo: Demo;
  let ended: Awaited<ReturnType<typeof runCommand>>;
  beforeAll(async () => {
    ended = await runCommand([...demoArguments, '--json']);
    demo = JSON.parse(ended.stdout) as Demo;
  }, 240_000);

  it('ends with counts that reconcile at every stage and in every model, and with exit code 0', () => {
    expect(demo.checks.filter(({ is_equal }) => !is_equal)).toEqual([]);
    expect(demo.is_reconciled).toBe(true);
    expect(ended.code).toBe(0);
    const { stages } = demo;
    expect(stages['accepted']).toBeGreaterThan(1_400);
    expect(stages['sent']).toBe((stages['accepted'] ?? 0) + (stages['rejected'] ?? 0));
    expect([stages['on_kafka'], stages['rows']]).toEqual([stages['accepted'], stages['accepted']]);
    expect(stages['conversions']).toBe((stages['credited'] ?? 0) + (stages['organic'] ?? 0));
    expect(demo.windows.every(({ state }) => state === 'published')).toBe(true);
  });

  it('shows the trace of one conversion from ingest to the sink', () => {
    expect(demo.conversion.trace_id).toMatch(/^[0-9a-f]{32}$/);
    expect(demo.conversion.spans).toBeGreaterThan(2);
  });

  it('leaves no stack trace and no noise behind', () => {
    expect(ended.stderr).not.toMatch(/\n\s+at |Error:|warn/i);
  });

  it('a conversion is found with its place on Kafka, its window, publication and credits, which add up to one', async () => {
    const { code, event } = await eventOf(demo.conversion.event_id);
    expect(code).toBe(0);
    expect(event).toMatchObject({ state: 'stored', reason: null, window: { granularity: '1h' } });
    expect(event.copies[0]).toMatchObject({ counts: true, trace_id: demo.conversion.trace_id });
    expect(event.copies[0]?.kafka.topic).toBe(topicName(testEnv.KAFKA_PREFIX, 'events'));
    expect(event.publication?.version).toBeGreaterThanOrEqual(1);
    const linear = event.credits.filter(({ model }) => model === 'linear');
    expect(linear.reduce((sum, { credit }) => sum + Number(credit), 0)).toBeCloseTo(1, 9);
    const [first] = event.credits;
    const touchpoint = await eventOf(first?.touchpoint_event_id ?? '');
    expect(touchpoint.event.credits.map(({ conversion_event_id }) => conversion_event_id)).toContain(
      demo.conversion.event_id,
    );
    const text = await runCommand(['event', demo.conversion.event_id]);
    expect(text.stdout).toContain(`unmogrowp trace ${demo.conversion.trace_id}`);
  });

  it('Ctrl-C stops all of it in order', async () => {
    const running = startCommand(demoArguments);
    let shown = '';
    running.child.stderr?.on('data', (chunk: Buffer) => (shown += chunk.toString()));
    await vi.waitFor(() => expect(shown).toMatch(/worker +ready/), { timeout: 60_000, interval: 50 });
    running.child.kill('SIGINT');
    const { code, stderr } = await running.ended;
    expect(code).toBe(130);
    expect(stderr).toMatch(/ingest +stopped/);
    expect(stderr).not.toMatch(/\n\s+at /);
  }, 120_000);
});

describe('an event that is not credited says why', () => {
  it('never seen: neither in ClickHouse, nor on Kafka, nor in the dead letters', async () => {
    const { code, event } = await eventOf(randomUUID());
    expect(code).toBe(1);
    expect(event).toMatchObject({ state: 'unknown', reason: expect.stringContaining('ingest refused it') });
  });

  it('not stored yet: it is on Kafka and the sink has not come to it', async () => {
    const pool = createPostgresPool({ url: testEnv.POSTGRES_URL, applicationName: 'test' });
    const { write_key } = await createTenant(pool, { tenantId: 'waiting' });
    await pool.end();
    const ingest = await startIngest('node');
    const event = click('somebody');
    await post(ingest.url, write_key, { events: [event] });
    await ingest.end('SIGTERM');
    const found = await eventOf(String(event['event_id']));
    expect(found.code).toBe(1);
    expect(found.event).toMatchObject({
      state: 'on_kafka',
      kafka: { topic: topicName(testEnv.KAFKA_PREFIX, 'events') },
    });
  });

  it('accepted while Kafka was away: it is in the spool, and elsewhere Kafka is said to be silent', async () => {
    const pool = createPostgresPool({ url: testEnv.POSTGRES_URL, applicationName: 'test' });
    const { write_key } = await createTenant(pool, { tenantId: 'spooled' });
    const away = { KAFKA_BROKERS: '127.0.0.1:1' };
    const here = { ...away, INGEST_SPOOL_DIRECTORY: join(folder, 'spool'), INGEST_PRODUCE_TIMEOUT_MS: '500' };
    const ingest = await startIngest('node', here);
    const event = click('somebody');
    const { body } = await post(ingest.url, write_key, { events: [event] });
    await vi.waitFor(async () => expect(await openSpools(pool)).toHaveLength(1), { timeout: 10_000 });
    await pool.end();
    await ingest.end('SIGKILL');
    const found = await eventOf(String(event['event_id']), here);
    expect(found).toMatchObject({ code: 1, event: { state: 'on_spool', trace_id: body.trace_id } });
    const elsewhere = await eventOf(String(event['event_id']), {
      ...away,
      INGEST_SPOOL_DIRECTORY: join(folder, 'other'),
    });
    expect(elsewhere).toMatchObject({ code: 1, event: { state: 'unknown', sink_lag_records: null } });
    expect(elsewhere.event.reason).toMatch(/Kafka does not answer .* 1 holds accepted events until Kafka takes them/);
  });

  it('of a tenant that does not exist: says so instead of not finding it', async () => {
    const { code, stderr } = await runCommand(['event', randomUUID(), '--tenant', 'nobody']);
    expect(code).toBe(1);
    expect(stderr).toContain('tenant_unknown');
  });

  it('a dead letter: with the reason of the sink', async () => {
    const eventId = randomUUID();
    const producer = createRecordProducer({ brokers: testEnv.KAFKA_BROKERS, clientId: 'test' });
    const headers = { reason: 'row_refused', stage: 'insert', origin_partition: '3', clickhouse_error: 'CANNOT_PARSE' };
    const record = { partition: 0, value: Buffer.from(`["${eventId}"]`), headers };
    await producer.produce(topicName(testEnv.KAFKA_PREFIX, 'dead-letters'), [record], { timeoutMs: 10_000 });
    await producer.close();
    const { event } = await eventOf(eventId);
    expect(event).toMatchObject({
      state: 'dead_letter',
      reason: 'it is a dead letter: row_refused at insert (CANNOT_PARSE)',
      dead_letter: { origin_partition: '3' },
    });
  });
});
