import { type PostgresQueryable, queryRows } from './pool.ts';

/** A spool that holds accepted events which are not on Kafka yet. */
export interface OpenSpool {
  spool_id: string;
  records: number;
  oldest_received_at: Date;
  updated_at: Date;
}

/** Says how much a spool holds; one that holds nothing is forgotten. */
export async function reportSpool(
  connection: PostgresQueryable,
  spool: { spoolId: string; records: number; oldestReceivedAt: Date },
): Promise<void> {
  if (spool.records === 0) {
    await queryRows(connection, 'DELETE FROM spools WHERE spool_id = $1', [spool.spoolId]);
    return;
  }
  await queryRows(
    connection,
    `INSERT INTO spools (spool_id, records, oldest_received_at) VALUES ($1, $2, $3)
     ON CONFLICT (spool_id) DO UPDATE
     SET records = excluded.records, oldest_received_at = excluded.oldest_received_at, updated_at = now()`,
    [spool.spoolId, spool.records, spool.oldestReceivedAt],
  );
}

/**
 * The spools that hold events. A spool is removed only after its events are on Kafka: whoever judges completeness asks
 * for the spools first and for the end offsets of Kafka after it, never the other way round.
 */
export async function openSpools(connection: PostgresQueryable): Promise<OpenSpool[]> {
  const rows = await queryRows<Omit<OpenSpool, 'records'> & { records: string }>(
    connection,
    'SELECT spool_id, records, oldest_received_at, updated_at FROM spools ORDER BY oldest_received_at, spool_id',
  );
  return rows.map((row) => ({ ...row, records: Number(row.records) }));
}
