import type { Cutoff } from '../events/cutoff.ts';
import type { Model, Settings } from '../events/settings.ts';

/** Which run of which window, and what it may see. */
export interface RunInput {
  tenantId: string;
  windowStartMs: number;
  windowEndMs: number;
  runId: string;
  cutoff: Cutoff;
  settings: Settings;
}

/** What `credits.sql` takes. Shares are integers, so that nothing depends on how fractions are rounded. */
export interface CreditParameters {
  tenantId: string;
  windowStartMs: number;
  windowEndMs: number;
  runId: string;
  cutoff: Record<string, readonly number[]>;
  models: Model[];
  lookbackClickMs: number;
  lookbackImpressionMs: number;
  conversionNames: string[];
  halfLifeMs: number;
  firstShareNano: number;
  lastShareNano: number;
  milestone: string;
}

/** The parameters of one run from its window, cut-off and settings. */
export function creditParameters({ settings, cutoff, ...run }: RunInput): CreditParameters {
  return {
    ...run,
    cutoff: { ...cutoff },
    models: [...new Set(settings.models)],
    lookbackClickMs: settings.lookback_click_seconds * 1_000,
    lookbackImpressionMs: settings.lookback_impression_seconds * 1_000,
    conversionNames: settings.conversion_names,
    halfLifeMs: settings.time_decay_half_life_seconds * 1_000,
    firstShareNano: toNano(settings.position_based_first_share),
    lastShareNano: toNano(settings.position_based_last_share),
    milestone: settings.w_shaped_milestone,
  };
}

const toNano = (share: number): number => Math.round(share * 1e9);
