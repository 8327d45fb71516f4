import type { QueryOptions } from '../clickhouse/client.ts';
import { LOSSES, type LedgerDifferences, differencesText, sumOf } from '../events/ledger.ts';
import { type AcceptedLoss, readAcceptedLosses } from '../postgres/accepted-losses.ts';
import type { WindowKey } from './contract.ts';
import type { LedgerParts } from './dependencies.ts';
import { readHoursOfWindow, readLedgerLosses } from './ledger-queries.ts';
import { toIso } from './window-range.ts';

/**
 * One line for each hour of receipt in which events got lost that may belong to the window: hours of which it has rows,
 * and those of its own time. Losses that somebody bears are left out. Almost always one look at a small table; an hour
 * that was not measured yet says nothing.
 */
export async function lossesOfWindow(
  { clickhouse, postgres }: Pick<LedgerParts, 'clickhouse' | 'postgres'>,
  { tenantId, windowStartMs, windowEndMs }: WindowKey,
  options: QueryOptions = {},
): Promise<string[]> {
  const losses = await readLedgerLosses(clickhouse, { tenantId, codes: [...LOSSES] }, options);
  if (losses.length === 0) return [];
  const accepted = await readAcceptedLosses(postgres, tenantId);
  const received = await readHoursOfWindow(clickhouse, { tenantId, windowStartMs, windowEndMs }, options);
  const hours = new Set(received.map(({ hourMs }) => hourMs));
  return losses
    .filter(({ hourMs }) => hours.has(hourMs) || (hourMs >= windowStartMs && hourMs < windowEndMs))
    .filter((hour) => !isBorne({ tenantId, ...hour }, accepted))
    .map(({ hourMs, differences }) => `${toIso(hourMs)}: ${differencesText(differences, LOSSES)}`);
}

/** Whether somebody bears the loss of an hour: all of it, for an acceptance holds for as many events as it was of. */
export function isBorne(
  hour: { tenantId: string; hourMs: number; differences: LedgerDifferences },
  accepted: readonly AcceptedLoss[],
): boolean {
  const mine = accepted.find(({ tenantId, hourMs }) => tenantId === hour.tenantId && hourMs === hour.hourMs);
  return sumOf(hour.differences, LOSSES) <= (mine?.events ?? 0);
}
