import { AsyncLocalStorage } from 'node:async_hooks';
import { Admin } from '@platformatic/kafka';
import { afterAll, expect, test } from 'vitest';
import { clientOptions } from '../../kafka/connection.ts';
import { createRecordProducer } from '../../kafka/producer.ts';
import { kafkaWithTopic } from '../ingest/setup.ts';
import { testEnv } from '../support/parts.ts';

const kafka = await kafkaWithTopic(testEnv);
const topic = `${testEnv.KAFKA_PREFIX}events`;
const connection = { brokers: testEnv.KAFKA_BROKERS, clientId: 'test' };
const producer = createRecordProducer(connection);
afterAll(() => producer.close());

test('a record that is produced as soon as another one is stored is stored as well, without waiting for a third', async () => {
  for (let turn = 0; turn < 4; turn += 1) {
    const record = { partition: 0, value: Buffer.from(`record ${turn}`), headers: {} };
    await producer.produce(topic, [record], { timeoutMs: 5_000 });
  }
  const admin = kafka.admin();
  await admin.connect();
  const offsets = await admin.fetchTopicOffsets(topic);
  await admin.disconnect();
  expect(offsets.find(({ partition }) => partition === 0)?.high).toBe('4');
});

test('what is sent for many requests does not run in the context of the one that woke the sender', async () => {
  const requests = new AsyncLocalStorage<string>();
  const contexts: (string | undefined)[] = [];
  const joining = createRecordProducer(connection, {
    join: (records) => {
      contexts.push(requests.getStore());
      return records;
    },
  });
  const record = { partition: 3, value: Buffer.from('record'), headers: {} };
  await requests.run('the first request', () => joining.produce(topic, [record], { timeoutMs: 5_000 }));
  await joining.close();
  expect(contexts).toEqual([undefined]);
});

test('only a producer that compresses makes large requests smaller on the broker', async () => {
  const compressing = createRecordProducer(connection, { compression: 'zstd' });
  const admin = new Admin(clientOptions(connection));
  const lines = (partition: number) => ({ partition, value: Buffer.alloc(200_000, '{"same":"line"}\n'), headers: {} });
  try {
    await producer.produce(topic, [lines(1)], { timeoutMs: 5_000 });
    await compressing.produce(topic, [lines(2)], { timeoutMs: 5_000 });
    const logs = await admin.describeLogDirs({ topics: [{ name: topic, partitions: [1, 2] }] });
    const partitions = logs.flatMap(({ results }) => results).flatMap(({ topics }) => topics);
    const sizes = new Map(
      partitions.flatMap((found) => found.partitions).map((one) => [one.partitionIndex, one.partitionSize]),
    );
    expect(Number(sizes.get(1))).toBeGreaterThan(200_000);
    expect(Number(sizes.get(2))).toBeLessThan(20_000);
    expect(Number(sizes.get(2))).toBeGreaterThan(0);
  } finally {
    await Promise.all([compressing.close(), admin.close()]);
  }
});
