/** What the generated day is made of. Invented, with the proportions that shops and games report. */

export interface GeneratedChannel {
  channel: string;
  /** How much of the traffic comes from it. */
  weight: number;
  /** How many of its touchpoints are clicks. */
  clickShare: number;
  campaigns: readonly string[];
}

export const CHANNELS: readonly GeneratedChannel[] = [
  { channel: 'search', weight: 30, clickShare: 0.8, campaigns: ['brand', 'generic', 'competitors'] },
  { channel: 'social', weight: 26, clickShare: 0.35, campaigns: ['lookalike', 'retargeting', 'creators'] },
  { channel: 'display', weight: 22, clickShare: 0.1, campaigns: ['prospecting', 'retargeting'] },
  { channel: 'email', weight: 10, clickShare: 0.6, campaigns: ['newsletter', 'cart-reminder'] },
  { channel: 'affiliate', weight: 7, clickShare: 0.9, campaigns: ['partners'] },
  { channel: 'direct', weight: 5, clickShare: 1, campaigns: [''] },
];

export const AD_GROUPS = ['spring', 'evergreen', 'new-arrivals'] as const;
export const CREATIVES = ['video-15s', 'video-6s', 'carousel', 'banner', 'text'] as const;

export const APPS: readonly { app: string; weight: number }[] = [
  { app: 'shop', weight: 7 },
  { app: 'game', weight: 3 },
];

export const PLATFORMS: readonly { platform: string; weight: number }[] = [
  { platform: 'android', weight: 5 },
  { platform: 'ios', weight: 3 },
  { platform: 'web', weight: 2 },
];

/** Countries with the currency in which their people pay. */
export const COUNTRIES: readonly { country: string; currency: string; weight: number }[] = [
  { country: 'DE', currency: 'EUR', weight: 30 },
  { country: 'US', currency: 'USD', weight: 28 },
  { country: 'FR', currency: 'EUR', weight: 14 },
  { country: 'BR', currency: 'USD', weight: 12 },
  { country: 'ES', currency: 'EUR', weight: 9 },
  { country: 'IN', currency: 'USD', weight: 7 },
];

/** How busy each hour of the day is: quiet at night, a hump at noon, the peak in the evening. */
export const HOURS: readonly { hour: number; weight: number }[] = [
  3, 2, 1, 1, 1, 2, 4, 7, 9, 10, 11, 12, 13, 12, 11, 10, 11, 12, 14, 17, 19, 17, 11, 6,
].map((weight, hour) => ({ hour, weight }));
