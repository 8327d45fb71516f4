import { Admin } from '@platformatic/kafka';
import { afterAll, expect, test } from 'vitest';
import { kafkaAdminConfig, kafkaConnection } from '../../bin/kafka-connection.ts';
import { createKafkaAdmin } from '../../kafka/admin.ts';
import { createFetcher } from '../../kafka/fetcher.ts';
import { createRecordProducer } from '../../kafka/producer.ts';
import { topicName } from '../../kafka/topics.ts';
import { testEnv } from '../support/parts.ts';

const TOPIC = topicName(testEnv.KAFKA_PREFIX, 'events');
const LIMITS = { waitMs: 100, bytesMax: 1_000_000, bytesPerPartitionMax: 1_000_000 };
const connection = kafkaConnection(testEnv, 'test');
const admin = createKafkaAdmin(kafkaAdminConfig(testEnv, 'test'));
const client = new Admin({ clientId: 'test', bootstrapBrokers: testEnv.KAFKA_BROKERS });
const producer = createRecordProducer(connection);
const fetchers: ReturnType<typeof createFetcher>[] = [];
afterAll(() => Promise.all([admin, client, producer, ...fetchers].map((each) => each.close())));
await admin.ensureTopics();

function newFetcher(): ReturnType<typeof createFetcher> {
  const fetcher = createFetcher(connection, TOPIC, LIMITS);
  fetchers.push(fetcher);
  return fetcher;
}

function produce(count: number): Promise<void> {
  const records = Array.from({ length: count }, (_, index) => ({
    partition: 0,
    value: Buffer.from(`record ${index}`),
    headers: {},
  }));
  return producer.produce(TOPIC, records, { timeoutMs: 10_000 });
}

const topicId = async (): Promise<string> =>
  (await client.metadata({ topics: [TOPIC], forceUpdate: true })).topics.get(TOPIC)?.id ?? '';

test('records are read from any offset up to the end, where reading waits for the next ones', async () => {
  await produce(10);
  const fetcher = newFetcher();
  const [fetched] = await fetcher.fetch([{ partition: 0, offset: 7 }]);
  expect(fetched?.records.map(({ offset, value }) => [offset, value.toString()])).toEqual([
    [7, 'record 7'],
    [8, 'record 8'],
    [9, 'record 9'],
  ]);
  expect(fetched).toMatchObject({ nextOffset: 10, endOffset: 10 });
  const atTheEnd = await fetcher.fetch([{ partition: 0, offset: 10 }]);
  expect(atTheEnd.flatMap(({ records }) => records)).toEqual([]);
});

test('a log that ends before the offset that is wanted is refused, and never read from its beginning instead', async () => {
  await expect(newFetcher().fetch([{ partition: 0, offset: 11 }])).rejects.toMatchObject({
    code: 'configuration_invalid',
    context: { partition: 0, offset: 11 },
  });
});

test('a topic that is made anew while it is read is refused: its records at the old offsets are others', async () => {
  const before = await topicId();
  const fetcher = newFetcher();
  const read = () => fetcher.fetch([{ partition: 0, offset: 5 }], { topicId: before });
  expect((await read())[0]?.records).toHaveLength(5);
  await client.deleteTopics({ topics: [TOPIC] });
  await expect.poll(() => admin.ensureTopics().catch(() => []), { timeout: 20_000 }).toContain(TOPIC);
  await produce(10);
  const outcome = () =>
    read().then(
      (fetched) => fetched.length,
      (error: { code: string }) => error.code,
    );
  // The client knows the old topic for some seconds, and the broker refuses that.
  await expect.poll(outcome, { timeout: 20_000 }).not.toBe('kafka_unavailable');
  expect(await outcome()).toBe('configuration_invalid');
});
