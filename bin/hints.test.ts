import { expect, it } from 'vitest';
import { hintOf } from './hints.ts';

it('a part that is away is named with its address and variable, never with its password', () => {
  const hint = hintOf('postgres_unavailable', { POSTGRES_URL: 'postgres://writer:secret@db.example:5432/control' });
  expect(hint).toContain('postgres://writer:***@db.example:5432/control (POSTGRES_URL)');
  expect(hint).toContain('unmogrowp status');
});

it('where nothing runs and nothing is set, the hint says how to start and what to set', () => {
  expect(hintOf('clickhouse_unavailable', {})).toMatch(/CLICKHOUSE_URL is not set.*unmogrowp up/);
});

it('an error that says by itself what to do gets no hint', () => {
  expect(hintOf('settings_invalid', {})).toBeUndefined();
});
