import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { ConsumedRecord } from '../kafka/fetcher.ts';
import { type EncodedRows, encodeLines, encodeRecords, splitLines } from './encode-rows.ts';

const origin = { topic: 'a "topic"', topicId: 'id', partition: 3, first: 10, last: 19 };
const POSITION = ['a "topic"', 3];

const recordOf = (value: Buffer, index: number): ConsumedRecord => ({
  offset: 10 + index,
  timestampMs: 0,
  value,
  headers: [],
});
const textOf = ({ chunks }: EncodedRows): string => Buffer.concat(chunks).toString();

const line = fc.oneof(
  fc
    .array(fc.string({ unit: 'grapheme', maxLength: 20 }), { minLength: 1, maxLength: 4 })
    .map((cells) => JSON.stringify(cells)),
  fc.constantFrom('', 'not a row', '[', ']', '[]', '"', '\r', 'x'.repeat(3_000)),
);
const records = fc
  .array(fc.array(line, { maxLength: 6 }), { maxLength: 8 })
  .map((lines) => lines.map((of, index) => recordOf(Buffer.from(of.join('\n')), index)));

it('every line becomes one row with its position in front and nothing else changed, lines that are no rows included', () => {
  fc.assert(
    fc.property(records, (some) => {
      const encoded = encodeRecords(origin, some);
      const expected = some.flatMap(({ offset, value }) =>
        value
          .toString()
          .split('\n')
          .filter((text) => text !== '')
          .map(
            (text) => `${JSON.stringify([...POSITION, offset, 10, 19, 0]).slice(0, -1)},${text.replace(/^\[/, '')}\n`,
          ),
      );
      expect(textOf(encoded)).toBe(expected.join(''));
      expect(encoded.rows).toBe(expected.length);
    }),
  );
});

it('lines one by one become the same bytes as all at once, so that halves of a range hold the same rows', () => {
  fc.assert(
    fc.property(records, fc.nat(50), (some, middle) => {
      const lines = splitLines(some);
      const halves = [lines.slice(0, middle), lines.slice(middle)].map((half) => encodeLines(origin, half));
      expect(halves.map(textOf).join('')).toBe(textOf(encodeRecords(origin, some)));
      for (const { record, index, bytes } of lines) {
        expect(bytes.toString()).toBe(record.value.toString().split('\n')[index]);
      }
    }),
  );
});

it('every row says how many its record has, where ingest has said it', () => {
  const header = (name: string, value: string) => [Buffer.from(name), Buffer.from(value)] as const;
  const announced = (...headers: ConsumedRecord['headers']) =>
    (JSON.parse(textOf(encodeRecords(origin, [{ ...recordOf(Buffer.from('["x"]'), 0), headers }]))) as unknown[])[5];
  expect(announced(header('row_count', '7'), header('received_at', '5'))).toBe(7);
  expect(announced(header('row_count', '7'))).toBe(0);
  expect(announced(header('row_count', 'many'), header('received_at', '5'))).toBe(0);
});

it('a row that is larger than a chunk is not cut', () => {
  const big = JSON.stringify(['x'.repeat(3_000_000)]);
  const some = [recordOf(Buffer.from(`["before"]\n${big}\n["after"]`), 0)];
  const rows = textOf(encodeRecords(origin, some))
    .trimEnd()
    .split('\n')
    .map((text) => (JSON.parse(text) as unknown[]).at(-1));
  expect(rows).toEqual(['before', 'x'.repeat(3_000_000), 'after']);
});
