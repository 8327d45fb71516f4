import { z } from 'zod';
import { defineQuery } from './define.ts';

const count = z.number().int().nonnegative();
const epochMs = z.number().int();

const range = {
  tenantId: z.string(),
  /** Start of the first window. */
  windowsFromSeconds: z.number().int(),
  /** End of the last window. */
  windowsToSeconds: z.number().int(),
};

const sql = (name: string): URL => new URL(`./queries/${name}.sql`, import.meta.url);

/** How far on Kafka the newest arrival lies that can change each window of a range which has events of its own. */
export const readArrivalsOfWindows = defineQuery({
  name: 'read_arrivals_of_windows',
  file: sql('arrivals-of-windows'),
  parameters: z.object({
    ...range,
    granularitySeconds: count.min(1),
    /** The longest lookback. */
    lookbackSeconds: count,
  }),
  row: z.object({ windowStartMs: epochMs, topic: z.string(), partition: count, offset: count }),
});

/** What is published of the windows of a range, and what their newest run has seen. */
export const readStatesOfWindows = defineQuery({
  name: 'read_states_of_windows',
  file: sql('states-of-windows'),
  parameters: z.object(range),
  row: z.object({
    windowStartMs: epochMs,
    windowEndMs: epochMs,
    version: count,
    conversions: count,
    conversionsAttributed: count,
    conversionsOrganic: count,
    firstPublishedAtMs: epochMs,
    cutoff: z.record(z.string(), z.array(count)),
  }),
});

/** What the published credits of the windows of a range add up to, as decimals in text. */
export const readCreditedByModel = defineQuery({
  name: 'read_credited_by_model',
  file: sql('credited-by-model'),
  parameters: z.object(range),
  row: z.object({ model: z.string(), credit: z.string(), organic: z.string(), credited: z.string() }),
});
