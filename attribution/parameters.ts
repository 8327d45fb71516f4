import type { Cutoff } from '../events/cutoff.ts';
import type { Model, Settings } from '../events/settings.ts';
import { divideByWeights } from './numbers.ts';

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
  /** Topics of the cut-off, and the number at which the places of each begin: a place is that plus the partition. */
  topics: string[];
  topicPlaces: number[];
  /** All places of the cut-off, and the first offset of each that the run may not see. */
  places: number[];
  visibleUntil: number[];
  models: Model[];
  lookbackClickMs: number;
  lookbackImpressionMs: number;
  conversionNames: string[];
  halfLifeMs: number;
  /** What the first of two touchpoints gets by the position based model, between which there is no other. */
  firstOfTwoNano: number;
  firstShareNano: number;
  lastShareNano: number;
  milestone: string;
}

/** The parameters of one run from its window, cut-off and settings. */
export function creditParameters({ settings, cutoff, ...run }: RunInput): CreditParameters {
  const firstShareNano = toNano(settings.position_based_first_share);
  const lastShareNano = toNano(settings.position_based_last_share);
  return {
    ...run,
    ...placesOf(cutoff),
    models: [...new Set(settings.models)],
    lookbackClickMs: settings.lookback_click_seconds * 1_000,
    lookbackImpressionMs: settings.lookback_impression_seconds * 1_000,
    conversionNames: settings.conversion_names,
    halfLifeMs: settings.time_decay_half_life_seconds * 1_000,
    firstOfTwoNano: Number(divideByWeights([BigInt(firstShareNano), BigInt(lastShareNano)])[0]),
    firstShareNano,
    lastShareNano,
    milestone: settings.w_shaped_milestone,
  };
}

const toNano = (share: number): number => Math.round(share * 1e9);

/** Partitions are numbered with 32 bits; the number of the topic stands above them. */
const PLACES_PER_TOPIC = 2 ** 32;

/**
 * A cut-off as arrays in which the server finds the limit of each row by one number, with a hash table instead of looking
 * through a map. The first place of all belongs to no topic and shows nothing; it keeps the arrays from being empty.
 */
function placesOf(cutoff: Cutoff): Pick<CreditParameters, 'topics' | 'topicPlaces' | 'places' | 'visibleUntil'> {
  const topics = Object.keys(cutoff).sort();
  const topicPlaces = topics.map((_, index) => (index + 1) * PLACES_PER_TOPIC);
  const partitions = topics.flatMap((topic, index) =>
    (cutoff[topic] ?? []).map((offset, partition) => ({ place: (topicPlaces[index] ?? 0) + partition, offset })),
  );
  return {
    topics: ['', ...topics],
    topicPlaces: [0, ...topicPlaces],
    places: [0, ...partitions.map(({ place }) => place)],
    visibleUntil: [0, ...partitions.map(({ offset }) => offset)],
  };
}
