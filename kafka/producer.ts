import { AsyncLocalStorage } from 'node:async_hooks';
import { type MessageToProduce, Producer } from '@platformatic/kafka';
import { UnmogrowpError } from '../errors.ts';
import { type KafkaConnection, clientOptions } from './connection.ts';
import { classifyKafkaError } from './errors.ts';

export interface OutgoingRecord {
  partition: number;
  value: Buffer;
  headers: Record<string, string>;
}

export interface RecordProducer {
  /**
   * Resolves when all replicas have all the records; rejects with `kafka_unavailable`, `kafka_timeout` or
   * `kafka_record_too_large`. After a failure records may still have arrived: the caller has to bear them twice.
   */
  produce(topic: string, records: readonly OutgoingRecord[], options: { timeoutMs: number }): Promise<void>;
  close(): Promise<void>;
}

export interface ProducerOptions {
  /** Makes fewer records of those that are sent together, in their order: a client pays per record. */
  join?: (records: readonly OutgoingRecord[]) => readonly OutgoingRecord[];
  /** Of requests that are worth it; none by default. */
  compression?: 'none' | 'zstd';
}

/** Below the broker's default for one partition's part of a request (message.max.bytes). */
const PARTITION_BYTES_MAX = 900_000;
/** What a record weighs beside its value: headers, lengths, offsets. */
const RECORD_OVERHEAD_BYTES = 256;
/** Setting up the compression of each partition's part costs more than it saves on a few rows. */
const COMPRESSED_BYTES_MIN = 32_768;

interface Call {
  waitingFor: number;
  isSettled: boolean;
  settle: (error?: UnmogrowpError) => void;
}

interface Waiting {
  topic: string;
  record: OutgoingRecord;
  call: Call;
}

/**
 * A producer that sends everything that was asked for while the last request was under way as one request, because a
 * request costs more than a record. One request is in flight at a time, so records keep their order.
 */
export function createRecordProducer(connection: KafkaConnection, options: ProducerOptions = {}): RecordProducer {
  const { join = (records) => records, compression = 'none' } = options;
  // The spool and the drain try again: a retry in here would only hide how long a client waits.
  const producer = new Producer({ ...clientOptions(connection), retries: 1, retryDelay: 100 });
  let waiting: Waiting[] = [];
  let sending: Promise<void> | undefined;
  // Who wakes the sender is not who keeps it busy: it must not hold the trace of one request for hours.
  const outsideOfRequests = AsyncLocalStorage.snapshot();

  async function sendWaiting(): Promise<void> {
    while (waiting.length > 0) {
      const batch = takeBatch();
      try {
        await send(batch);
        for (const { call } of batch) if (--call.waitingFor === 0) call.settle();
      } catch (error) {
        const failure = classifyKafkaError(error);
        for (const { call } of batch) call.settle(failure);
      }
    }
    // Now, not when somebody learns of the end: who was told that a record is stored may produce the next one before.
    sending = undefined;
  }

  /** As much of the queue as one request may carry; what nobody waits for any more is dropped. */
  function takeBatch(): Waiting[] {
    const bytes = new Map<string, number>();
    const batch: Waiting[] = [];
    let index = 0;
    for (; index < waiting.length; index += 1) {
      const item = waiting[index] as Waiting;
      if (item.call.isSettled) continue;
      const place = `${item.topic}/${item.record.partition}`;
      const size = (bytes.get(place) ?? 0) + item.record.value.length + RECORD_OVERHEAD_BYTES;
      if (size > PARTITION_BYTES_MAX && batch.length > 0) break;
      bytes.set(place, size);
      batch.push(item);
    }
    waiting = waiting.slice(index);
    return batch;
  }

  async function send(batch: readonly Waiting[]): Promise<void> {
    if (batch.length === 0) return;
    const bytes = batch.reduce((sum, { record }) => sum + record.value.length, 0);
    await producer.send({
      acks: ACKS_OF_ALL_REPLICAS,
      compression: bytes >= COMPRESSED_BYTES_MIN ? compression : 'none',
      messages: toMessages(batch),
    });
  }

  function toMessages(batch: readonly Waiting[]): MessageToProduce[] {
    return [...Map.groupBy(batch, ({ topic }) => topic)].flatMap(([topic, items]) =>
      join(items.map(({ record }) => record)).map((record) => toMessage(topic, record)),
    );
  }

  function produce(
    topic: string,
    records: readonly OutgoingRecord[],
    { timeoutMs }: { timeoutMs: number },
  ): Promise<void> {
    if (records.length === 0) return Promise.resolve();
    return new Promise((resolve, reject) => {
      const call: Call = {
        waitingFor: records.length,
        isSettled: false,
        settle: (error) => {
          if (call.isSettled) return;
          call.isSettled = true;
          clearTimeout(timer);
          if (error === undefined) resolve();
          else reject(error);
        },
      };
      const timer = setTimeout(() => {
        call.settle(new UnmogrowpError('kafka_timeout', `Kafka did not take the records within ${timeoutMs} ms`));
      }, timeoutMs);
      for (const record of records) waiting.push({ topic, record, call });
      sending ??= outsideOfRequests(sendWaiting);
    });
  }

  async function close(): Promise<void> {
    await sending;
    await producer.close(true);
  }

  return { produce, close };
}

const ACKS_OF_ALL_REPLICAS = -1;
/** Header names are few and come again with every record. */
const headerNames = new Map<string, Buffer>();

function headerName(name: string): Buffer {
  const known = headerNames.get(name);
  if (known !== undefined) return known;
  const bytes = Buffer.from(name);
  headerNames.set(name, bytes);
  return bytes;
}

function toMessage(topic: string, { partition, value, headers }: OutgoingRecord): MessageToProduce {
  const pairs = new Map<Buffer, Buffer>();
  for (const name in headers) pairs.set(headerName(name), Buffer.from(headers[name] ?? ''));
  return { topic, partition, value, headers: pairs };
}
