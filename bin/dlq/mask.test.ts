import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ROW_COLUMNS } from '../../events/row.ts';
import { maskLine, shapeOf } from './mask.ts';

const ROW = {
  tenant_id: 'acme',
  app_id: 'shop',
  user_key: '2ac0346b-58e6-bf4c-e495-d2d10740558f',
  occurred_at: '1767600000.125',
  event_id: '0193a5c0-0000-7000-8000-00000000000b',
  event_type: 'conversion',
  name: 'purchase',
  channel: 'search',
  campaign: 'brand',
  ad_group: '',
  creative: '',
  country: 'DE',
  platform: 'web',
  revenue: '12.5',
  currency: 'EUR',
  identifier_type: 'user_id',
  properties: '{"mail":"jane@example.org","age":42,"tags":["Jane",true]}',
  received_at: '1767600001.500',
  trace_id: '0af7651916cd43dd8448eb211c80319c',
};

const lineOf = (row: Readonly<Record<string, unknown>>): string =>
  JSON.stringify(ROW_COLUMNS.map((column) => row[column]));

test('a row is shown by its columns, without the key of its user and the values of its properties', () => {
  expect(maskLine(lineOf(ROW))).toEqual({
    ...ROW,
    user_key: '9xx9999x-99x9-xx9x-x999-x9x99999999x',
    properties: '{"mail":"xxxx@xxxxxxx.xxx","age":"99","tags":["Xxxx",true]}',
  });
});

test('a value that does not belong into its column is shown as its shape', () => {
  const broken = {
    ...ROW,
    user_key: 'jane@example.org',
    revenue: 'Jane',
    name: 'call +49 151 2345678',
    occurred_at: null,
  };
  expect(maskLine(lineOf(broken))).toMatchObject({
    user_key: 'xxxx@xxxxxxx.xxx',
    revenue: 'Xxxx',
    name: 'xxxx +99 999 9999999',
    occurred_at: 'xxxx',
  });
  expect(maskLine('{"user_id": "Jane-7"}')).toBe('{"xxxx_xx": "Xxxx-9"}');
});

test('wherever an identifier stands in a row, it is not shown', () => {
  const identifiers = fc.oneof(fc.emailAddress(), fc.uuid(), fc.stringMatching(/^[0-9]{9}$/));
  fc.assert(
    fc.property(identifiers, fc.constantFrom(...ROW_COLUMNS), (identifier, column) => {
      // The identity of an event and of a trace, and moments, are nobody's.
      fc.pre(shapeOf(identifier) !== identifier);
      fc.pre(!['event_id', 'trace_id', 'occurred_at', 'received_at'].includes(column));
      const shown = JSON.stringify(maskLine(lineOf({ ...ROW, [column]: identifier })));
      expect(shown).not.toContain(identifier);
      expect(JSON.stringify(maskLine(`broken ${identifier}`))).not.toContain(identifier);
    }),
  );
});

test('a shape holds no letter, digit or control sign of its text', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 60 }), (text) => {
      expect(shapeOf(text).replaceAll(/[xX9·]/g, '')).not.toMatch(/[\p{L}\p{N}\p{C}]/u);
    }),
  );
});
