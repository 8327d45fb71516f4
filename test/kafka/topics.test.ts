import { Admin, ConfigResourceTypes } from '@platformatic/kafka';
import { afterAll, expect, test } from 'vitest';
import { kafkaAdminConfig } from '../../bin/kafka-connection.ts';
import type { Env } from '../../env.ts';
import { createKafkaAdmin } from '../../kafka/admin.ts';
import { planTopics, topicName } from '../../kafka/topics.ts';
import { testEnv } from '../support/parts.ts';

const EVENTS = topicName(testEnv.KAFKA_PREFIX, 'events');
const DEAD_LETTERS = topicName(testEnv.KAFKA_PREFIX, 'dead-letters');
const DAY_MS = 86_400_000;
const client = new Admin({ clientId: 'test', bootstrapBrokers: testEnv.KAFKA_BROKERS });
afterAll(() => client.close());

/** Makes the topics as a process with this environment would. */
async function ensureTopics(more: Partial<Env> = {}): Promise<string[]> {
  const admin = createKafkaAdmin(kafkaAdminConfig({ ...testEnv, ...more }, 'test'));
  try {
    return await admin.ensureTopics();
  } finally {
    await admin.close();
  }
}

async function settingsOf(topic: string): Promise<Record<string, string | null | undefined>> {
  const resource = { resourceType: ConfigResourceTypes.TOPIC, resourceName: topic };
  const [found] = await client.describeConfigs({ resources: [resource] });
  return Object.fromEntries(found?.configs.map(({ name, value }) => [name, value]) ?? []);
}

test('topics are made as they are declared, by whoever comes first, and a second time changes nothing', async () => {
  const made = await Promise.all([ensureTopics(), ensureTopics()]);
  expect(made.flat().toSorted()).toEqual([DEAD_LETTERS, EVENTS].toSorted());
  const { topics } = await client.metadata({ topics: [EVENTS, DEAD_LETTERS] });
  expect(topics.get(EVENTS)?.partitionsCount).toBe(testEnv.KAFKA_EVENTS_PARTITIONS);
  expect(topics.get(DEAD_LETTERS)?.partitionsCount).toBe(1);
  for (const [topic, days] of [
    [EVENTS, 7],
    [DEAD_LETTERS, 30],
  ] as const) {
    const declared = { 'cleanup.policy': 'delete', 'retention.ms': String(days * DAY_MS), 'min.insync.replicas': '1' };
    expect(await settingsOf(topic)).toMatchObject(declared);
  }
  expect(await ensureTopics()).toEqual([]);
});

test('a retention that is configured anew holds for the topic that is there', async () => {
  await ensureTopics();
  expect(await ensureTopics({ KAFKA_EVENTS_RETENTION_MS: 14 * DAY_MS })).toEqual([EVENTS]);
  expect(await settingsOf(EVENTS)).toMatchObject({ 'retention.ms': String(14 * DAY_MS), 'cleanup.policy': 'delete' });
  expect(await ensureTopics({ KAFKA_EVENTS_RETENTION_MS: 14 * DAY_MS })).toEqual([]);
});

test('how long and how many dead letters are kept is a setting, also for the topic that is there', async () => {
  await ensureTopics();
  expect(await settingsOf(DEAD_LETTERS)).toMatchObject({ 'retention.bytes': '1073741824' });
  const less = { KAFKA_DEAD_LETTERS_RETENTION_MS: 2 * DAY_MS, KAFKA_DEAD_LETTERS_BYTES_MAX: 67_108_864 };
  expect(await ensureTopics(less)).toEqual([DEAD_LETTERS]);
  const kept = { 'retention.ms': String(2 * DAY_MS), 'retention.bytes': '67108864', 'segment.bytes': '8388608' };
  expect(await settingsOf(DEAD_LETTERS)).toMatchObject(kept);
  expect(await ensureTopics(less)).toEqual([]);
});

test('a topic with another number of partitions is refused, and nothing about it is changed', async () => {
  await ensureTopics();
  const before = await settingsOf(EVENTS);
  const refused = ensureTopics({ KAFKA_EVENTS_PARTITIONS: 16, KAFKA_EVENTS_RETENTION_MS: DAY_MS });
  await expect(refused).rejects.toMatchObject({ code: 'configuration_invalid', context: { found: 8, configured: 16 } });
  expect(await settingsOf(EVENTS)).toEqual(before);
});

test('with three replicas an event is on two of them before it is accepted, and one may be away', () => {
  const inSync = (replicationFactor: number) =>
    planTopics({
      prefix: '',
      partitions: 8,
      retentionMs: DAY_MS,
      replicationFactor,
      deadLetters: { retentionMs: DAY_MS, bytesMax: 16_777_216 },
    }).map(({ settings }) => settings['min.insync.replicas']);
  expect([1, 2, 3, 5].map(inSync)).toEqual([
    ['1', '1'],
    ['1', '1'],
    ['2', '2'],
    ['2', '2'],
  ]);
});
