import { ERROR_CODES, type ErrorCode } from '../../errors.ts';
import { bounded, counter, gauge, histogram } from './declare.ts';

const errorCodes = Object.keys(ERROR_CODES) as ErrorCode[];

/** Why a line or a record could not become a row. */
export const DEAD_LETTER_REASONS = ['row_refused', 'unknown_row_format'] as const;

/** What the sink process measures. */
export const SINK_METRICS = {
  rows: counter({
    name: 'unmogrowp_sink_rows_total',
    help: 'Rows that left Kafka, by what became of them. Those of a repeated range are counted again.',
    labels: { outcome: ['inserted', 'dead_lettered'] },
  }),
  insertDuration: histogram({
    name: 'unmogrowp_sink_insert_duration_seconds',
    help: 'How long ClickHouse took for one insert, by whether it took the rows.',
    unit: 'seconds',
    buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30],
    labels: { outcome: ['inserted', 'refused', 'failed'] },
    exemplars: true,
  }),
  batchRows: histogram({
    name: 'unmogrowp_sink_batch_rows',
    help: 'Rows of one range of a partition, which is one insert.',
    unit: 'rows',
    buckets: [1, 10, 100, 1_000, 5_000, 10_000, 25_000, 50_000, 100_000],
  }),
  delay: histogram({
    name: 'unmogrowp_sink_delay_seconds',
    help: 'From the moment at which events were received until their rows can be queried, with the time on a spool; the oldest record of each range.',
    unit: 'seconds',
    buckets: [0.05, 0.1, 0.25, 0.5, 0.75, 1, 2, 5, 10, 30, 60, 300, 1_800],
    exemplars: true,
  }),
  storedRows: counter({
    name: 'unmogrowp_sink_stored_rows_total',
    help: 'Rows of ranges that are stored, by whether the oldest record of their range was fresh: what the objective of freshness counts.',
    labels: { freshness: ['fresh', 'stale'] },
  }),
  retries: counter({
    name: 'unmogrowp_sink_retries_total',
    help: 'What was tried again, by the code of the error. Nothing is ever dropped for such an error.',
    labels: { code: errorCodes },
  }),
  blockedPartitions: gauge({
    name: 'unmogrowp_sink_blocked_partitions',
    help: 'Partitions that wait because an insert failed and will be tried again; above 0 the sink is not healthy.',
  }),
  deadLetters: counter({
    name: 'unmogrowp_sink_dead_letters_total',
    help: 'Lines and records that were put on the topic dead-letters, by the reason.',
    labels: { reason: DEAD_LETTER_REASONS },
  }),
  rangeRepeats: counter({
    name: 'unmogrowp_sink_range_repeats_total',
    help: 'Ranges that somebody had begun before and that were inserted again, with the same token, after a crash or a rebalance.',
  }),
  expiredRecords: counter({
    name: 'unmogrowp_sink_expired_records_total',
    help: 'Records that the retention of Kafka deleted before they were stored: lost events. Must stay 0.',
    labels: { partition: bounded('partitions of the topic') },
  }),
} as const;
