import { afterAll, expect, test } from 'vitest';
import { createRecordProducer } from '../../kafka/producer.ts';
import { kafkaWithTopic } from '../ingest/setup.ts';
import { testEnv } from '../support/parts.ts';

const kafka = await kafkaWithTopic(testEnv);
const topic = `${testEnv.KAFKA_PREFIX}events`;
const producer = createRecordProducer({ brokers: testEnv.KAFKA_BROKERS, clientId: 'test' });
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
