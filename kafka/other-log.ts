import { UnmogrowpError } from '../errors.ts';

/**
 * A log that ends before an offset that was read is another one than the group has read: its new records would be taken
 * for those that are stored already. Only a person can say what is right.
 */
export function shorterLog(topic: string, partition: number, offset: number): UnmogrowpError {
  return new UnmogrowpError(
    'configuration_invalid',
    `Partition ${partition} of ${topic} ends before ${offset}, up to where it was read: the topic was made anew or has lost ` +
      'records. Choose another KAFKA_PREFIX, which starts with new topics.',
    { context: { topic, partition, offset } },
  );
}

/** A topic that was deleted and made again while it was read: its offsets have nothing to do with those of before. */
export function otherTopic(topic: string): UnmogrowpError {
  return new UnmogrowpError(
    'configuration_invalid',
    `The topic ${topic} was deleted and made anew while it was read. Start the process again: it begins with the new one.`,
    { context: { topic } },
  );
}
