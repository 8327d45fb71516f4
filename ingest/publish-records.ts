import { type UnmogrowpError, toUnmogrowpError } from '../errors.ts';
import type { EventRecord } from './records.ts';
import type { Spool } from './spool/spool.ts';

/** Puts records on Kafka, acknowledged by all replicas, or throws within a bounded time. */
export type ProduceRecords = (records: readonly EventRecord[]) => Promise<void>;

export type Published = { to: 'kafka' | 'spool'; error?: undefined } | { to?: undefined; error: UnmogrowpError };

export interface PublisherOptions {
  produce: ProduceRecords;
  spool: Spool;
  /** Told about every error of Kafka and of the spool, also when the other one took the records. */
  onError: (error: UnmogrowpError) => void;
}

/**
 * Makes the function that puts records where they are safe. While the spool holds anything, new records join its end
 * instead of overtaking it: a user's events keep their order, and an outage costs one timeout, not one per request.
 *
 * A produce that timed out may still arrive after its records were spooled. They then come twice and are counted once,
 * by their event_id.
 */
export function createPublisher({ produce, spool, onError }: PublisherOptions) {
  return async function publishRecords(records: readonly EventRecord[], receivedAt: number): Promise<Published> {
    if (spool.state().records === 0) {
      try {
        await produce(records);
        return { to: 'kafka' };
      } catch (error) {
        onError(toUnmogrowpError(error));
      }
    }
    try {
      await spool.append(
        records.map((record) => ({ ...record, headers: { ...record.headers, spooled: '1' }, receivedAt })),
      );
      return { to: 'spool' };
    } catch (thrown) {
      const error = toUnmogrowpError(thrown);
      onError(error);
      return { error };
    }
  };
}
