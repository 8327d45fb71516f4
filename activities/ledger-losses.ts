import type { ClickHouse, QueryOptions } from '../clickhouse/client.ts';
import { LOSSES, differencesText } from '../events/ledger.ts';
import type { WindowKey } from './contract.ts';
import { readHoursOfWindow, readLedgerLosses } from './ledger-queries.ts';
import { toIso } from './window-range.ts';

/**
 * One line for each hour of receipt in which events got lost that may belong to the window: hours of which it has rows,
 * and those of its own time. Almost always one look at a small table; an hour that was not measured yet says nothing.
 */
export async function lossesOfWindow(
  clickhouse: ClickHouse,
  { tenantId, windowStartMs, windowEndMs }: WindowKey,
  options: QueryOptions = {},
): Promise<string[]> {
  const losses = await readLedgerLosses(clickhouse, { tenantId, codes: [...LOSSES] }, options);
  if (losses.length === 0) return [];
  const received = await readHoursOfWindow(clickhouse, { tenantId, windowStartMs, windowEndMs }, options);
  const hours = new Set(received.map(({ hourMs }) => hourMs));
  return losses
    .filter(({ hourMs }) => hours.has(hourMs) || (hourMs >= windowStartMs && hourMs < windowEndMs))
    .map(({ hourMs, differences }) => `${toIso(hourMs)}: ${differencesText(differences, LOSSES)}`);
}
