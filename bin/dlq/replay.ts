import { setTimeout as wait } from 'node:timers/promises';
import { readDeadLetters } from '../../activities/read-dead-letters.ts';
import { toUnmogrowpError } from '../../errors.ts';
import { hasReached } from '../../events/cutoff.ts';
import { headersOfOrigin, originOfHeaders } from '../../events/dead-letter.ts';
import type { TopicLog } from '../../kafka/admin.ts';
import { type ConsumedRecord, headerOf } from '../../kafka/fetcher.ts';
import { type OutgoingRecord, type RecordProducer, createRecordProducer } from '../../kafka/producer.ts';
import { sinkGroup } from '../../kafka/topics.ts';
import {
  type ActionCounts,
  beginDeadLetterAction,
  countCameBack,
  endDeadLetterAction,
  listWaitingLetters,
  newestLetterId,
  replayLetters,
} from '../../postgres/dead-letter-actions.ts';
import type { DeadLetter, DeadLetterFilter } from '../../postgres/dead-letters.ts';
import type { DeadLetterParts } from './parts.ts';
import { readRecords } from './values.ts';

export interface ReplayRequest {
  filter: DeadLetterFilter;
  by: string;
  note: string;
  /** It stops when so many letters have failed. */
  failuresMax: number;
  /** How long the sink may take for what was put back; undefined when nobody waits for it. */
  waitMs: number | undefined;
  signal: AbortSignal;
  onProgress: (outcome: ReplayProgress) => void;
}

export interface ReplayProgress extends ActionCounts {
  /** Letters that Kafka has deleted: there is nothing to put back. */
  gone: number;
}

export interface ReplayOutcome extends ReplayProgress {
  /** Why it ended: nothing is left, too many failed, the sink took too long, or somebody pressed Ctrl-C. */
  ended: 'done' | 'failures' | 'sink_away' | 'interrupted';
}

/** Small beside what PostgreSQL and Kafka take in one go, large beside what one wait for the sink costs. */
const LETTERS_AT_ONCE = 500;
const BYTES_AT_ONCE = 4_194_304;
const PRODUCE_TIMEOUT_MS = 8_000;
const POLL_MS = 100;

/**
 * Puts letters back on the topic of events, in the order in which they were buried, and looks after each batch which of
 * them have failed again. The first batch is no larger than the failures that are allowed, and batches grow while nothing
 * fails, so that a cause that was not mended costs few attempts.
 */
export async function replayDeadLetters(parts: DeadLetterParts, request: ReplayRequest): Promise<ReplayOutcome> {
  const { filter, by, note } = request;
  const log = await readDeadLetters(parts, request.signal);
  const until = await newestLetterId(parts.pool);
  const actionId = await beginDeadLetterAction(parts.pool, { action: 'replay', by, note, filter });
  const producer = createRecordProducer(parts.kafka);
  const progress: ReplayProgress = { letters: 0, cameBack: 0, failed: 0, gone: 0 };
  try {
    const ended = await replayAll(parts, request, { log, until, actionId, producer, progress });
    return { ...progress, ended };
  } finally {
    await endDeadLetterAction(parts.pool, actionId, progress);
    await producer.close();
  }
}

interface Replaying {
  log: TopicLog;
  until: number;
  actionId: number;
  producer: RecordProducer;
  progress: ReplayProgress;
}

async function replayAll(
  parts: DeadLetterParts,
  { filter, failuresMax, waitMs, signal, onProgress }: ReplayRequest,
  replaying: Replaying,
): Promise<ReplayOutcome['ended']> {
  const { until, actionId, progress } = replaying;
  let after = 0;
  let limit = waitMs === undefined ? LETTERS_AT_ONCE : Math.min(LETTERS_AT_ONCE, failuresMax);
  for (;;) {
    if (signal.aborted) return 'interrupted';
    const page = cutByBytes(await listWaitingLetters(parts.pool, filter, { after, until, limit }));
    if (page.length === 0) return 'done';
    after = page.at(-1)?.letter_id ?? until;
    const failuresBefore = progress.cameBack + progress.failed;
    await replayPage(parts, replaying, page);
    if (waitMs !== undefined) {
      const isStored = await untilStored(parts, { waitMs, signal });
      await readDeadLetters(parts);
      progress.cameBack = await countCameBack(parts.pool, actionId);
      onProgress(progress);
      if (!isStored) return signal.aborted ? 'interrupted' : 'sink_away';
    } else onProgress(progress);
    const failures = progress.cameBack + progress.failed;
    if (failures >= failuresMax) return 'failures';
    limit = Math.min(LETTERS_AT_ONCE, failures > failuresBefore ? failuresMax - failures : limit * 2);
  }
}

async function replayPage(
  parts: DeadLetterParts,
  { log, actionId, producer, progress }: Replaying,
  page: readonly DeadLetter[],
): Promise<void> {
  const records = await readRecords(parts, page, log);
  const there = page.filter(({ letter_id: letterId }) => records.has(letterId));
  progress.gone += page.length - there.length;

  async function putBack(letters: readonly DeadLetter[]): Promise<void> {
    if (letters.length === 0) return;
    try {
      const letterIds = letters.map(({ letter_id: letterId }) => letterId);
      progress.letters += await replayLetters(parts.pool, { actionId, letterIds }, async (taken) => {
        const outgoing = letters.flatMap((letter) => {
          const record = taken.has(letter.letter_id) ? records.get(letter.letter_id) : undefined;
          return record === undefined ? [] : [toEventRecord(letter, record)];
        });
        await producer.produce(parts.eventsTopic, outgoing, { timeoutMs: PRODUCE_TIMEOUT_MS });
      });
    } catch (thrown) {
      if (toUnmogrowpError(thrown).code !== 'kafka_record_too_large') throw thrown;
      // Its headers have made it larger than it was. The others of its batch must not suffer for it.
      if (letters.length === 1) progress.failed += 1;
      else for (const letter of letters) await putBack([letter]);
    }
  }
  await putBack(there);
}

const KEPT_HEADERS = ['traceparent', 'tracestate', 'tenant_id', 'row_format', 'row_count', 'received_at'] as const;

/** What the letter held, for the partition from which it came, so that it stays with the other events of its user. */
function toEventRecord(letter: DeadLetter, record: ConsumedRecord): OutgoingRecord {
  const header = (name: string): string | undefined => headerOf(record, name);
  const tried = originOfHeaders(header);
  const headers: Record<string, string> =
    tried === undefined ? {} : headersOfOrigin({ origin: tried.origin, attempt: tried.attempt + 1 });
  for (const name of KEPT_HEADERS) {
    const value = header(name);
    if (value !== undefined) headers[name] = value;
  }
  return { partition: letter.origin_partition, value: record.value, headers };
}

/** As many as weigh together what one batch may; one that weighs more goes alone. */
function cutByBytes(letters: readonly DeadLetter[]): DeadLetter[] {
  let bytes = 0;
  const end = letters.findIndex((letter, index) => (bytes += letter.bytes) > BYTES_AT_ONCE && index > 0);
  return letters.slice(0, end === -1 ? letters.length : end);
}

/** Waits until the sink has judged everything that is on Kafka now. False when it took too long, or on Ctrl-C. */
async function untilStored(
  { env, admin, eventsTopic }: DeadLetterParts,
  { waitMs, signal }: { waitMs: number; signal: AbortSignal },
): Promise<boolean> {
  const giveUpAt = performance.now() + waitMs;
  const target = { [eventsTopic]: await admin.endOffsets(eventsTopic) };
  for (;;) {
    const committed = await admin.committedOffsets(sinkGroup(env.KAFKA_PREFIX), eventsTopic);
    if (hasReached({ [eventsTopic]: committed }, target)) return true;
    if (signal.aborted || performance.now() > giveUpAt) return false;
    await wait(POLL_MS, undefined, { signal }).catch(() => {});
  }
}
