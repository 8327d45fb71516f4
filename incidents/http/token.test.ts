import { expect, test } from 'vitest';
import { createTokenCheck } from './token.ts';

const check = createTokenCheck('a-long-secret');

test('only the token itself is let in, whatever its length', () => {
  expect(check('Bearer a-long-secret')).toBeUndefined();
  expect(check('bearer   a-long-secret')).toBeUndefined();
  for (const wrong of ['a-long-secreT', 'a-long-secret2', 'a-long', 'x'])
    expect(check(`Bearer ${wrong}`)).toBe('token_wrong');
});

test('another scheme, or none, is no token', () => {
  for (const missing of [undefined, '', 'a-long-secret', 'Basic a-long-secret', 'Bearer ']) {
    expect(check(missing)).toBe('token_missing');
  }
});
