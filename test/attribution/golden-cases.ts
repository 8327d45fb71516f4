import { readFileSync, readdirSync } from 'node:fs';
import { parse } from 'csv-parse/sync';
import { z } from 'zod';
import type { PlacedEvent } from '../../attribution/journey.ts';
import { EVENT_TYPES } from '../../events/row.ts';
import { MODELS, type Settings, settingsSchema } from '../../events/settings.ts';
import { DAY_MS, HOUR_MS, WINDOW_START_MS, eventOf } from './events.ts';

const FOLDER = new URL('./golden/', import.meta.url);

/** What one model gives one channel. */
export interface ChannelTotal {
  model: string;
  channel: string;
  credit: number;
  value: number;
}

/** One case of published numbers: events in, credit and value of each channel and model expected. */
export interface GoldenCase {
  name: string;
  settings: Settings;
  events: PlacedEvent[];
  expected: ChannelTotal[];
}

/** A number or a fraction, as `19/6`. */
const fraction = z.string().transform((text) => {
  const [above, below = '1'] = text.split('/');
  return Number(above) / Number(below);
});
const creditLine = z.object({ model: z.enum(MODELS), channel: z.string(), credit: fraction, value: fraction });
const eventLine = z.object({
  user: z.coerce.number(),
  hours_before: z.coerce.number(),
  type: z.enum(EVENT_TYPES),
  name: z.string(),
  channel: z.string(),
  revenue: z.string(),
});

export const goldenCases: GoldenCase[] = readdirSync(FOLDER, { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map(({ name }) => ({
    name,
    settings: settingsSchema.parse(JSON.parse(readText(name, 'settings.json'))),
    events: z.array(eventLine).parse(readCsv(name, 'events.csv')).map(toEvent),
    expected: z.array(creditLine).parse(readCsv(name, 'credits.csv')),
  }));

/**
 * What each channel got from the models that a case names, beside what it should get: equal but for the last digits that
 * rounding each row may move.
 */
export function compareTotals(
  golden: GoldenCase,
  totals: readonly ChannelTotal[],
): { actual: Record<string, string>; expected: Record<string, string> } {
  const models = new Set(golden.expected.map((row) => row.model));
  return { actual: describe(totals.filter((row) => models.has(row.model))), expected: describe(golden.expected) };
}

function describe(rows: readonly ChannelTotal[]): Record<string, string> {
  const sums = new Map<string, { credit: number; value: number }>();
  for (const { model, channel, credit, value } of rows) {
    const sum = sums.get(`${model} ${channel}`) ?? { credit: 0, value: 0 };
    sums.set(`${model} ${channel}`, { credit: sum.credit + credit, value: sum.value + value });
  }
  const entries = [...sums].map(([key, sum]) => [key, `${sum.credit.toFixed(6)} worth ${sum.value.toFixed(3)}`]);
  return Object.fromEntries(entries) as Record<string, string>;
}

function readText(folder: string, file: string): string {
  return readFileSync(new URL(`${folder}/${file}`, FOLDER), 'utf8');
}

function readCsv(folder: string, file: string): unknown {
  return parse(readText(folder, file), { columns: true });
}

function toEvent(
  { user, hours_before, type, name, channel, revenue }: z.infer<typeof eventLine>,
  row: number,
): PlacedEvent {
  return eventOf({
    user_key: `00000000-0000-4000-8000-${String(user).padStart(12, '0')}`,
    event_id: `00000000-0000-4000-9000-${String(row).padStart(12, '0')}`,
    event_type: type,
    name,
    channel,
    revenue,
    currency: 'EUR',
    occurred_at: WINDOW_START_MS + DAY_MS / 2 - hours_before * HOUR_MS,
    kafka_offset: row,
  });
}
