import { FAULTS, sumOf } from '../events/ledger.ts';
import { GRANULARITY_SECONDS } from '../events/settings.ts';
import { readAcceptedLosses } from '../postgres/accepted-losses.ts';
import { type Tenant, loadTenants } from '../postgres/tenants.ts';
import { CALLS_AT_ONCE } from './ask-windows.ts';
import { chunksOf } from './chunks.ts';
import { reopenWindow, toTemporalError } from './client.ts';
import type { ActivityDependencies } from './dependencies.ts';
import { isBorne } from './ledger-losses.ts';
import { type LedgerHour, readWindowsOfHour } from './ledger-queries.ts';
import { insertHours } from './store-ledger.ts';
import { windowAt } from './window-range.ts';

const WINDOWS_PER_HOUR_MAX = 1_000;

/**
 * Lets the windows run again that the faults of hours concern, so that they are refused while events are lost, and verified
 * when these are back. An hour is told when all of its windows are; whoever dies before that tells them again.
 */
export async function tellLedger(dependencies: ActivityDependencies, hours: readonly LedgerHour[]): Promise<number> {
  const untold = hours.filter(({ isTold }) => !isTold);
  if (untold.length === 0) return 0;
  const tenants = new Map((await loadTenants(dependencies.postgres)).map((tenant) => [tenant.tenant_id, tenant]));
  const accepted = await readAcceptedLosses(dependencies.postgres, '');
  let told = 0;
  for (const hour of untold) {
    const tenant = tenants.get(hour.tenantId);
    if (tenant !== undefined) {
      told += await tellWindows(dependencies, tenant, { ...hour, isLost: !isBorne(hour, accepted) });
    }
    await insertHours(dependencies, [{ ...hour, isTold: true }]);
  }
  dependencies.metrics.ledgerReopens.inc(told);
  return told;
}

async function tellWindows(
  { clickhouse, temporal, taskQueue, nowMs }: ActivityDependencies,
  { tenant_id: tenantId, settings }: Tenant,
  { hourMs, differences, isLost }: LedgerHour & { isLost: boolean },
): Promise<number> {
  const windows = await readWindowsOfHour(clickhouse, {
    tenantId,
    hourMs,
    windowSeconds: GRANULARITY_SECONDS[settings.granularity],
    windowsMax: WINDOWS_PER_HOUR_MAX,
  });
  const isFaulty = sumOf(differences, FAULTS) > 0;
  const concerned = windows.filter(({ runState, firstPublishedAtMs }) => {
    if (firstPublishedAtMs > 0 && firstPublishedAtMs + settings.late_horizon_seconds * 1_000 <= nowMs()) return false;
    const isRefused = runState === 'inconsistent';
    return isLost ? !isRefused : isFaulty || isRefused;
  });
  for (const some of chunksOf(concerned, CALLS_AT_ONCE)) {
    await Promise.all(
      some.map(({ windowStartMs }) =>
        reopenWindow({ temporal, taskQueue }, windowAt(tenantId, settings.granularity, windowStartMs), {
          version: 1,
          arrivals: null,
        }),
      ),
    ).catch((error: unknown) => {
      throw toTemporalError(error);
    });
  }
  return concerned.length;
}
