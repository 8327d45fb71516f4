import { type PostgresQueryable, queryRows } from './pool.ts';
import type { ExaminedPartition } from './touched-windows.ts';

/** Up to where a topic was searched for collisions; partitions that never were are missing. */
export async function loadCollisionReads(connection: PostgresQueryable, topic: string): Promise<ExaminedPartition[]> {
  return queryRows<ExaminedPartition>(
    connection,
    `SELECT kafka_partition AS partition, next_offset::float8 FROM collision_reads
     WHERE kafka_topic = $1 ORDER BY kafka_partition`,
    [topic],
  );
}

/** Stores up to where it was searched; it only grows, so several may search at once. */
export async function saveCollisionReads(
  connection: PostgresQueryable,
  topic: string,
  reads: readonly ExaminedPartition[],
): Promise<void> {
  await queryRows(
    connection,
    `INSERT INTO collision_reads (kafka_topic, kafka_partition, next_offset)
     SELECT $1, * FROM unnest($2::integer[], $3::bigint[])
     ON CONFLICT (kafka_topic, kafka_partition)
     DO UPDATE SET next_offset = greatest(collision_reads.next_offset, excluded.next_offset)`,
    [topic, reads.map(({ partition }) => partition), reads.map(({ next_offset: offset }) => offset)],
  );
}
