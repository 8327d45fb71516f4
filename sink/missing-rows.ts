import { z } from 'zod';
import type { ClickHouse } from '../clickhouse/client.ts';
import { defineQuery } from '../clickhouse/define.ts';
import type { Origin } from './encode-rows.ts';

/** What was inserted of a range. */
export interface Stored {
  rows: number;
  /** Whether it took one insert for each part of it, because lines were refused, and not one for all. */
  isHalved: boolean;
}

/** The tables that lack rows of a range; empty when all are there. */
export type FindMissing = (origin: Origin, stored: Stored, signal: AbortSignal) => Promise<readonly string[]>;

/** One insert makes one part for each day and table: one row would do. */
const ROWS_PER_DAY = 10;

const findTablesThatLackRows = defineQuery({
  name: 'find_tables_that_lack_rows',
  file: new URL('missing-rows.sql', import.meta.url),
  parameters: z.object({
    topic: z.string(),
    partition: z.number(),
    first: z.number(),
    last: z.number(),
    rows: z.number(),
    perDay: z.number(),
  }),
  row: z.object({ table: z.string() }),
});

/**
 * Makes the function that looks whether ClickHouse has what it says it has. A table that is not replicated writes the
 * token of a part before the part itself (`MergeTreeSink` of version 26.7): when it is killed in between, it takes every
 * repetition for a duplicate of rows that it has not got.
 */
export function createFindMissing(clickhouse: ClickHouse): FindMissing {
  return async function findMissing({ topic, partition, first, last }, { rows, isHalved }, signal) {
    const perDay = isHalved ? rows : ROWS_PER_DAY;
    const found = await findTablesThatLackRows(clickhouse, { topic, partition, first, last, rows, perDay }, { signal });
    return found.map(({ table }) => table);
  };
}
