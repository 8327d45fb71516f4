import fc from 'fast-check';
import { expect, it } from 'vitest';
import { encodeRow } from '../../events/encode.ts';
import { parseEvent } from '../../events/parse.ts';
import { type EventRow, IDENTIFIER_TYPES, ROW_COLUMNS } from '../../events/row.ts';
import { createUserKeyOf } from '../../events/user-key.ts';
import { testEnv } from '../support/parts.ts';

const TYPES: Readonly<Record<string, string>> = {
  user_key: 'UUID',
  occurred_at: `DateTime64(3, 'UTC')`,
  event_id: 'UUID',
  event_type: `Enum8('click' = 1, 'impression' = 2, 'install' = 3, 'conversion' = 4)`,
  revenue: 'Decimal(18, 6)',
  received_at: `DateTime64(3, 'UTC')`,
  trace_id: 'FixedString(32)',
};
const STRUCTURE = ROW_COLUMNS.map((column) => `${column} ${TYPES[column] ?? 'String'}`).join(', ');

const text = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 40 });
const events = fc.record({
  type: fc.constant('conversion'),
  name: text,
  occurred_at: fc.integer({ min: 1_262_304_000_000, max: 1_767_657_600_000 }),
  app_id: text,
  channel: text,
  campaign: text,
  creative: text,
  user_id: text,
  event_id: fc.uuid(),
  revenue: fc.tuple(fc.nat(999_999_999), fc.nat(999_999)).map(([whole, part]) => `${whole}.${part}`),
  currency: fc.constantFrom('EUR', 'USD'),
  properties: fc.dictionary(text, fc.oneof(text, fc.double({ noNaN: true, noDefaultInfinity: true }), fc.boolean())),
});

/** Reads lines as the events table would, and gives them back as JSON. */
async function readByClickHouse(lines: readonly string[]): Promise<Record<string, unknown>[]> {
  // Here-documents, in which nothing has to be escaped.
  const body = `SELECT *, toUnixTimestamp64Milli(occurred_at) AS occurred_ms, toString(revenue) AS revenue_text
    FROM format(JSONCompactEachRow, $structure$${STRUCTURE}$structure$, $lines$${lines.join('\n')}$lines$)
    FORMAT JSONEachRow SETTINGS output_format_json_quote_64bit_integers = 0`;
  const response = await fetch(`${testEnv.CLICKHOUSE_URL}/?max_query_size=10000000`, {
    method: 'POST',
    body,
    headers: { connection: 'close' },
  });
  const answer = await response.text();
  if (!response.ok) throw new Error(answer);
  return answer
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>);
}

it('ClickHouse reads every line back as the event that was sent', async () => {
  const context = {
    tenantId: 'acme',
    receivedAt: 1_767_657_600_000,
    traceId: '0af7651916cd43dd8448eb211c80319c',
    identityPriority: IDENTIFIER_TYPES,
    userKeyOf: createUserKeyOf(Buffer.alloc(32, 7)),
    newEventId: () => '',
  };
  const rows = fc.sample(events, 500).flatMap((event) => parseEvent(event, context).row ?? []);
  expect(rows.length).toBeGreaterThan(200);
  const read = await readByClickHouse(rows.map(encodeRow));
  const expected = (row: EventRow) => ({
    user_key: row.user_key,
    event_id: row.event_id,
    name: row.name,
    app_id: row.app_id,
    channel: row.channel,
    campaign: row.campaign,
    creative: row.creative,
    properties: row.properties,
    occurred_ms: row.occurred_at,
    revenue_text: row.revenue.replace(/(\.\d*?)0+$/, '$1').replace(/\.$/, ''),
    currency: row.currency,
  });
  expect(read).toHaveLength(rows.length);
  for (const [index, row] of rows.entries()) expect(read[index]).toMatchObject(expected(row));
});
