import { expect, it } from 'vitest';
import { tableText } from './output.ts';

const HEAD = ['tenant', 'state', 'rows'];
const ROWS = [
  ['acme', 'open', 3],
  ['another', '', 12],
];

it('a table that fits stays a table, numbers to the right', () => {
  const lines = tableText(HEAD, ROWS, { width: 26 }).split('\n');
  expect(lines[0]).toHaveLength(26);
  expect(lines[2]).toBe('│ acme    │ open  │    3 │');
});

it('a table wider than the terminal becomes a block of lines for each row, without what is empty', () => {
  expect(tableText(HEAD, ROWS, { width: 25 })).toBe(
    'tenant  acme\nstate   open\nrows    3\n\ntenant  another\nrows    12',
  );
});
