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

/** The windows of a range that have events of their own. */
export const readWindowsWithRows = defineQuery({
  name: 'read_windows_with_rows',
  file: sql('windows-with-rows'),
  parameters: z.object({ ...range, granularitySeconds: count.min(1) }),
  row: z.object({ windowStartMs: epochMs }),
});

/** The windows of a range that lack late rows which may change them. */
export const readLateWindows = defineQuery({
  name: 'read_late_windows',
  file: sql('late-windows-of-range'),
  parameters: z.object(range),
  row: z.object({
    windowStartMs: epochMs,
    /** The rows came after the late horizon: no run sees them by itself. */
    isFrozen: z.union([z.boolean(), z.number()]).transform(Boolean),
  }),
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
