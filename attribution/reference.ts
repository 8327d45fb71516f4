import { isVisible } from '../events/cutoff.ts';
import type { Model } from '../events/settings.ts';
import { type PlacedEvent, buildJourney, firstCopies, isTouchpoint } from './journey.ts';
import { type ModelOptions, shareCreditBy } from './models.ts';
import { ONE_NANO, divideValue, parseMicro } from './numbers.ts';
import { type RunInput, creditParameters } from './parameters.ts';

/** One row of credit: what one model gives one touchpoint of one conversion. */
export interface Credit {
  model: Model;
  appId: string;
  conversionEventId: string;
  conversionName: string;
  conversionAtMs: number;
  /** Undefined when there was no touchpoint: the conversion is organic. */
  touchpoint: PlacedEvent | undefined;
  /** From 1, oldest first; 0 for organic. */
  position: number;
  journeyLength: number;
  creditNano: bigint;
  valueMicro: bigint;
  currency: string;
}

/**
 * The credits of one window, computed plainly: what `credits.sql` must give, row by row. For tests and explanations, not
 * for windows of real size.
 */
export function creditWindow(events: readonly PlacedEvent[], run: RunInput): Credit[] {
  const visible = events.filter(
    (event) =>
      event.tenant_id === run.tenantId &&
      isVisible(run.cutoff, event.kafka_topic, event.kafka_partition, event.kafka_offset),
  );
  // Whatever its other copies say, and wherever they lie.
  const counted = firstCopies(visible);
  const conversions = counted.filter((event) => !isTouchpoint(event));
  const touchpoints = counted.filter(isTouchpoint);
  const { conversion_names: names } = run.settings;
  return conversions
    .filter(({ occurred_at }) => occurred_at >= run.windowStartMs && occurred_at < run.windowEndMs)
    .filter(({ name }) => names.length === 0 || names.includes(name))
    .flatMap((conversion) => {
      const isOfUser = (event: PlacedEvent) =>
        event.app_id === conversion.app_id && event.user_key === conversion.user_key;
      return creditConversion(conversion, conversions.filter(isOfUser), touchpoints.filter(isOfUser), run);
    });
}

function creditConversion(
  conversion: PlacedEvent,
  conversions: readonly PlacedEvent[],
  touchpoints: readonly PlacedEvent[],
  run: RunInput,
): Credit[] {
  const { models, milestone, ...parameters } = creditParameters(run);
  const journey = buildJourney(touchpoints, conversion.occurred_at, {
    clickMs: parameters.lookbackClickMs,
    impressionMs: parameters.lookbackImpressionMs,
  });
  const milestones = conversions
    .filter((event) => event.name === milestone && event.occurred_at <= conversion.occurred_at)
    .filter((event) => event.occurred_at >= (journey[0]?.occurred_at ?? Infinity))
    .map((event) => event.occurred_at);
  const milestoneAtMs = milestones.length === 0 ? undefined : Math.min(...milestones);
  return models.flatMap((model) => creditByModel(model, conversion, journey, { ...parameters, milestoneAtMs }));
}

function creditByModel(
  model: Model,
  conversion: PlacedEvent,
  journey: readonly PlacedEvent[],
  options: ModelOptions,
): Credit[] {
  const touches = journey.map((event) => ({ atMs: event.occurred_at, channel: event.channel }));
  const credits = touches.length === 0 ? [ONE_NANO] : shareCreditBy[model](touches, options);
  const values = divideValue(parseMicro(conversion.revenue), credits);
  return credits
    .map((creditNano, index) => ({
      model,
      appId: conversion.app_id,
      conversionEventId: conversion.event_id,
      conversionName: conversion.name,
      conversionAtMs: conversion.occurred_at,
      touchpoint: journey[index],
      position: journey.length === 0 ? 0 : index + 1,
      journeyLength: journey.length,
      creditNano,
      valueMicro: values[index] ?? 0n,
      currency: conversion.currency,
    }))
    .filter(({ creditNano, valueMicro }) => creditNano !== 0n || valueMicro !== 0n);
}
