import type { Kafka, Message } from 'kafkajs';
import { UnmogrowpError } from '../errors.ts';
import { useZstandard } from './compression.ts';

export interface OutgoingRecord {
  /** Chosen by Kafka when left out. */
  partition?: number;
  value: Buffer;
  headers?: Record<string, string>;
}

export interface RecordProducer {
  /**
   * Resolves when all replicas have all the records; rejects with `kafka_unavailable`, `kafka_timeout` or
   * `kafka_record_too_large`. After a timeout records may still arrive: the caller has to bear them twice.
   */
  produce(topic: string, records: readonly OutgoingRecord[], options: { timeoutMs: number }): Promise<void>;
  close(): Promise<void>;
}

/** Below the broker's default for one partition's part of a request (message.max.bytes). */
const PARTITION_BYTES_MAX = 900_000;
/** What a record weighs beside its value: headers, lengths, offsets. */
const RECORD_OVERHEAD_BYTES = 256;

/** Setting up the compression of a partition's part costs more than it saves on a few rows. */
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
 * A producer that sends everything that was asked for while the last request was under way as one request: the client
 * library has no linger, and pays per request. One request is in flight at a time, so records keep their order.
 */
export function createRecordProducer(kafka: Kafka): RecordProducer {
  const zstandard = useZstandard();
  const producer = kafka.producer({ allowAutoTopicCreation: false, retry: { retries: 1, initialRetryTime: 100 } });
  let waiting: Waiting[] = [];
  let sending: Promise<void> | undefined;
  let isConnected = false;

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
  }

  /** As much of the queue as one request may carry; what nobody waits for any more is dropped. */
  function takeBatch(): Waiting[] {
    const bytes = new Map<string, number>();
    const batch: Waiting[] = [];
    let index = 0;
    for (; index < waiting.length; index += 1) {
      const item = waiting[index] as Waiting;
      if (item.call.isSettled) continue;
      const place = `${item.topic}/${item.record.partition ?? ''}`;
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
    if (!isConnected) await producer.connect();
    isConnected = true;
    const byTopic = new Map<string, Message[]>();
    let bytes = 0;
    for (const { topic, record } of batch) {
      bytes += record.value.length;
      const messages = byTopic.get(topic);
      if (messages === undefined) byTopic.set(topic, [record]);
      else messages.push(record);
    }
    await producer.sendBatch({
      acks: -1,
      ...(bytes >= COMPRESSED_BYTES_MIN ? { compression: zstandard } : {}),
      topicMessages: [...byTopic].map(([topic, messages]) => ({ topic, messages })),
    });
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
      sending ??= sendWaiting().finally(() => (sending = undefined));
    });
  }

  async function close(): Promise<void> {
    await sending;
    await producer.disconnect();
  }

  return { produce, close };
}

/** The platform's error behind anything that the client library threw. */
export function classifyKafkaError(thrown: unknown): UnmogrowpError {
  if (thrown instanceof UnmogrowpError) return thrown;
  const error = thrown as Partial<Error> & { type?: string; cause?: unknown };
  const message = error.message ?? String(thrown);
  const type = error.type ?? (error.cause as { type?: string } | undefined)?.type;
  if (type === 'MESSAGE_TOO_LARGE' || type === 'RECORD_LIST_TOO_LARGE') {
    return new UnmogrowpError('kafka_record_too_large', `Kafka: ${message}`, { cause: thrown });
  }
  const isTimeout = type === 'REQUEST_TIMED_OUT' || error.name === 'KafkaJSRequestTimeoutError';
  return new UnmogrowpError(isTimeout ? 'kafka_timeout' : 'kafka_unavailable', `Kafka: ${message}`, { cause: thrown });
}
