import { Kafka, logLevel } from 'kafkajs';
import { expect, test } from 'vitest';
import { occupy, ownStack, stackDirectory } from './support.ts';

test('a taken port is replaced by another one', async () => {
  const directory = stackDirectory();
  const first = await ownStack({ directory, parts: ['postgres'] });
  const port = first.parts[0]?.ports['sql'] ?? 0;
  await first.stop();
  await occupy(port);

  const second = await ownStack({ directory, parts: ['postgres'] });

  expect(second.parts[0]?.ports['sql']).not.toBe(port);
  expect(second.environment['POSTGRES_URL']).toContain(`:${second.parts[0]?.ports['sql']}/`);
});

test('a Kafka broker whose ports were taken serves its records at the new address', async () => {
  const directory = stackDirectory();
  const first = await ownStack({ directory, parts: ['kafka'] });
  await withAdmin(first.environment['KAFKA_BROKERS'], (admin) =>
    admin.createTopics({ waitForLeaders: true, topics: [{ topic: 'kept', numPartitions: 3 }] }),
  );
  await first.stop();
  const ports = first.parts[0]?.ports ?? {};
  for (const port of Object.values(ports)) await occupy(port);

  const second = await ownStack({ directory, parts: ['kafka'] });

  const address = second.environment['KAFKA_BROKERS'];
  expect(address).not.toBe(first.environment['KAFKA_BROKERS']);
  const cluster = await withAdmin(address, (admin) => admin.describeCluster());
  expect(cluster.brokers.map(({ host, port }) => `${host}:${port}`)).toEqual([address]);
  const metadata = await withAdmin(address, (admin) => admin.fetchTopicMetadata({ topics: ['kept'] }));
  expect(metadata.topics[0]?.partitions.map(({ leader }) => leader)).toEqual([1, 1, 1]);
});

async function withAdmin<T>(
  address: string | undefined,
  use: (admin: ReturnType<Kafka['admin']>) => Promise<T>,
): Promise<T> {
  const admin = new Kafka({ brokers: [address ?? ''], logLevel: logLevel.NOTHING }).admin();
  await admin.connect();
  try {
    return await use(admin);
  } finally {
    await admin.disconnect();
  }
}
