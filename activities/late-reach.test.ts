import { expect, test } from 'vitest';
import { settingsSchema } from '../events/settings.ts';
import { reachOf } from './late-reach.ts';

test('what any settings in use count, reaches a window', () => {
  const now = settingsSchema.parse({
    models: ['linear'],
    lookback_click_seconds: 60,
    lookback_impression_seconds: 30,
    conversion_names: ['purchase'],
  });
  const before = settingsSchema.parse({
    models: ['w_shaped'],
    lookback_click_seconds: 10,
    lookback_impression_seconds: 90,
    conversion_names: ['signup'],
    w_shaped_milestone: 'trial',
  });
  const all = settingsSchema.parse({ models: ['linear'], conversion_names: [] });
  expect(reachOf([now])).toMatchObject({ lookbackClickMs: 60_000, conversionNames: ['purchase'], milestones: [] });
  expect(reachOf([now, before])).toEqual({
    windowMs: 86_400_000,
    lookbackClickMs: 60_000,
    lookbackImpressionMs: 90_000,
    conversionNames: ['purchase', 'signup'],
    milestones: ['trial'],
  });
  expect(reachOf([now, all]).conversionNames).toEqual([]);
});
