import { expect, it } from 'vitest';
import { moneyText } from './money-text.ts';

it.each([
  ['49.9', 'EUR', '49.90 EUR'],
  ['12', 'USD', '12.00 USD'],
  ['3.619526', 'USD', '3.619526 USD'],
  ['3.620000', 'USD', '3.62 USD'],
  ['100', 'JPY', '100 JPY'],
  ['12345678901234567890.123456', 'EUR', '12345678901234567890.123456 EUR'],
  ['0', '', ''],
])('%s %s is written %j', (amount, currency, text) => {
  expect(moneyText(amount, currency)).toBe(text);
});
