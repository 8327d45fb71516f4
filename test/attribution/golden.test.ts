import { expect, it } from 'vitest';
import { newTenant, runOf } from './events.ts';
import { compareTotals, goldenCases } from './golden-cases.ts';
import { computeRows, insertEvents } from './setup.ts';

it.each(goldenCases)('the SQL gives the published credits of $name', async (golden) => {
  const tenant = newTenant();
  await insertEvents(golden.events.map((event) => ({ ...event, tenant_id: tenant })));
  const rows = await computeRows(runOf(tenant, { settings: golden.settings }));
  const totals = rows.map((row) => ({ ...row, credit: Number(row.credit), value: Number(row.value) }));
  const { actual, expected } = compareTotals(golden, totals);
  expect(actual).toEqual(expected);
});
