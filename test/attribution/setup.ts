import { Readable } from 'node:stream';
import { afterAll, beforeAll } from 'vitest';
import { z } from 'zod';
import { insertCollisions } from '../../activities/collision-queries.ts';
import { computeCredits } from '../../activities/run-queries.ts';
import type { PlacedEvent } from '../../attribution/journey.ts';
import { type RunInput, creditParameters } from '../../attribution/parameters.ts';
import type { Credit } from '../../attribution/reference.ts';
import { clickHouseConnection } from '../../bin/clickhouse-connection.ts';
import { type ClickHouse, createClickHouse, insertBytes } from '../../clickhouse/client.ts';
import { migrateClickHouse } from '../../clickhouse/migrate.ts';
import { encodeRow } from '../../events/encode.ts';
import { POSITION_COLUMNS, ROW_COLUMNS } from '../../events/row.ts';
import { testEnv } from '../support/parts.ts';

const config = clickHouseConnection(testEnv, 'test');

/** The database of this test file, with all tables. */
export const clickhouse: ClickHouse = createClickHouse(config);

beforeAll(async () => {
  await migrateClickHouse(config, { cluster: '' });
});
afterAll(() => clickhouse.close());

/** Puts events into ClickHouse as the sink does, at the places that they carry, and keeps those that collide as a run does. */
export async function insertEvents(events: readonly PlacedEvent[]): Promise<void> {
  const lines = events.map((event) => {
    const { kafka_topic, kafka_partition, kafka_offset } = event;
    return `["${kafka_topic}",${kafka_partition},${kafka_offset},0,0,${encodeRow(event).slice(1)}\n`;
  });
  const statement = {
    name: 'test_insert_events',
    table: 'events_raw_v1',
    columns: [...POSITION_COLUMNS, ...ROW_COLUMNS],
    format: 'JSONCompactEachRow',
    bytes: Readable.from([lines.join('')]),
  };
  await insertBytes(clickhouse, statement, { settings: { max_partitions_per_insert_block: '0' } });
  for (const [topic, placed] of Map.groupBy(events, ({ kafka_topic: name }) => name)) {
    const partitions = [...new Set(placed.map(({ kafka_partition: partition }) => partition))];
    const offsets = placed.map(({ kafka_offset: offset }) => offset);
    const [from, until] = [Math.min(...offsets), Math.max(...offsets) + 1];
    const slice = { offsetsFrom: partitions.map(() => from), offsetsUntil: partitions.map(() => until) };
    await insertCollisions(clickhouse, { topic, partitions, ...slice });
  }
}

/** Computes a run, and gives its rows as text that can be compared with the reference's. */
export async function computeRows(run: RunInput): Promise<CreditRow[]> {
  await computeCredits(clickhouse, creditParameters(run));
  return readRows('credits_raw_v1', run);
}

const creditRow = z.object({
  model: z.string(),
  app_id: z.string(),
  conversion_event_id: z.string(),
  conversion_name: z.string(),
  conversion_at: z.number(),
  touchpoint_event_id: z.string(),
  touchpoint_at: z.number(),
  touchpoint_type: z.string(),
  channel: z.string(),
  campaign: z.string(),
  ad_group: z.string(),
  creative: z.string(),
  country: z.string(),
  platform: z.string(),
  position: z.number(),
  journey_length: z.number(),
  credit: z.string(),
  value: z.string(),
  currency: z.string(),
});
export type CreditRow = z.infer<typeof creditRow>;

/** The rows of one run from the table, or the published ones of a tenant from the view. */
export async function readRows(table: 'credits_raw_v1' | 'credits', run: RunInput): Promise<CreditRow[]> {
  const result = await clickhouse.client.query({
    query: `SELECT * EXCEPT (tenant_id, window_start, run_id, conversion_at, touchpoint_at),
        toUnixTimestamp64Milli(conversion_at) AS conversion_at, toUnixTimestamp64Milli(touchpoint_at) AS touchpoint_at
      FROM ${table} WHERE tenant_id = {tenantId:String} AND run_id = {runId:UUID}`,
    query_params: { tenantId: run.tenantId, runId: run.runId },
    format: 'JSONEachRow',
    clickhouse_settings: { output_format_json_quote_64bit_integers: 0, output_format_json_quote_decimals: 1 },
  });
  return sortRows(z.array(creditRow).parse(await result.json()));
}

/** Credits of the reference as rows of the table. */
export function toRows(credits: readonly Credit[]): CreditRow[] {
  return sortRows(credits.map(toRow));
}

const NIL_UUID = '00000000-0000-0000-0000-000000000000';

function toRow({ touchpoint, ...credit }: Credit): CreditRow {
  return {
    model: credit.model,
    app_id: credit.appId,
    conversion_event_id: credit.conversionEventId,
    conversion_name: credit.conversionName,
    conversion_at: credit.conversionAtMs,
    touchpoint_event_id: touchpoint?.event_id ?? NIL_UUID,
    touchpoint_at: touchpoint?.occurred_at ?? 0,
    touchpoint_type: touchpoint?.event_type ?? 'none',
    channel: touchpoint?.channel ?? 'organic',
    campaign: touchpoint?.campaign ?? '',
    ad_group: touchpoint?.ad_group ?? '',
    creative: touchpoint?.creative ?? '',
    country: touchpoint?.country ?? '',
    platform: touchpoint?.platform ?? '',
    position: credit.position,
    journey_length: credit.journeyLength,
    credit: formatDecimal(credit.creditNano, 9),
    value: formatDecimal(credit.valueMicro, 6),
    currency: credit.currency,
  };
}

/** As ClickHouse writes decimals: without zeros at the end. */
function formatDecimal(units: bigint, digits: number): string {
  const text = units.toString().padStart(digits + 1, '0');
  return `${text.slice(0, -digits)}.${text.slice(-digits)}`.replace(/\.?0+$/, '');
}

/** A decimal as the integer of its smallest units. */
export const parseDecimal = (text: string, digits: number): bigint => {
  const [whole = '0', fraction = ''] = text.split('.');
  return BigInt(whole + fraction.padEnd(digits, '0'));
};

function sortRows(rows: CreditRow[]): CreditRow[] {
  const key = (row: CreditRow) =>
    `${row.model} ${row.conversion_event_id} ${String(row.position).padStart(9, '0')} ${row.touchpoint_event_id}`;
  return rows.toSorted((left, right) => (key(left) < key(right) ? -1 : 1));
}
