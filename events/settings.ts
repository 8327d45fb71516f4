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

const seconds = (maximum: number) => z.number().int().min(1).max(maximum);
const DAY = 86_400;

/**
 * What a tenant decides about attribution. Versioned: each change is a new version, and each publication says which
 * version it was computed with.
 */
export const settingsSchema = z
  .strictObject({
    models: z
      .array(z.enum(MODELS))
      .min(1)
      .default([...MODELS]),
    /** How long before a conversion a click may still earn credit. */
    lookback_click_seconds: seconds(365 * DAY).default(7 * DAY),
    lookback_impression_seconds: seconds(365 * DAY).default(DAY),
    /** Fixed when the tenant is created: windows of two sizes over one time would count a conversion twice. */
    granularity: z.enum(GRANULARITIES).default('1d'),
    /** How long after its end a window waits before its first close. */
    allowed_lateness_seconds: z
      .number()
      .int()
      .min(0)
      .max(30 * DAY)
      .default(3_600),
    /** How long after its first close a window is reopened by late data. */
    late_horizon_seconds: z
      .number()
      .int()
      .min(0)
      .max(90 * DAY)
      .default(7 * DAY),
    /** The first identifier present in an event, in this order, becomes the user key. */
    identity_priority: z
      .array(z.enum(IDENTIFIER_TYPES))
      .min(1)
      .default([...IDENTIFIER_TYPES]),
    /** Names of the conversions that earn credit; empty means all of them. Installs are named `install`. */
    conversion_names: z.array(z.string().min(1).max(128)).max(100).default([]),
    time_decay_half_life_seconds: seconds(365 * DAY).default(7 * DAY),
    /** Shares of the first and the last touchpoint; the ones between them divide the rest. */
    position_based_first_share: z.number().min(0).max(1).default(0.4),
    position_based_last_share: z.number().min(0).max(1).default(0.4),
    /** Name of the conversion that marks the lead for the W-shaped model. */
    w_shaped_milestone: z.string().min(1).max(128).default('signup'),
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
