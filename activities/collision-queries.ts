import { z } from 'zod';
import { defineCommand, defineQuery } from '../clickhouse/define.ts';

const sql = (name: string): URL => new URL(`./sql/${name}.sql`, import.meta.url);
const count = z.number().int().nonnegative();

/** A slice of the log: for each partition the first offset and the one after the last. The lists belong together. */
const slice = z.object({
  topic: z.string().min(1),
  partitions: z.array(count),
  offsetsFrom: z.array(count),
  offsetsUntil: z.array(count),
});

/** How many events of a slice have copies that do not all say the same. */
export const countCollidingEvents = defineQuery({
  name: 'count_colliding_events',
  file: ['colliding-events', 'count-colliding-events'].map(sql),
  parameters: slice,
  row: z.object({ events: count }),
});

/** Keeps all copies of these events. Repeating it changes nothing. */
export const insertCollisions = defineCommand({
  name: 'insert_collisions',
  file: ['insert-collisions-into', 'colliding-events', 'insert-collisions'].map(sql),
  parameters: slice,
});

/** How many copies do not count, of tenants that have such. */
export const readCollisions = defineQuery({
  name: 'read_collisions',
  file: sql('read-collisions'),
  parameters: z.object({}),
  row: z.object({ tenantId: z.string(), copies: count }),
});
