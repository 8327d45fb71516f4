import { afterAll, expect, it } from 'vitest';
import { kafkaConnection } from '../../bin/kafka-connection.ts';
import { type Assignment, type GroupConsumer, consumeAsGroup } from '../../kafka/consumer.ts';
import { testEnv } from '../support/parts.ts';
import { EVENTS, GROUP, PARTITIONS, newRows, openParts, readCommits } from './setup.ts';

const { produce } = await openParts();
const consumers: GroupConsumer[] = [];
afterAll(() => Promise.all(consumers.map((consumer) => consumer.close())));

/** A member of the group that only remembers what it was given. */
function join(clientId: string): Assignment[] {
  const given: Assignment[] = [];
  const consumer = consumeAsGroup(
    {
      ...kafkaConnection(testEnv, clientId),
      group: GROUP,
      topic: EVENTS,
      fetch: { waitMs: 100, bytesMax: 1_000_000, bytesPerPartitionMax: 1_000_000 },
      onError: () => {},
    },
    (assignment) => {
      given.push(assignment);
      return Promise.resolve();
    },
  );
  consumers.push(consumer);
  return given;
}

it('a commit of an older generation is refused, though its process lives on and has a place in the new one', async () => {
  await produce(newRows(100));
  const first = join('first');
  await expect.poll(() => first.length, { timeout: 20_000 }).toBe(1);
  await first[0]?.commit({ partition: 0, offset: 1, note: 'begun:1-2' });
  join('second');
  await expect.poll(() => first.length, { timeout: 20_000 }).toBe(2);
  for (let partition = 0; partition < PARTITIONS; partition += 1) {
    await expect(first[0]?.commit({ partition, offset: 9, note: '' })).rejects.toMatchObject({ code: 'kafka_fenced' });
  }
  expect((await readCommits()).get(0)).toEqual({ offset: 1, note: 'begun:1-2' });
  const found = first[1]?.positions.find(({ partition }) => partition === 0);
  if (found !== undefined) expect(found).toEqual({ partition: 0, offset: 1, note: 'begun:1-2' });
});
