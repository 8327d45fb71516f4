import {
  AD_GROUPS,
  APPS,
  CHANNELS,
  COUNTRIES,
  CREATIVES,
  type GeneratedChannel,
  HOURS,
  PLATFORMS,
} from './generator-catalog.ts';
import type { Random } from './generator-random.ts';

/** An event as a client sends it. */
export interface GeneratedEvent {
  event_id: string;
  type: 'click' | 'impression' | 'install' | 'conversion';
  occurred_at: number;
  app_id: string;
  name?: string;
  revenue?: string;
  currency?: string;
  channel?: string;
  [field: string]: unknown;
}

interface Person {
  identity: Readonly<Record<string, string>>;
  app: string;
  platform: string;
  country: string;
  currency: string;
}

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

/** Share of people who come without having met any ad. */
const ORGANIC_SHARE = 0.12;
const TOUCHPOINTS_MAX = 40;
const PURCHASES_MAX = 12;

/** Everything that one person does on the day, in the order of time. */
export function generateJourney(random: Random, options: { person: number; dayStartMs: number }): GeneratedEvent[] {
  const { dayStartMs } = options;
  const person = newPerson(random, options.person);
  const beginsAt = dayStartMs + timeOfDay(random);
  const isOrganic = random.chance(ORGANIC_SHARE);
  const touchpoints = isOrganic ? [] : touchpointsOf(random, person, beginsAt);
  const lastAt = touchpoints.at(-1)?.occurred_at ?? beginsAt;
  const conversions = conversionsOf(random, person, { afterMs: lastAt, touchpoints: touchpoints.length, isOrganic });
  // Some go on meeting ads after they have converted: those earn nothing.
  const convertedAt = conversions.at(-1)?.occurred_at;
  const afterwards =
    convertedAt !== undefined && random.chance(0.2) ? touchpointsOf(random, person, convertedAt + 60_000) : [];
  return [...touchpoints, ...conversions, ...afterwards].filter(
    ({ occurred_at: at }) => at >= dayStartMs && at < dayStartMs + DAY_MS,
  );
}

function newPerson(random: Random, number: number): Person {
  const { platform } = random.pickWeighted(PLATFORMS);
  const { country, currency } = random.pickWeighted(COUNTRIES);
  return {
    identity: identityOf(random, platform, number),
    app: random.pickWeighted(APPS).app,
    platform,
    country,
    currency,
  };
}

/** Some are known by an account, the others by their device or browser. */
function identityOf(random: Random, platform: string, number: number): Record<string, string> {
  if (random.chance(0.4)) return { user_id: `customer-${number}` };
  if (platform === 'android') return { gaid: random.uuid() };
  if (platform === 'ios') return random.chance(0.3) ? { idfa: random.uuid() } : { idfv: random.uuid() };
  return { anonymous_id: `visitor-${number}` };
}

function timeOfDay(random: Random): number {
  return random.pickWeighted(HOURS).hour * HOUR_MS + random.whole(0, HOUR_MS - 1);
}

function touchpointsOf(random: Random, person: Person, beginsAt: number): GeneratedEvent[] {
  const touchpoints: GeneratedEvent[] = [];
  const count = random.heavyTail(1.3, TOUCHPOINTS_MAX);
  let at = beginsAt;
  // People meet the same channel again and again.
  let channel = random.pickWeighted(CHANNELS);
  for (let touch = 0; touch < count; touch += 1) {
    if (random.chance(0.45)) channel = random.pickWeighted(CHANNELS);
    touchpoints.push(...touchpointOf(random, person, channel, at));
    at += Math.round(random.logNormal(12 * 60_000, 1.4));
  }
  return touchpoints.toSorted((left, right) => left.occurred_at - right.occurred_at);
}

/** An impression, a click, or the impression with the click that followed it. */
function touchpointOf(random: Random, person: Person, channel: GeneratedChannel, at: number): GeneratedEvent[] {
  const isDirect = channel.channel === 'direct';
  const ad = isDirect
    ? { channel: channel.channel }
    : {
        channel: channel.channel,
        campaign: random.pick(channel.campaigns),
        ad_group: random.pick(AD_GROUPS),
        creative: random.pick(CREATIVES),
      };
  const touch = (type: 'click' | 'impression', time: number) => newEvent(random, person, type, time, ad);
  if (!random.chance(channel.clickShare)) return [touch('impression', at)];
  if (isDirect || random.chance(0.5)) return [touch('click', at)];
  return [touch('impression', at), touch('click', at + random.whole(800, 25_000))];
}

interface Past {
  afterMs: number;
  touchpoints: number;
  isOrganic: boolean;
}

/** Who has met more ads converts more often: install, then sign-up, then purchases. */
function conversionsOf(random: Random, person: Person, { afterMs, touchpoints, isOrganic }: Past): GeneratedEvent[] {
  if (!random.chance(isOrganic ? 0.35 : 0.1 + Math.min(touchpoints, 15) * 0.02)) return [];
  const conversions: GeneratedEvent[] = [];
  let at = afterMs + Math.round(random.logNormal(4 * 60_000, 1));
  const add = (type: 'install' | 'conversion', more: Record<string, string>) => {
    conversions.push(newEvent(random, person, type, at, more));
    at += Math.round(random.logNormal(20 * 60_000, 1.2));
  };
  if (person.platform !== 'web') add('install', {});
  if (random.chance(0.6)) add('conversion', { name: 'signup' });
  if (!random.chance(0.55)) return conversions;
  const purchases = random.heavyTail(2, PURCHASES_MAX);
  for (let purchase = 0; purchase < purchases; purchase += 1) {
    const revenue = Math.max(0.5, random.logNormal(24, 0.9)).toFixed(2);
    add('conversion', { name: 'purchase', revenue, currency: person.currency });
  }
  return conversions;
}

function newEvent(
  random: Random,
  { identity, app, platform, country }: Person,
  type: GeneratedEvent['type'],
  occurred_at: number,
  more: Readonly<Record<string, string>>,
): GeneratedEvent {
  return { event_id: random.uuid(), type, occurred_at, app_id: app, ...more, ...identity, platform, country };
}
