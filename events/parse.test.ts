import { createHmac } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import accepted from './examples/accepted.json' with { type: 'json' };
import { CURRENCIES } from './currencies.ts';
import { encodeRow } from './encode.ts';
import { LIMITS } from './limits.ts';
import { type ParseContext, parseEvent } from './parse.ts';
import { type EventRow, IDENTIFIER_TYPES, ROW_COLUMNS } from './row.ts';
import { eventSchema } from './schema.ts';
import { parseRfc3339, toDecimalSeconds } from './time.ts';
import { createUserKeyOf } from './user-key.ts';
import { readFileSync } from 'node:fs';

// Read as text: an import of JSON would turn the key __proto__ into a prototype before the parser could see it.
const rejected = JSON.parse(readFileSync(new URL('./examples/rejected.json', import.meta.url), 'utf8')) as {
  code: string;
  event: unknown;
}[];

const SECRET = Buffer.alloc(32, 7);
const context: ParseContext = {
  tenantId: 'acme',
  receivedAt: Date.UTC(2026, 0, 6),
  traceId: '0af7651916cd43dd8448eb211c80319c',
  identityPriority: IDENTIFIER_TYPES,
  userKeyOf: createUserKeyOf(SECRET),
  newEventId: () => '0193a5c0-0000-7000-8000-00000000ffff',
};
const codeOf = (event: unknown) => parseEvent(event, context).rejection?.code;
const rowOf = (event: unknown): EventRow => {
  const { row, rejection } = parseEvent(event, context);
  if (row === undefined) throw new Error(rejection.message);
  return row;
};
const click = { type: 'click', occurred_at: 1_767_607_092_250, app_id: 'shop', channel: 'search', user_id: 'u' };

describe('the examples', () => {
  it.each(accepted)('are taken: $type', (event) => {
    expect(codeOf(event)).toBeUndefined();
    expect(eventSchema.safeParse(event).success).toBe(true);
  });

  it.each(rejected)('are refused for their reason: $code', ({ code, event }) => {
    expect(codeOf(event)).toBe(code);
  });
});

describe('an event', () => {
  it('becomes one line with a value for each column, in their order', () => {
    const row = rowOf({ ...accepted[3], campaign: 'a "quoted" \\ name', extra: 'ü' });
    const values = JSON.parse(encodeRow(row)) as string[];
    const named = Object.fromEntries(ROW_COLUMNS.map((column, index) => [column, values[index]]));
    expect(values).toHaveLength(ROW_COLUMNS.length);
    expect(named).toEqual({
      ...row,
      occurred_at: '1767608467.000',
      received_at: '1767657600.000',
      properties: '{"order_reference":"A-1001","extra":"ü"}',
    });
    expect(named).toMatchObject({
      name: 'purchase',
      revenue: '49.90',
      currency: 'EUR',
      campaign: 'a "quoted" \\ name',
    });
  });

  it('carries the keyed hash of its first counted identifier, whatever the case of a device id', () => {
    const idfa = '6d92078a-8246-4ba4-ae5b-76104861e7dc';
    const hmac = createHmac('sha256', SECRET).update(`idfa\0${idfa}`).digest('hex').slice(0, 32);
    const row = rowOf({ ...click, user_id: '', anonymous_id: 'x', idfa: idfa.toUpperCase() });
    expect(row.user_key.replaceAll('-', '')).toBe(hmac);
    expect(row.identifier_type).toBe('idfa');
    const other = parseEvent({ ...click, idfa }, { ...context, identityPriority: ['idfa', 'user_id'] });
    expect(other.row?.user_key).toBe(row.user_key);
    expect(parseEvent(click, { ...context, identityPriority: ['idfa'] }).rejection?.code).toBe('missing_identity');
  });

  it('keeps what the contract does not know in its properties', () => {
    const properties = (event: object) => JSON.parse(rowOf(event).properties) as unknown;
    expect(properties(click)).toEqual({});
    expect(properties({ ...click, cost: 3, properties: { cost: 4, a: [1] } })).toEqual({ cost: 4, a: [1] });
    expect(properties({ ...click, currency: 'usd' })).toEqual({ currency: 'usd' });
    expect(rowOf({ ...click, currency: 'usd' }).currency).toBe('');
  });

  it('is refused over properties that are too heavy, too deep or not text', () => {
    const nested = (depth: number): unknown => (depth === 0 ? 1 : [nested(depth - 1)]);
    expect(codeOf({ ...click, properties: { text: 'ü'.repeat(4_100) } })).toBe('properties_too_large');
    expect(codeOf({ ...click, properties: { text: 'u'.repeat(8_000) } })).toBeUndefined();
    expect(codeOf({ ...click, properties: { deep: nested(15) } })).toBeUndefined();
    expect(codeOf({ ...click, properties: { deep: nested(16) } })).toBe('nesting_too_deep');
    expect(codeOf({ ...click, deep: JSON.parse('['.repeat(10_000) + ']'.repeat(10_000)) as unknown })).toBe(
      'nesting_too_deep',
    );
    expect(codeOf({ ...click, properties: { text: 'a\0b' } })).toBe('invalid_field');
    expect(codeOf({ ...click, properties: { 'a\ud800': 1 } })).toBe('invalid_field');
    expect(codeOf({ ...click, properties: JSON.parse('{"a":1e999}') as unknown })).toBe('invalid_field');
    expect(codeOf({ ...click, properties: [] })).toBe('invalid_field');
    expect(codeOf({ ...click, properties: JSON.parse('{"a":{"__proto__":1}}') as unknown })).toBe('forbidden_field');
  });

  it('is judged by the moment of its arrival, not by the clock', () => {
    const at = (occurredAt: number) => codeOf({ ...click, occurred_at: occurredAt });
    expect(at(context.receivedAt + 86_400_000)).toBeUndefined();
    expect(at(context.receivedAt + 86_400_001)).toBe('time_out_of_range');
    expect(at(LIMITS.occurredAtMin)).toBeUndefined();
    expect(at(LIMITS.occurredAtMin - 1)).toBe('time_out_of_range');
    expect(at(1.5)).toBe('invalid_time');
  });

  it('never shows in a refusal what was sent', () => {
    const secret = 'jane@example.org';
    const events = [
      { ...click, user_id: `${secret}\n` },
      { ...click, country: secret },
      { ...click, type: secret },
      { ...click, event_id: secret },
      { ...click, properties: { user_id: secret } },
    ];
    for (const event of events) expect(parseEvent(event, context).rejection?.message).not.toContain(secret);
  });
});

/** What a schema cannot know, so that only `parseEvent` refuses it. */
const BEYOND_SCHEMA = new Set(['time_out_of_range', 'missing_identity', 'forbidden_field', 'properties_too_large']);

const oddText = fc.constantFrom(
  '',
  ' ',
  'a',
  'ü "q" \\',
  'a\0',
  'a\u0085',
  '\ud800',
  '\u2028',
  'install',
  'x'.repeat(64),
  'x'.repeat(65),
  'x'.repeat(129),
  'x'.repeat(257),
  '😀'.repeat(64),
  'e\u0301'.repeat(64),
);
const odd = fc.oneof(
  oddText,
  fc.constantFrom(null, undefined, 0, 7, true, [], {}),
  fc.string({ unit: 'grapheme', maxLength: 6 }),
);
const mostly = <Value>(good: fc.Arbitrary<Value>) =>
  fc.oneof({ weight: 25, arbitrary: good as fc.Arbitrary<unknown> }, { weight: 1, arbitrary: odd });
const times = fc.oneof(
  fc.date({ min: new Date(0), max: new Date('2300-01-01'), noInvalidDate: true }).map((date) => date.toISOString()),
  fc.integer(),
  fc.constantFrom(
    '2024-02-29T23:59:59.123456Z',
    '2023-02-29T00:00:00Z',
    '2024-01-01T00:00:00',
    '2024-01-01T24:00:00Z',
    '2024-13-01T00:00:00Z',
    '2024-01-01t00:00:00+05:30',
    1.5,
    1_767_607_092_250,
  ),
);
const events = fc.record({
  type: mostly(fc.constantFrom('click', 'impression', 'install', 'conversion')),
  event_id: mostly(
    fc.oneof(
      fc.uuid(),
      fc.uuid().map((id) => id.toUpperCase()),
      fc.constant(undefined),
    ),
  ),
  name: mostly(fc.constantFrom(undefined, 'purchase')),
  occurred_at: fc.oneof(fc.constant(1_767_607_092_250), times),
  app_id: mostly(fc.constant('shop')),
  channel: mostly(fc.constant('search')),
  campaign: mostly(fc.constant('brand')),
  ad_group: mostly(fc.constant('group')),
  creative: mostly(fc.constant(undefined)),
  country: mostly(fc.constantFrom('DE', 'us', '')),
  platform: mostly(fc.constant('ios')),
  revenue: mostly(
    fc.constantFrom('', undefined, '0', '1.5', '-1', '01', '1.1234567', '123456789012.123456', '1234567890123'),
  ),
  currency: mostly(fc.constantFrom('EUR', 'usd', undefined, '', 'XXQ')),
  user_id: mostly(fc.constant('u')),
  gaid: mostly(fc.constant(undefined)),
  properties: mostly(fc.constantFrom({}, { a: 1 }, undefined)),
});

describe('the parser and the schema', () => {
  it('accept the same events', () => {
    let taken = 0;
    const check = (event: unknown) => {
      const { row, rejection } = parseEvent(event, context);
      if (row !== undefined) taken += 1;
      if (rejection !== undefined && BEYOND_SCHEMA.has(rejection.code)) return;
      expect(eventSchema.safeParse(event).success, rejection?.message).toBe(row !== undefined);
    };
    fc.assert(fc.property(events, check), { numRuns: 5_000 });
    expect(taken).toBeGreaterThan(200);
  });

  it('give every taken event the line that JSON.stringify would give', () => {
    fc.assert(
      fc.property(events, (event) => {
        const { row } = parseEvent(event, context);
        if (row === undefined) return;
        const plain = ROW_COLUMNS.map((column) =>
          column.endsWith('_at') ? toDecimalSeconds(row[column] as number) : row[column],
        );
        expect(encodeRow(row)).toBe(JSON.stringify(plain));
      }),
      { numRuns: 2_000 },
    );
  });
});

describe('times', () => {
  it('are read as Date reads them, where Date is right', () => {
    fc.assert(
      fc.property(
        fc.date({ min: new Date('2000-01-01'), max: new Date('2200-01-01'), noInvalidDate: true }),
        (date) => {
          expect(parseRfc3339(date.toISOString())).toBe(date.getTime());
          expect(Number(toDecimalSeconds(date.getTime()))).toBe(date.getTime() / 1_000);
        },
      ),
    );
    expect(parseRfc3339('2026-01-05T10:00:00-02:30')).toBe(Date.UTC(2026, 0, 5, 12, 30));
    for (const wrong of [
      '2026-04-31T00:00:00Z',
      '2026-04-31T00:00:00.000Z',
      '2026-04-30T00:60:00.000Z',
      '2026-04-30T0:00:000.000Z',
      '2026-4-301T00:00:00.000Z',
      '2026-04-30T00:00:00.0x0Z',
      '2026-04- 3T00:00:00.000Z',
      '2026x04-30T00:00:00.000Z',
      '+026-04-30T00:00:00.000Z',
      '2026-1-1T00:00:00Z',
      '2026-01-01',
      '2026-01-01T00:00:00+24:00',
      '',
    ]) {
      expect(parseRfc3339(wrong)).toBeUndefined();
    }
  });
});

describe('currencies', () => {
  it('are the ones of today, each once', () => {
    expect(CURRENCIES.size).toBeGreaterThan(150);
    for (const code of ['EUR', 'USD', 'JPY', 'INR', 'ZWG']) expect(CURRENCIES).toContain(code);
  });
});
