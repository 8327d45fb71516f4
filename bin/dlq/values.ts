import { originOfHeaders } from '../../events/dead-letter.ts';
import type { TopicLog } from '../../kafka/admin.ts';
import { type ConsumedRecord, headerOf } from '../../kafka/fetcher.ts';
import { scanTopic } from '../../kafka/scan.ts';
import type { DeadLetter } from '../../postgres/dead-letters.ts';
import type { DeadLetterParts } from './parts.ts';

/** Whether the retention of Kafka has deleted a letter, or somebody its topic. */
export function isGone(letter: DeadLetter, { topicId, starts, ends }: TopicLog): boolean {
  const { letter_topic_id: id, letter_partition: partition, letter_offset: offset } = letter;
  return id !== topicId || offset < (starts[partition] ?? 0) || offset >= (ends[partition] ?? 0);
}

/** The records of letters as they lie on Kafka, by the number of the letter; those that are gone are missing. */
export async function readRecords(
  { kafka, topic }: DeadLetterParts,
  letters: readonly DeadLetter[],
  log: TopicLog,
): Promise<ReadonlyMap<number, ConsumedRecord>> {
  const there = letters.filter((letter) => !isGone(letter, log));
  const byPlace = new Map(there.map((letter) => [placeOf(letter.letter_partition, letter.letter_offset), letter]));
  const found = new Map<number, ConsumedRecord>();
  const offsetsOf = (partition: number): number[] =>
    there.filter((one) => one.letter_partition === partition).map((one) => one.letter_offset);
  await scanTopic(kafka, {
    topic,
    from: log.ends.map((_, partition) => Math.min(...offsetsOf(partition))),
    to: log.ends.map((_, partition) => Math.max(...offsetsOf(partition)) + 1),
    bytesMax: Infinity,
    onRecord: (record, partition) => {
      const letter = byPlace.get(placeOf(partition, record.offset));
      if (letter !== undefined && isOf(record, letter)) found.set(letter.letter_id, record);
    },
  });
  return found;
}

const placeOf = (partition: number, offset: number): string => `${partition}/${offset}`;

/** What lies there must be what was read there once, whatever happened to the topic. */
function isOf(record: ConsumedRecord, letter: DeadLetter): boolean {
  const tried = originOfHeaders((name) => headerOf(record, name));
  return tried === undefined || (tried.origin.offset === letter.origin_offset && tried.attempt === letter.attempt);
}
