import type { Model } from '../events/settings.ts';
import { ONE_NANO, divideByFractions, divideByWeights } from './numbers.ts';

/** What a model needs to know of a touchpoint. */
export interface Touch {
  atMs: number;
  channel: string;
}

export interface ModelOptions {
  halfLifeMs: number;
  firstShareNano: number;
  lastShareNano: number;
  /** When the lead was won, if a milestone lies in the journey. */
  milestoneAtMs: number | undefined;
}

/** How one conversion is divided between the touchpoints of a journey, oldest first, in billionths. */
export type ShareCredit = (journey: readonly Touch[], options: ModelOptions) => bigint[];

/** All models; README.md tells their edge cases. */
export const shareCreditBy: Readonly<Record<Model, ShareCredit>> = {
  first_touch: (journey) => allTo(0, journey),
  last_touch: (journey) => allTo(journey.length - 1, journey),
  last_non_direct_touch: (journey) => {
    const index = journey.findLastIndex((touch) => touch.channel !== 'direct');
    return allTo(index === -1 ? journey.length - 1 : index, journey);
  },
  linear: (journey) => divideByWeights(journey.map(() => 1n)),
  time_decay: (journey, { halfLifeMs }) => {
    const lastMs = journey.at(-1)?.atMs ?? 0;
    return divideByFractions(journey.map((touch) => 2 ** ((touch.atMs - lastMs) / halfLifeMs)));
  },
  position_based: (journey, { firstShareNano, lastShareNano }) =>
    shareByPosition(journey.length, BigInt(firstShareNano), BigInt(lastShareNano)),
  w_shaped: shareByW,
};

const allTo = (index: number, journey: readonly Touch[]): bigint[] =>
  journey.map((_, position) => (position === index ? ONE_NANO : 0n));

/** Shares for the first and the last touchpoint; those between them divide the rest, and of two none is between. */
function shareByPosition(length: number, first: bigint, last: bigint): bigint[] {
  if (length === 1) return [ONE_NANO];
  if (length === 2) return divideByWeights([first, last]);
  const between = BigInt(length - 2);
  return divideByWeights(
    Array.from({ length }, (_, index) => {
      if (index === 0) return first * between;
      return index === length - 1 ? last * between : ONE_NANO - first - last;
    }),
  );
}

const ROLE = 3n;

/**
 * 30 % each for the first touchpoint, the one that led to the milestone and the last; the others divide 10 %. A touchpoint
 * with two roles gets both shares. Without a milestone or with fewer than three touchpoints it is 40/20/40.
 */
function shareByW(journey: readonly Touch[], { milestoneAtMs }: ModelOptions): bigint[] {
  const lead = milestoneAtMs === undefined ? -1 : journey.findLastIndex((touch) => touch.atMs <= milestoneAtMs);
  if (lead === -1 || journey.length <= 2) return shareByPosition(journey.length, 400_000_000n, 400_000_000n);
  const roles = journey.map((_, index) => [0, lead, journey.length - 1].filter((role) => role === index).length);
  const others = BigInt(roles.filter((count) => count === 0).length);
  return divideByWeights(roles.map((count) => (count === 0 ? 1n : BigInt(count) * ROLE * (others || 1n))));
}
