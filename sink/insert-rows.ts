import { Readable } from 'node:stream';
import type { ClickHouseSettings } from '@clickhouse/client';
import { type ClickHouse, insertBytes } from '../clickhouse/client.ts';
import { type EncodedRows, INSERT_COLUMNS } from './encode-rows.ts';

/** Inserts rows under a token: rows that ClickHouse has already got under it are dropped. */
export type InsertRows = (rows: EncodedRows, token: string, signal: AbortSignal) => Promise<void>;

const TABLE = 'events_raw_v1';

/**
 * All of an insert that decides whether its repetition is recognised, whatever the defaults of the server are: the rows
 * have to become the same blocks each time, so they are read in order, by one thread, as one block.
 */
const SETTINGS: ClickHouseSettings = {
  async_insert: 0,
  insert_deduplicate: 1,
  deduplicate_blocks_in_dependent_materialized_views: 1,
  input_format_parallel_parsing: 0,
  max_insert_block_size: '1000000',
  min_insert_block_size_rows: '1000000',
  min_insert_block_size_bytes: '1000000000',
  // Imported history lies on many days, and each is a partition.
  max_partitions_per_insert_block: '10000',
  // A line with too few values is no row; one with `null` where a value belongs is none either.
  input_format_null_as_default: 0,
};

/** Makes the function that puts encoded rows into the events table and, by its views, into those that follow from it. */
export function createInsertRows(clickhouse: ClickHouse): InsertRows {
  return async function insertRows(rows, token, signal) {
    const bytes = Readable.from(rows.chunks, { objectMode: false });
    const statement = {
      name: 'insert_events',
      table: TABLE,
      columns: INSERT_COLUMNS,
      format: 'JSONCompactEachRow',
      bytes,
    };
    await insertBytes(clickhouse, statement, { signal, settings: { ...SETTINGS, insert_deduplication_token: token } });
  };
}
