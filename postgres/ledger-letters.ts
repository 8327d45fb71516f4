import type { DeadLetterOrigin } from '../events/dead-letter.ts';
import { type PostgresQueryable, queryRows } from './pool.ts';

/** Events that were buried, of one line (or of a whole record: -1) and one attempt to store it. */
export interface BuriedEvents {
  partition: number;
  offset: number;
  line: number;
  attempt: number;
  /** Empty when the record did not say it. */
  tenantId: string;
  receivedAtMs: number;
  events: number;
}

/** What was buried of records that lay at these places at first. */
export async function readBuriedEvents(
  connection: PostgresQueryable,
  topicId: string,
  places: readonly Pick<DeadLetterOrigin, 'partition' | 'offset'>[],
): Promise<BuriedEvents[]> {
  if (places.length === 0) return [];
  return queryRows<BuriedEvents>(
    connection,
    `SELECT origin_partition AS partition, origin_offset::float8 AS "offset", origin_line AS line, attempt,
       tenant_id AS "tenantId", (extract(epoch FROM received_at) * 1000)::float8 AS "receivedAtMs", rows AS events
     FROM dead_letters
     WHERE origin_topic_id = $1 AND (origin_partition, origin_offset) IN (
       SELECT partition, "offset" FROM unnest($2::integer[], $3::bigint[]) AS place (partition, "offset")
     )`,
    [topicId, places.map(({ partition }) => partition), places.map(({ offset }) => offset)],
  );
}

/** How many events were put back on Kafka from the dead letters, by tenant and hour of receipt, however often each. */
export async function readReplayedHours(
  connection: PostgresQueryable,
  range: { tenantId: string | null; fromMs: number; toMs: number },
): Promise<{ tenantId: string; hourMs: number; events: number }[]> {
  return queryRows(
    connection,
    `SELECT tenant_id AS "tenantId", (extract(epoch FROM date_trunc('hour', received_at, 'UTC')) * 1000)::float8 AS "hourMs",
       sum(rows)::float8 AS events
     FROM dead_letters
     WHERE state = 'replayed' AND ($1::text IS NULL OR tenant_id = $1) AND received_at >= $2 AND received_at < $3
     GROUP BY 1, 2`,
    [range.tenantId, new Date(range.fromMs), new Date(range.toMs)],
  );
}
