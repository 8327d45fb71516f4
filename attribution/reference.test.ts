import { expect, it } from 'vitest';
import { eventOf, runOf, settingsOf } from '../test/attribution/events.ts';
import { compareTotals, goldenCases } from '../test/attribution/golden-cases.ts';
import { creditWindow } from './reference.ts';

it.each(goldenCases)('gives the published credits of $name', (golden) => {
  const credits = creditWindow(golden.events, runOf('tenant', { settings: golden.settings }));
  const totals = credits.map(({ model, touchpoint, creditNano, valueMicro }) => ({
    model,
    channel: touchpoint?.channel ?? 'organic',
    credit: Number(creditNano) / 1e9,
    value: Number(valueMicro) / 1e6,
  }));
  const { actual, expected } = compareTotals(golden, totals);
  expect(actual).toEqual(expected);
});

it('lets a window credit a conversion only if the copy received first lies in it', () => {
  const settings = settingsOf({ models: ['linear'] });
  const run = runOf('tenant', { settings });
  const event_id = '00000000-0000-4000-8000-000000000001';
  const first = eventOf({
    event_type: 'install',
    name: 'install',
    event_id,
    occurred_at: run.windowStartMs - 1,
    received_at: 1,
  });
  const second = eventOf({ ...first, occurred_at: run.windowStartMs, received_at: 2, kafka_offset: 1 });
  expect(creditWindow([second, first], run)).toEqual([]);
  expect(creditWindow([second], run)).toHaveLength(1);
});
