import { z } from 'zod';
import { IDENTIFIER_TYPES } from './row.ts';

/** Names of the attribution models, as stored in `credits.model` and shown everywhere. */
export const MODELS = [
  'first_touch',
  'last_touch',
  'last_non_direct_touch',
  'linear',
  'time_decay',
  'position_based',
  'w_shaped',
] as const;
export type Model = (typeof MODELS)[number];

export const GRANULARITIES = ['1h', '1d'] as const;
export type Granularity = (typeof GRANULARITIES)[number];

export const GRANULARITY_SECONDS: Readonly<Record<Granularity, number>> = { '1h': 3_600, '1d': 86_400 };

const DAY = 86_400;
const seconds = (minimum: number, maximum: number, fallback: number) =>
  z.number().int().min(minimum).max(maximum).default(fallback);
const share = z.number().min(0).max(1).default(0.4);
const name = z.string().min(1).max(128);
/** Naming one twice says no more than once. */
const withoutRepetition = <Item>(items: Item[]): Item[] => [...new Set(items)];

/**
 * What a tenant decides about attribution, with what each setting means for `unmogrowp tenant settings --help`.
 * Versioned: each change is a new version, and each publication says which version it was computed with.
 */
export const settingsSchema = z
  .strictObject({
    models: z
      .array(z.enum(MODELS))
      .min(1)
      .overwrite(withoutRepetition)
      .default([...MODELS])
      .describe('Attribution models whose credits are computed.'),
    lookback_click_seconds: seconds(1, 365 * DAY, 7 * DAY).describe(
      'How long before a conversion a click may still earn credit.',
    ),
    lookback_impression_seconds: seconds(1, 365 * DAY, DAY).describe('The same for an impression.'),
    granularity: z
      .enum(GRANULARITIES)
      .default('1d')
      // Windows of two sizes over one time would count a conversion twice.
      .describe('Length of a window, 1h or 1d; fixed when the tenant is created.'),
    allowed_lateness_seconds: seconds(0, 30 * DAY, 3_600).describe(
      'How long after its end a window waits before its first close.',
    ),
    late_horizon_seconds: seconds(0, 90 * DAY, 7 * DAY).describe(
      'How long after its first close late data reopens a window.',
    ),
    identity_priority: z
      .array(z.enum(IDENTIFIER_TYPES))
      .min(1)
      .overwrite(withoutRepetition)
      .default([...IDENTIFIER_TYPES])
      .describe('The first of these identifiers that an event has becomes its user key.'),
    conversion_names: z
      .array(name)
      .max(100)
      .overwrite(withoutRepetition)
      .default([])
      .describe('Conversions that earn credit; none named means all. Installs are named install.'),
    time_decay_half_life_seconds: seconds(1, 365 * DAY, 7 * DAY).describe(
      'After how long a touchpoint weighs half in the model time_decay.',
    ),
    position_based_first_share: share.describe(
      'Share of the first touchpoint in the model position_based; those between divide the rest.',
    ),
    position_based_last_share: share.describe('Share of the last touchpoint there.'),
    w_shaped_milestone: name
      .default('signup')
      .describe('Name of the conversion that marks the lead in the model w_shaped.'),
  })
  .refine((settings) => settings.position_based_first_share + settings.position_based_last_share <= 1, {
    message: 'position_based_first_share + position_based_last_share must not exceed 1',
    path: ['position_based_last_share'],
  })
  .refine((settings) => settings.allowed_lateness_seconds + settings.late_horizon_seconds > 0, {
    message: 'with neither allowed lateness nor a late horizon every late event would be lost to attribution',
    path: ['late_horizon_seconds'],
  });

export type Settings = z.infer<typeof settingsSchema>;

/** Settings as stored: immutable, numbered from 1 per tenant. */
export interface SettingsVersion {
  tenant_id: string;
  version: number;
  settings: Settings;
  /** Windows that begin earlier keep older ones; null when that was not asked for. */
  applies_from: Date | null;
}

/** Every setting with its meaning and its default, in the order of the schema. */
export function describeSettings(): { name: keyof Settings; meaning: string; fallback: Settings[keyof Settings] }[] {
  const defaults = settingsSchema.parse({});
  return Object.entries(settingsSchema.shape).map(([key, { description = '' }]) => {
    const setting = key as keyof Settings;
    return { name: setting, meaning: description, fallback: defaults[setting] };
  });
}
