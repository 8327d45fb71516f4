import { z } from 'zod';
import { defineQuery } from './define.ts';

const sql = (name: string): URL => new URL(`./queries/${name}.sql`, import.meta.url);
const count = z.coerce.number().nonnegative();

/** What our tables are made of on disk, and what is being changed in them. */
export const readTableHealth = defineQuery({
  name: 'read_table_health',
  file: sql('read-table-health'),
  parameters: z.object({}),
  row: z.object({ parts: count, partitionPartsMax: count, bytes: count, mutationsUnfinished: count }),
});

/** The disks of the server, with what is left of them. */
export const readDisks = defineQuery({
  name: 'read_disks',
  file: sql('read-disks'),
  parameters: z.object({}),
  row: z.object({ disk: z.string(), freeBytes: count, totalBytes: count }),
});
