import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Admin } from '@platformatic/kafka';
import { afterAll, expect, it } from 'vitest';
import { kafkaAdminConfig, kafkaConnection } from '../../bin/kafka-connection.ts';
import { packRecords } from '../../ingest/records.ts';
import { createKafkaAdmin } from '../../kafka/admin.ts';
import { createRecordProducer } from '../../kafka/producer.ts';
import { type Stack, startStack } from '../../stack/stack.ts';
import { testEnv } from '../support/parts.ts';
import { EVENTS, PARTITIONS, countRows, newRows, openParts, startSinkProcess } from './setup.ts';

const { clickhouse, admin, produce } = await openParts();
const directory = mkdtempSync(join(tmpdir(), 'unmogrowp-broker-test-'));

/** A broker of this file's own: its restart must not touch the tests beside it. */
const startBroker = (): Promise<Stack> =>
  startStack({
    directory,
    parts: ['kafka'],
    environment: { ...process.env, KAFKA_BROKERS: undefined },
    freePorts: true,
  });
let stack: Stack | undefined;
afterAll(async () => {
  await stack?.stop();
  rmSync(directory, { recursive: true, force: true });
});

it('records that the retention deleted before they were read are counted, and the sink goes on with what is left', async () => {
  await produce(newRows(500));
  const ends = await admin.endOffsets(EVENTS);
  const client = new Admin({ clientId: 'test', bootstrapBrokers: testEnv.KAFKA_BROKERS });
  const first = await startSinkProcess();
  await expect.poll(() => countRows(clickhouse), { timeout: 40_000 }).toMatchObject({ rows: 500 });
  await expect
    .poll(() => admin.committedOffsets(`${testEnv.KAFKA_PREFIX}sink`, EVENTS), { timeout: 20_000 })
    .toEqual(ends);
  expect(await first.end('SIGTERM')).toBe(0);
  await produce(newRows(500));
  const lost = (await admin.endOffsets(EVENTS)).map((end, partition) => end - (ends[partition] ?? 0));
  const deleted = lost.flatMap((count, partition) =>
    count > 0 ? [{ partition, offset: BigInt((ends[partition] ?? 0) + count) }] : [],
  );
  await client.deleteRecords({ topics: [{ name: EVENTS, partitions: deleted }] });
  await client.close();
  const sink = await startSinkProcess();
  await expect
    .poll(() => sink.metric('unmogrowp_sink_expired_records_total'), { timeout: 40_000 })
    .toBe(lost.reduce((sum, count) => sum + count, 0));
  await produce(newRows(300));
  await expect.poll(() => countRows(clickhouse), { timeout: 40_000 }).toMatchObject({ rows: 800, ids: 800 });
  expect(await sink.end('SIGTERM')).toBe(0);
});

it('a broker that was away takes nothing with it: the sink joins again by itself; offsets that begin anew hide no rows', async () => {
  stack = await startBroker();
  const brokers = stack.environment['KAFKA_BROKERS'] ?? '';
  const env = { ...testEnv, KAFKA_BROKERS: brokers.split(',') };
  const ownAdmin = createKafkaAdmin(kafkaAdminConfig(env, 'test'));
  await ownAdmin.ensureTopics();
  const producer = createRecordProducer(kafkaConnection(env, 'test'));
  const context = { tenantId: 'acme', traceparent: '' };
  const send = (count: number) =>
    producer.produce(EVENTS, packRecords(newRows(count), PARTITIONS, context), { timeoutMs: 20_000 });
  const { rows: before } = await countRows(clickhouse);
  const sink = await startSinkProcess({ KAFKA_BROKERS: brokers });
  await send(200);
  await expect.poll(async () => (await countRows(clickhouse)).rows, { timeout: 40_000 }).toBe(before + 200);
  await stack.stop();
  await expect.poll(() => sink.log().some(({ code }) => code === 'kafka_unavailable'), { timeout: 20_000 }).toBe(true);
  await expect.poll(sink.isHealthy, { timeout: 20_000 }).toBe(false);
  stack = await startBroker();
  expect(stack.environment['KAFKA_BROKERS']).toBe(brokers);
  await expect
    .poll(
      () =>
        send(300).then(
          () => true,
          () => false,
        ),
      { timeout: 30_000 },
    )
    .toBe(true);
  await expect.poll(async () => (await countRows(clickhouse)).ids).toBeGreaterThanOrEqual(before + 500);
  await expect.poll(sink.isHealthy, { timeout: 20_000 }).toBe(true);
  expect(await sink.end('SIGTERM')).toBe(0);
  await Promise.all([ownAdmin.close(), producer.close()]);
}, 180_000);
