import { randomUUID } from 'node:crypto';
import { trace } from '@opentelemetry/api';
import { UnmogrowpError, toUnmogrowpError } from '../errors.ts';
import { ROW_FORMAT } from '../events/row.ts';
import { type ConsumedRecord, headerOf } from '../kafka/fetcher.ts';
import type { OutgoingRecord } from '../kafka/producer.ts';
import { THRESHOLDS } from '../otel/objectives.ts';
import type { Batch } from './buffer.ts';
import { type DeadLetter, type LetterFacts, describeLetter, toDeadLetterRecord } from './dead-letters.ts';
import { type EncodedRows, type Line, type Origin, encodeLines, encodeRecords, splitLines } from './encode-rows.ts';
import type { InsertRows } from './insert-rows.ts';
import type { SinkMetrics } from './metrics.ts';
import type { FindMissing, Stored } from './missing-rows.ts';
import { type Place, tokenOf } from './range.ts';
import { untilItWorks } from './retry.ts';
import { inInsertSpan } from './traces.ts';

export interface StoreOptions {
  topic: string;
  insertRows: InsertRows;
  findMissing: FindMissing;
  produceDeadLetters: (records: readonly OutgoingRecord[]) => Promise<void>;
  retryWaitMsMax: number;
  metrics: SinkMetrics;
  onError: (error: UnmogrowpError, partition: number) => void;
  onDeadLetter?: (facts: LetterFacts) => void;
}

export interface StoreBatchOptions {
  /** Whether somebody began the range before, and may have inserted any part of it. */
  isRepeated: boolean;
  signal: AbortSignal;
}

/** Resolves when every row of the batch is in ClickHouse or is a dead letter; throws `interrupted` when aborted. */
export type StoreBatch = (place: Omit<Place, 'topic'>, batch: Batch, options: StoreBatchOptions) => Promise<void>;

interface Inserted extends Stored {
  /** Whether nothing failed on the way: ClickHouse cannot have ended in the middle of it. */
  isSure: boolean;
}

/** Some lines of a range, from the one at `from` on, and the token of the whole. */
interface Part {
  lines: readonly Line[];
  from: number;
  token: string;
}

/**
 * Makes the function that stores one range. All that it does can be done again and changes nothing then: the range's
 * token names exactly its rows, and the halves that a refused row leads to are cut the same way each time. What may have
 * been cut short is looked for afterwards, see `missing-rows.ts`.
 */
export function createStoreBatch(options: StoreOptions): StoreBatch {
  const { topic, insertRows, findMissing, produceDeadLetters, metrics, onError } = options;

  return async function storeBatch(place, batch, { isRepeated, signal }) {
    const origin: Origin = { topic, ...place, first: batch.first, last: batch.last };
    const [known, unknown] = splitByFormat(batch.records);
    await inInsertSpan(origin, batch.records, async (span) => {
      await bury(origin, unknown.map(unknownFormat), signal);
      const rows = encodeRecords(origin, known);
      span.setAttribute('unmogrowp.rows', rows.rows);
      metrics.batchRows.observe(rows.rows);
      const insertAll = (token: string): Promise<Inserted> => insertKnown(origin, { known, rows, token }, signal);
      const inserted = await insertAll(tokenOf(origin, origin));
      if (isRepeated || !inserted.isSure) await insertMissing(origin, { inserted, insertAll }, signal);
      const [oldest] = batch.records;
      if (oldest !== undefined) measureDelay(Math.max(0, (Date.now() - receivedAt(oldest)) / 1_000), rows.rows);
    });
  };

  /**
   * Inserts a range again, under a token that nobody has used, when ClickHouse lacks rows of it. What it has of the range
   * is there twice then, of which readers see one and the ledger tells.
   */
  async function insertMissing(
    origin: Origin,
    { inserted, insertAll }: { inserted: Inserted; insertAll: (token: string) => Promise<Inserted> },
    signal: AbortSignal,
  ): Promise<void> {
    const { partition, first, last } = origin;
    const tables = await retry(partition, signal, () => findMissing(origin, inserted, signal));
    if (tables.length === 0) return;
    const message = `ClickHouse ended in the middle of an insert: it lacks rows of the offsets ${first} to ${last} in ${tables.join(', ')}`;
    onError(new UnmogrowpError('clickhouse_rows_lost', message), partition);
    metrics.retries.inc({ code: 'clickhouse_rows_lost' });
    const again = await insertAll(`${tokenOf(origin, origin)}:${randomUUID()}`);
    if (!again.isSure) await insertMissing(origin, { inserted: again, insertAll }, signal);
  }

  async function insertKnown(
    origin: Origin,
    { known, rows, token }: { known: readonly ConsumedRecord[]; rows: EncodedRows; token: string },
    signal: AbortSignal,
  ): Promise<Inserted> {
    const { refusal, ...inserted } = await insert(origin, { rows, token }, signal);
    if (refusal === undefined) return inserted;
    const halves = await insertHalves(origin, { lines: splitLines(known), from: 0, token }, refusal, signal);
    return { ...halves, isSure: halves.isSure && inserted.isSure };
  }

  /** Inserts become rare when they are slow: rows are counted as well, which come as often as before. */
  function measureDelay(seconds: number, rows: number): void {
    metrics.delay.observe(seconds);
    metrics.storedRows.inc({ freshness: seconds <= THRESHOLDS.freshnessSecondsMax ? 'fresh' : 'stale' }, rows);
  }

  /** Inserts some rows of a range, however often that has to be tried; gives the error when they are refused for ever. */
  async function insert(
    { partition }: Origin,
    { rows, token }: { rows: EncodedRows; token: string },
    signal: AbortSignal,
  ): Promise<Inserted & { refusal?: UnmogrowpError }> {
    if (rows.rows === 0) return { rows: 0, isHalved: false, isSure: true };
    let attempts = 0;
    const attempt = (): Promise<void> => {
      attempts += 1;
      return insertRows(rows, token, signal);
    };
    try {
      await retry(partition, signal, () => measured(metrics, attempt));
    } catch (thrown) {
      const refusal = toUnmogrowpError(thrown);
      if (refusal.code === 'clickhouse_row_refused')
        return { rows: 0, isHalved: true, isSure: attempts === 1, refusal };
      throw thrown;
    }
    metrics.rows.inc({ outcome: 'inserted' }, rows.rows);
    return { rows: rows.rows, isHalved: false, isSure: attempts === 1 };
  }

  /** Halves refused lines until the refused ones stand alone: those are buried, all others are stored. */
  async function insertHalves(
    origin: Origin,
    { lines, from, token }: Part,
    error: UnmogrowpError,
    signal: AbortSignal,
  ): Promise<Inserted> {
    const [line] = lines;
    if (line !== undefined && lines.length === 1) {
      const { record, index, bytes } = line;
      await bury(origin, [{ reason: 'row_refused', stage: 'insert', record, line: index, bytes, error }], signal);
      return { rows: 0, isHalved: true, isSure: true };
    }
    const middle = Math.ceil(lines.length / 2);
    const sum: Inserted = { rows: 0, isHalved: true, isSure: true };
    for (const half of [
      { lines: lines.slice(0, middle), from, token },
      { lines: lines.slice(middle), from: from + middle, token },
    ]) {
      const tokenOfHalf = `${token}:${half.from}-${half.from + half.lines.length - 1}`;
      const rows = encodeLines(origin, half.lines);
      const { refusal, ...inserted } = await insert(origin, { rows, token: tokenOfHalf }, signal);
      const halves = refusal === undefined ? inserted : await insertHalves(origin, half, refusal, signal);
      sum.rows += halves.rows;
      sum.isSure &&= halves.isSure && inserted.isSure;
    }
    return sum;
  }

  async function bury(origin: Origin, letters: readonly DeadLetter[], signal: AbortSignal): Promise<void> {
    if (letters.length === 0) return;
    const records = letters.map((letter) => toDeadLetterRecord(origin, letter));
    await retry(origin.partition, signal, () => produceDeadLetters(records));
    for (const letter of letters) {
      const { reason, error } = letter;
      metrics.deadLetters.inc({ reason });
      options.onDeadLetter?.(describeLetter(origin, letter));
      trace.getActiveSpan()?.addEvent('dead_letter', { reason, code: error?.code ?? '' });
    }
    metrics.rows.inc({ outcome: 'dead_lettered' }, letters.length);
  }

  function retry<Result>(partition: number, signal: AbortSignal, call: () => Promise<Result>): Promise<Result> {
    const blocked = metrics.blocking();
    return untilItWorks(
      {
        waitMsMax: options.retryWaitMsMax,
        signal,
        isFinal: ({ code }) => code === 'clickhouse_row_refused',
        onRetry: (error) => {
          blocked.begin();
          metrics.retries.inc({ code: error.code });
          onError(error, partition);
        },
      },
      call,
    ).finally(blocked.end);
  }
}

/** When its events came in; of what was a dead letter, when it was put back. */
function receivedAt(record: ConsumedRecord): number {
  const sent = headerOf(record, 'origin_topic') === undefined ? Number(headerOf(record, 'received_at')) : Number.NaN;
  return Number.isSafeInteger(sent) && sent > 0 ? sent : record.timestampMs;
}

/** Records whose lines can be understood, and those of a format that this version does not know. */
function splitByFormat(records: readonly ConsumedRecord[]): [known: ConsumedRecord[], unknown: ConsumedRecord[]] {
  const known: ConsumedRecord[] = [];
  const unknown: ConsumedRecord[] = [];
  for (const record of records) (headerOf(record, 'row_format') === FORMAT ? known : unknown).push(record);
  return [known, unknown];
}

const FORMAT = String(ROW_FORMAT);

const unknownFormat = (record: ConsumedRecord): DeadLetter => ({
  reason: 'unknown_row_format',
  stage: 'decode',
  record,
  bytes: record.value,
});

async function measured(metrics: SinkMetrics, insert: () => Promise<void>): Promise<void> {
  const begunAtMs = performance.now();
  const observe = (outcome: 'inserted' | 'refused' | 'failed'): void =>
    metrics.insertDuration.observe({ outcome }, (performance.now() - begunAtMs) / 1_000);
  try {
    await insert();
  } catch (error) {
    observe(toUnmogrowpError(error).code === 'clickhouse_row_refused' ? 'refused' : 'failed');
    throw error;
  }
  observe('inserted');
}
