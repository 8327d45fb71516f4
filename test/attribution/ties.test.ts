import { randomUUID } from 'node:crypto';
import { expect, it } from 'vitest';
import { readExpectedTotals, readRunTotals } from '../../activities/run-queries.ts';
import { WINDOW_START_MS, eventOf, newTenant, runOf, settingsOf } from './events.ts';
import { clickhouse, computeRows, insertEvents } from './setup.ts';

it('an identity with two amounts in one record is one conversion with one of them, and the totals agree', async () => {
  const tenant_id = newTenant();
  const sold = { tenant_id, event_id: randomUUID(), event_type: 'conversion', received_at: WINDOW_START_MS } as const;
  const amounts = ['20', '10', '30'].map((revenue) => eventOf({ ...sold, revenue, currency: 'EUR' }));
  await insertEvents(amounts);
  const run = runOf(tenant_id, { settings: settingsOf({ models: ['linear'] }) });
  expect((await computeRows(run)).map(({ credit, value }) => [Number(credit), Number(value)])).toEqual([[1, 10]]);
  const { tenantId, windowStartMs, windowEndMs, runId, cutoff } = run;
  const totals = await readRunTotals(clickhouse, { tenantId, windowStartMs, runId });
  const asked = { tenantId, windowStartMs, windowEndMs, cutoff, conversionNames: [] };
  const expected = await readExpectedTotals(clickhouse, asked);
  expect(totals.map(({ credit, value, currency }) => [Number(credit), Number(value), currency])).toEqual(
    expected.map(({ conversions, value, currency }) => [conversions, Number(value), currency]),
  );
});
