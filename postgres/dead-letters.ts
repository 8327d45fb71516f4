import type { TriedOrigin } from '../events/dead-letter.ts';
import { type PostgresPool, type PostgresQueryable, inTransaction, queryRows } from './pool.ts';

/** What became of a dead letter. */
export const DEAD_LETTER_STATES = ['waiting', 'replayed', 'discarded'] as const;
export type DeadLetterState = (typeof DEAD_LETTER_STATES)[number];

/** Where a dead letter lies on Kafka. */
export interface LetterPlace {
  topic: string;
  topicId: string;
  partition: number;
  offset: number;
}

/** What is known of a dead letter without its rows. */
export interface NewDeadLetter extends TriedOrigin {
  place: LetterPlace;
  tenantId: string;
  reason: string;
  stage: string;
  errorCode: string;
  clickhouseError: string;
  rows: number;
  bytes: number;
  receivedAt: Date;
  buriedAt: Date;
}

/** The same as it is stored. */
export interface DeadLetter {
  letter_id: number;
  letter_topic: string;
  letter_topic_id: string;
  letter_partition: number;
  letter_offset: number;
  origin_topic: string;
  origin_topic_id: string;
  origin_partition: number;
  origin_offset: number;
  origin_line: number;
  attempt: number;
  tenant_id: string;
  reason: string;
  stage: string;
  error_code: string;
  clickhouse_error: string;
  rows: number;
  bytes: number;
  received_at: Date;
  buried_at: Date;
  state: DeadLetterState;
  action_id: number | null;
}

/** Which dead letters; what is missing does not narrow. */
export interface DeadLetterFilter {
  reasons?: readonly string[];
  tenantId?: string;
  /** Buried then or later. */
  from?: Date;
  /** Buried before. */
  to?: Date;
  /** `topic/partition/offset` of the letter or of its origin, which may have `/line` behind it. */
  ids?: readonly string[];
}

export const LETTER_COLUMNS = `letter_id::float8, letter_topic, letter_topic_id, letter_partition,
  letter_offset::float8, origin_topic, origin_topic_id, origin_partition, origin_offset::float8, origin_line, attempt,
  tenant_id, reason, stage, error_code, clickhouse_error, rows, bytes, received_at, buried_at, state,
  action_id::float8`;

/** The condition of a filter, whose values are the first six parameters of a statement: see `filterValues`. */
export const FILTER = `($1::text[] IS NULL OR reason = ANY ($1))
  AND ($2::text IS NULL OR tenant_id = $2)
  AND ($3::timestamptz IS NULL OR buried_at >= $3)
  AND ($4::timestamptz IS NULL OR buried_at < $4)
  AND ($5::text[] IS NULL
    OR letter_topic || '/' || letter_partition || '/' || letter_offset = ANY ($5)
    OR origin_topic || '/' || origin_partition || '/' || origin_offset = ANY ($5)
    OR origin_topic || '/' || origin_partition || '/' || origin_offset || '/' || origin_line = ANY ($5))
  AND ($6::text[] IS NULL OR state = ANY ($6))`;

/** The values of `FILTER`. */
export const filterValues = (filter: DeadLetterFilter, states: readonly DeadLetterState[] | null): unknown[] => [
  filter.reasons ?? null,
  filter.tenantId ?? null,
  filter.from ?? null,
  filter.to ?? null,
  filter.ids ?? null,
  states,
];

/** Up to where a topic was read: the next offset of each of its partitions that was read at all. */
export async function loadDeadLetterReads(
  connection: PostgresQueryable,
  topicId: string,
): Promise<ReadonlyMap<number, number>> {
  const rows = await queryRows<{ partition: number; next_offset: number }>(
    connection,
    'SELECT partition, next_offset::float8 FROM dead_letter_reads WHERE topic_id = $1',
    [topicId],
  );
  return new Map(rows.map(({ partition, next_offset: offset }) => [partition, offset]));
}

/**
 * Stores letters, and up to where their topic was read. Doing it again, or by two at once, changes nothing. A letter that
 * failed again was put back before, also when whoever did it was killed before it could say so.
 */
export async function saveDeadLetters(
  pool: PostgresPool,
  found: { topicId: string; next: readonly number[]; letters: readonly NewDeadLetter[] },
): Promise<void> {
  const { topicId, next, letters } = found;
  await inTransaction(pool, async (connection) => {
    await insertLetters(connection, letters);
    await queryRows(
      connection,
      `UPDATE dead_letters AS before SET state = 'replayed'
       FROM unnest($1::text[], $2::integer[], $3::bigint[], $4::integer[], $5::integer[])
         AS again (topic_id, partition, "offset", line, attempt)
       WHERE before.state = 'waiting' AND before.origin_topic_id = again.topic_id
         AND before.origin_partition = again.partition AND before.origin_offset = again."offset"
         AND before.origin_line IN (again.line, -1) AND before.attempt < again.attempt`,
      originColumns(letters.filter(({ attempt }) => attempt > 1)),
    );
    await queryRows(
      connection,
      `INSERT INTO dead_letter_reads (topic_id, partition, next_offset)
       SELECT $1, ordinality - 1, next_offset FROM unnest($2::bigint[]) WITH ORDINALITY AS read (next_offset)
       ON CONFLICT (topic_id, partition)
       DO UPDATE SET next_offset = greatest(dead_letter_reads.next_offset, excluded.next_offset)`,
      [topicId, next],
    );
  });
}

async function insertLetters(connection: PostgresQueryable, letters: readonly NewDeadLetter[]): Promise<void> {
  if (letters.length === 0) return;
  await queryRows(
    connection,
    `INSERT INTO dead_letters (origin_topic_id, origin_partition, origin_offset, origin_line, attempt, origin_topic,
       letter_topic, letter_topic_id, letter_partition, letter_offset, tenant_id, reason, stage, error_code,
       clickhouse_error, rows, bytes, received_at, buried_at)
     SELECT * FROM unnest($1::text[], $2::integer[], $3::bigint[], $4::integer[], $5::integer[], $6::text[], $7::text[],
       $8::text[], $9::integer[], $10::bigint[], $11::text[], $12::text[], $13::text[], $14::text[], $15::text[],
       $16::integer[], $17::integer[], $18::timestamptz[], $19::timestamptz[])
     ON CONFLICT (origin_topic_id, origin_partition, origin_offset, origin_line, attempt) DO NOTHING`,
    [
      ...originColumns(letters),
      letters.map(({ origin }) => origin.topic),
      letters.map(({ place }) => place.topic),
      letters.map(({ place }) => place.topicId),
      letters.map(({ place }) => place.partition),
      letters.map(({ place }) => place.offset),
      letters.map(({ tenantId }) => tenantId),
      letters.map(({ reason }) => reason),
      letters.map(({ stage }) => stage),
      letters.map(({ errorCode }) => errorCode),
      letters.map(({ clickhouseError }) => clickhouseError),
      letters.map(({ rows }) => rows),
      letters.map(({ bytes }) => bytes),
      letters.map(({ receivedAt }) => receivedAt),
      letters.map(({ buriedAt }) => buriedAt),
    ],
  );
}

const originColumns = (letters: readonly TriedOrigin[]): unknown[][] => [
  letters.map(({ origin }) => origin.topicId),
  letters.map(({ origin }) => origin.partition),
  letters.map(({ origin }) => origin.offset),
  letters.map(({ origin }) => origin.line),
  letters.map(({ attempt }) => attempt),
];

/** Letters of a filter, the newest first. */
export function listDeadLetters(
  connection: PostgresQueryable,
  filter: DeadLetterFilter,
  options: { states: readonly DeadLetterState[] | null; limit: number },
): Promise<DeadLetter[]> {
  return queryRows<DeadLetter>(
    connection,
    `SELECT ${LETTER_COLUMNS} FROM dead_letters WHERE ${FILTER} ORDER BY letter_id DESC LIMIT $7`,
    [...filterValues(filter, options.states), options.limit],
  );
}

/** How many letters, and events in them, stand where, by why they could not be stored. */
export interface DeadLetterCount {
  reason: string;
  clickhouse_error: string;
  state: DeadLetterState;
  letters: number;
  rows: number;
}

/** Counts letters by their reason and state, the most first. */
export function countDeadLetters(
  connection: PostgresQueryable,
  filter: DeadLetterFilter = {},
  states: readonly DeadLetterState[] | null = null,
): Promise<DeadLetterCount[]> {
  return queryRows<DeadLetterCount>(
    connection,
    `SELECT reason, clickhouse_error, state, count(*)::integer AS letters, sum(rows)::integer AS rows
     FROM dead_letters WHERE ${FILTER} GROUP BY reason, clickhouse_error, state
     ORDER BY letters DESC, reason, clickhouse_error, state`,
    filterValues(filter, states),
  );
}
