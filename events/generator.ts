import type { RejectionCode } from './codes.ts';
import { generateBad } from './generator-bad.ts';
import { type GeneratedEvent, generateJourney } from './generator-journey.ts';
import { type LatenessProfile, drawLatenessMs } from './generator-lateness.ts';
import { type Random, createRandom } from './generator-random.ts';

export interface GeneratorOptions {
  seed: number;
  /** First moment of the day, in epoch milliseconds. */
  dayStartMs: number;
  /** About how many different good events there are. */
  events: number;
  eventsPerRequest: number;
}

/** What must come out, counted from the events alone, without asking any code of the platform. */
export interface ExpectedCounts {
  sent: number;
  accepted: number;
  rejected: number;
  rejectedByCode: Partial<Record<RejectionCode, number>>;
  /** Different events among the accepted ones: the others were sent again. */
  distinct: number;
  resent: number;
  touchpoints: number;
  conversions: number;
  /** Conversions of people who had met no ad before. */
  organic: number;
  /** Value of the conversions by currency, in millionths. */
  valueMicro: Record<string, bigint>;
}

export interface GeneratedDay {
  /** What clients send, request by request. */
  requests: unknown[][];
  /** Sent after everything else, though it happened earlier: phones that were offline. */
  lateRequests: unknown[][];
  expected: ExpectedCounts;
}

const RESENT_SHARE = 0.02;
const BAD_SHARE = 0.004;
/** Enough for each reason to come up. */
const BAD_MIN = 28;
const LATE_SHARE = 0.01;

/**
 * Makes a day of events as they come in from real clients: people who meet ads of several channels and convert, or come
 * by themselves, with requests that are sent twice, mistakes of clients, and phones that report late. The same options
 * give the same day, byte for byte.
 */
export function generateDay(options: GeneratorOptions): GeneratedDay {
  const random = createRandom(options.seed);
  const good = generateGood(random, options);
  const late = good.filter(() => random.chance(LATE_SHARE));
  const isLate = new Set(late);
  const onTime = good.filter((event) => !isLate.has(event));
  const bad = generateBad(random, good, Math.max(BAD_MIN, Math.round(good.length * BAD_SHARE)));
  const requests = chunk(onTime, options.eventsPerRequest);
  const lateRequests = chunk(late, options.eventsPerRequest);
  const resent = addResent(random, requests, Math.round(good.length * RESENT_SHARE));
  addBad(random, requests, bad);
  return { requests, lateRequests, expected: countExpected(good, resent, bad) };
}

/** An event and the moment at which ingest gets it. */
export interface GeneratedArrival {
  event: GeneratedEvent;
  arrivesAtMs: number;
}

/**
 * The good events of the same day in the order in which they arrive, each as late as the profile draws it: what a
 * platform meets whose clients are phones that are offline most of the time.
 */
export function generateArrivals(
  options: Omit<GeneratorOptions, 'eventsPerRequest'> & { lateness: LatenessProfile },
): GeneratedArrival[] {
  const random = createRandom(options.seed);
  const arrivals = generateGood(random, options).map((event) => ({
    event,
    arrivesAtMs: event.occurred_at + drawLatenessMs(random, options.lateness),
  }));
  return arrivals.toSorted((left, right) => left.arrivesAtMs - right.arrivesAtMs);
}

/** The good events of the day in the order of their time, as clients that send at once would send them. */
function generateGood(
  random: Random,
  { events, dayStartMs }: Omit<GeneratorOptions, 'eventsPerRequest'>,
): GeneratedEvent[] {
  const good: GeneratedEvent[] = [];
  for (let person = 1; good.length < events; person += 1) good.push(...generateJourney(random, { person, dayStartMs }));
  return good.toSorted(
    (left, right) => left.occurred_at - right.occurred_at || (left.event_id < right.event_id ? -1 : 1),
  );
}

function chunk<Item>(items: readonly Item[], size: number): Item[][] {
  return Array.from({ length: Math.ceil(items.length / size) }, (_, index) =>
    items.slice(index * size, (index + 1) * size),
  );
}

/**
 * Sends events again in a later request, as clients do that saw no answer. Within one request it would be another thing:
 * a mistake, which is refused.
 */
function addResent(random: Random, requests: unknown[][], count: number): number {
  const firsts = requests.map((events) => [...events]);
  const targets = requests.map(() => new Set<unknown>());
  let added = 0;
  if (requests.length < 2) return added;
  for (let attempt = 0; attempt < count; attempt += 1) {
    const from = random.whole(0, requests.length - 2);
    const to = random.whole(from + 1, requests.length - 1);
    const event = random.pick(firsts[from] ?? []);
    if (targets[to]?.has(event) !== false) continue;
    targets[to].add(event);
    requests[to]?.push(event);
    added += 1;
  }
  return added;
}

function addBad(random: Random, requests: unknown[][], bad: readonly { event: unknown }[]): void {
  if (requests.length === 0) return;
  for (const { event } of bad) {
    const request = random.pick(requests);
    request.splice(random.whole(0, request.length), 0, event);
  }
}

function countExpected(
  good: readonly GeneratedEvent[],
  resent: number,
  bad: readonly { code: RejectionCode }[],
): ExpectedCounts {
  const rejectedByCode: ExpectedCounts['rejectedByCode'] = {};
  for (const { code } of bad) rejectedByCode[code] = (rejectedByCode[code] ?? 0) + 1;
  const conversions = good.filter(isConversion);
  const valueMicro: Record<string, bigint> = {};
  for (const { revenue, currency } of conversions) {
    if (revenue === undefined || currency === undefined) continue;
    valueMicro[currency] = (valueMicro[currency] ?? 0n) + toMicro(revenue);
  }
  return {
    sent: good.length + resent + bad.length,
    accepted: good.length + resent,
    rejected: bad.length,
    rejectedByCode,
    distinct: good.length,
    resent,
    touchpoints: good.length - conversions.length,
    conversions: conversions.length,
    organic: countOrganic(good),
    valueMicro,
  };
}

const isConversion = ({ type }: GeneratedEvent): boolean => type === 'install' || type === 'conversion';

/** The events are in the order of their time, and a day is shorter than every lookback. */
function countOrganic(good: readonly GeneratedEvent[]): number {
  const firstTouchAt = new Map<string, number>();
  for (const event of good) {
    const person = personOf(event);
    if (!isConversion(event) && !firstTouchAt.has(person)) firstTouchAt.set(person, event.occurred_at);
  }
  return good.filter(
    (event) => isConversion(event) && (firstTouchAt.get(personOf(event)) ?? Infinity) > event.occurred_at,
  ).length;
}

const personOf = ({ app_id, user_id, gaid, idfa, idfv, anonymous_id }: GeneratedEvent): string =>
  JSON.stringify([app_id, user_id, idfa, gaid, idfv, anonymous_id]);

/** Decimal text as whole millionths. */
function toMicro(decimal: string): bigint {
  const [whole = '0', fraction = ''] = decimal.split('.');
  return BigInt(whole) * 1_000_000n + BigInt(fraction.padEnd(6, '0'));
}
