import { type DeadLetter, type DeadLetterFilter, FILTER, LETTER_COLUMNS, filterValues } from './dead-letters.ts';
import { type PostgresPool, type PostgresQueryable, inTransaction, queryRows } from './pool.ts';

/** Who wants what done about which letters, and why. */
export interface NewDeadLetterAction {
  action: 'replay' | 'discard';
  by: string;
  note: string;
  filter: DeadLetterFilter;
}

/** The same as it is stored, with what became of it. */
export interface DeadLetterAction {
  action_id: number;
  action: 'replay' | 'discard';
  done_by: string;
  note: string;
  done_at: Date;
  ended_at: Date | null;
  letters: number;
  came_back: number;
  failed: number;
}

/** What an action has come to. */
export interface ActionCounts {
  letters: number;
  cameBack: number;
  failed: number;
}

/** Writes down that somebody begins to do something. */
export async function beginDeadLetterAction(
  connection: PostgresQueryable,
  { action, by, note, filter }: NewDeadLetterAction,
): Promise<number> {
  const rows = await queryRows<{ action_id: number }>(
    connection,
    `INSERT INTO dead_letter_actions (action, done_by, note, filter) VALUES ($1, $2, $3, $4)
     RETURNING action_id::float8`,
    [action, by, note, JSON.stringify(filter)],
  );
  return (rows[0] as { action_id: number }).action_id;
}

/** Writes down how far an action has come, and that it ended. */
export async function endDeadLetterAction(
  connection: PostgresQueryable,
  actionId: number,
  { letters, cameBack, failed }: ActionCounts,
): Promise<void> {
  await queryRows(
    connection,
    `UPDATE dead_letter_actions SET letters = $2, came_back = $3, failed = $4, ended_at = now() WHERE action_id = $1`,
    [actionId, letters, cameBack, failed],
  );
}

/** The actions that letters went through. */
export function listDeadLetterActions(
  connection: PostgresQueryable,
  actionIds: readonly number[],
): Promise<DeadLetterAction[]> {
  return queryRows<DeadLetterAction>(
    connection,
    `SELECT action_id::float8, action, done_by, note, done_at, ended_at, letters, came_back, failed
     FROM dead_letter_actions WHERE action_id = ANY ($1::bigint[]) ORDER BY action_id`,
    [actionIds],
  );
}

/** The newest letter that is known; what comes later is none of the business of an action that begins now. */
export async function newestLetterId(connection: PostgresQueryable): Promise<number> {
  const rows = await queryRows<{ newest: number }>(
    connection,
    'SELECT coalesce(max(letter_id), 0)::float8 AS newest FROM dead_letters',
  );
  return rows[0]?.newest ?? 0;
}

/** The next letters of a filter that wait, the oldest first. */
export function listWaitingLetters(
  connection: PostgresQueryable,
  filter: DeadLetterFilter,
  page: { after: number; until: number; limit: number },
): Promise<DeadLetter[]> {
  return queryRows<DeadLetter>(
    connection,
    `SELECT ${LETTER_COLUMNS} FROM dead_letters
     WHERE ${FILTER} AND letter_id > $7 AND letter_id <= $8 ORDER BY letter_id LIMIT $9`,
    [...filterValues(filter, ['waiting']), page.after, page.until, page.limit],
  );
}

/**
 * Takes letters that still wait, lets `putBack` put them on Kafka, and only then says so. Whoever wants one of them at the
 * same time waits here and then finds it taken; a process that is killed in between leaves it waiting.
 */
export async function replayLetters(
  pool: PostgresPool,
  request: { actionId: number; letterIds: readonly number[] },
  putBack: (taken: ReadonlySet<number>) => Promise<void>,
): Promise<number> {
  return inTransaction(pool, async (connection) => {
    const rows = await queryRows<{ letter_id: number }>(
      connection,
      `UPDATE dead_letters SET state = 'replayed', action_id = $1
       WHERE letter_id IN (
         SELECT letter_id FROM dead_letters WHERE letter_id = ANY ($2::bigint[]) AND state = 'waiting'
         ORDER BY letter_id FOR UPDATE
       ) RETURNING letter_id::float8`,
      [request.actionId, request.letterIds],
    );
    if (rows.length > 0) await putBack(new Set(rows.map(({ letter_id: letterId }) => letterId)));
    return rows.length;
  });
}

/** How many letters that an action put back have failed again; a whole record of which some lines have is one. */
export async function countCameBack(connection: PostgresQueryable, actionId: number): Promise<number> {
  const rows = await queryRows<{ count: number }>(
    connection,
    `SELECT count(DISTINCT before.letter_id)::integer AS count FROM dead_letters AS before JOIN dead_letters AS again
       ON again.origin_topic_id = before.origin_topic_id AND again.origin_partition = before.origin_partition
       AND again.origin_offset = before.origin_offset AND before.origin_line IN (again.origin_line, -1)
       AND again.attempt = before.attempt + 1
     WHERE before.action_id = $1`,
    [actionId],
  );
  return rows[0]?.count ?? 0;
}

/** Gives letters up that still wait. All that the filter meant, or none. */
export async function discardLetters(
  pool: PostgresPool,
  request: Omit<NewDeadLetterAction, 'action'> & { until: number },
): Promise<{ actionId: number; letters: number }> {
  return inTransaction(pool, async (connection) => {
    const actionId = await beginDeadLetterAction(connection, { ...request, action: 'discard' });
    const rows = await queryRows<{ letters: number }>(
      connection,
      `WITH given_up AS (
         UPDATE dead_letters SET state = 'discarded', action_id = $7 WHERE ${FILTER} AND letter_id <= $8 RETURNING 1
       ) SELECT count(*)::integer AS letters FROM given_up`,
      [...filterValues(request.filter, ['waiting']), actionId, request.until],
    );
    const letters = rows[0]?.letters ?? 0;
    await endDeadLetterAction(connection, actionId, { letters, cameBack: 0, failed: 0 });
    return { actionId, letters };
  });
}

/** All attempts at what letters hold, the oldest first. */
export function listAttempts(connection: PostgresQueryable, letter: DeadLetter): Promise<DeadLetter[]> {
  return queryRows<DeadLetter>(
    connection,
    `SELECT ${LETTER_COLUMNS} FROM dead_letters
     WHERE origin_topic_id = $1 AND origin_partition = $2 AND origin_offset = $3 AND origin_line IN ($4, -1)
     ORDER BY attempt`,
    [letter.origin_topic_id, letter.origin_partition, letter.origin_offset, letter.origin_line],
  );
}
