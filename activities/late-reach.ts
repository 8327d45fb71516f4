import { GRANULARITY_SECONDS, type Settings } from '../events/settings.ts';
import { loadSettings } from '../postgres/settings.ts';
import type { Tenant } from '../postgres/tenants.ts';
import type { ActivityDependencies } from './dependencies.ts';
import { readJudgedTenants } from './late-queries.ts';

/** Windows that were computed longer ago are frozen, whatever their tenant has set (90 days at most). */
const OPEN_MS_MAX = 91 * 86_400_000;

/** By what the rows of a tenant are led to the windows that they may change. */
export interface TenantReach {
  tenantId: string;
  windowMs: number;
  lookbackClickMs: number;
  lookbackImpressionMs: number;
  /** Empty for all of them. */
  conversionNames: string[];
  milestones: string[];
  /** End of the newest window that was ever computed or is being closed; 0 for none. */
  judgedUntilMs: number;
}

/**
 * The reach of tenants. A window keeps the settings that it was published with, and a replay may have given some windows
 * others: what is in use anywhere counts, because a run in vain does no harm and a missed one does.
 */
export async function readReaches(
  dependencies: ActivityDependencies,
  tenants: readonly Tenant[],
  runningUntilMs: ReadonlyMap<string, number>,
): Promise<TenantReach[]> {
  const { clickhouse, postgres, nowMs } = dependencies;
  const tenantIds = tenants.map(({ tenant_id: tenantId }) => tenantId);
  const judged = await readJudgedTenants(clickhouse, { tenantIds, sinceMs: nowMs() - OPEN_MS_MAX });
  return Promise.all(
    tenants.map(async ({ tenant_id: tenantId, settings, settings_version: newest }) => {
      const mine = judged.find((entry) => entry.tenantId === tenantId);
      const others = (mine?.settingsVersions ?? []).filter((version) => version !== newest);
      const older = await Promise.all(others.map((version) => loadSettings(postgres, tenantId, version)));
      return {
        tenantId,
        ...reachOf([settings, ...older.map((entry) => entry.settings)]),
        judgedUntilMs: Math.max(mine?.judgedUntilMs ?? 0, runningUntilMs.get(tenantId) ?? 0),
      };
    }),
  );
}

/** The widest reach of several settings of one tenant, the first of which is in force. */
export function reachOf(all: readonly [Settings, ...Settings[]]): Omit<TenantReach, 'tenantId' | 'judgedUntilMs'> {
  const names = all.map(({ conversion_names: conversionNames }) => conversionNames);
  const withMilestone = all.filter(({ models }) => models.includes('w_shaped'));
  return {
    windowMs: GRANULARITY_SECONDS[all[0].granularity] * 1_000,
    lookbackClickMs: Math.max(...all.map(({ lookback_click_seconds: seconds }) => seconds)) * 1_000,
    lookbackImpressionMs: Math.max(...all.map(({ lookback_impression_seconds: seconds }) => seconds)) * 1_000,
    conversionNames: names.some((one) => one.length === 0) ? [] : [...new Set(names.flat())],
    milestones: [...new Set(withMilestone.map(({ w_shaped_milestone: milestone }) => milestone))],
  };
}
