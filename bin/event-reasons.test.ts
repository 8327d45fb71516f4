import { expect, it } from 'vitest';
import type { EventCopy } from '../clickhouse/event-facts.ts';
import { settingsSchema } from '../events/settings.ts';
import type { WindowFacts } from './event-facts.ts';
import { type LaterConversion, type ReasonFacts, explainNoCredit, explainOrganic } from './event-reasons.ts';

const HOUR_MS = 3_600_000;
const NOON = Date.UTC(2026, 0, 5, 12);

const click: EventCopy = {
  tenantId: 'acme',
  appId: 'shop',
  userKey: '1e0d0e0a-3f4b-4b9d-9c59-7f7f5a6e2b11',
  occurredAtMs: NOON,
  eventType: 'click',
  name: '',
  channel: 'search',
  campaign: '',
  revenue: '0',
  currency: '',
  identifierType: 'user_id',
  receivedAtMs: NOON,
  traceId: '0'.repeat(32),
  topic: 'events',
  partition: 0,
  offset: 0,
  batchFirst: 0,
  batchLast: 0,
  insertedAtMs: NOON,
  content: '1',
};
const purchase: EventCopy = { ...click, eventType: 'conversion', name: 'purchase' };
const published: WindowFacts = {
  startMs: Date.UTC(2026, 0, 5),
  endMs: Date.UTC(2026, 0, 6),
  granularity: '1d',
  phase: 'open',
  waitsFor: 'late data',
  untilMs: null,
  run: null,
  publication: { version: 1, runId: click.userKey, publishedAtMs: NOON, traceId: '' },
};
const waiting: WindowFacts = {
  ...published,
  phase: 'waiting',
  waitsFor: 'the end of the window',
  untilMs: NOON,
  publication: null,
};
const after = (hours: number, more: Partial<LaterConversion> = {}): LaterConversion => ({
  name: 'purchase',
  occurredAtMs: NOON + hours * HOUR_MS,
  isInReach: hours <= 7 * 24,
  isCounted: ({ conversion_names: names }) => names.length === 0 || names.includes('purchase'),
  ...more,
});

it.each<[string, Partial<ReasonFacts>, string]>([
  ['nothing followed', {}, 'no conversion of this user of this app followed'],
  [
    'the lookback was over',
    { conversionsAfter: [after(216)] },
    'followed 9.0 d later, and a click earns credit for 7.0 d',
  ],
  [
    'only conversions that are not counted followed',
    { conversionsAfter: [after(1)], settings: settingsSchema.parse({ conversion_names: ['signup'] }) },
    'do not count (purchase)',
  ],
  [
    'the window of the conversion is open',
    { conversionsAfter: [after(1)], window: waiting },
    'the window of the conversion (purchase) 2026-01-05T00:00Z is not closed yet: waiting, waits for the end of the window (2026-01-05T12:00:00Z)',
  ],
  [
    'the models give its place nothing',
    { conversionsAfter: [after(1)], settings: settingsSchema.parse({ models: ['last_touch'] }) },
    'no model of the tenant (last_touch) gives its place a share',
  ],
  [
    'a conversion whose window is open',
    { event: purchase, window: waiting },
    'its window 2026-01-05T00:00Z is not closed yet',
  ],
  [
    'a conversion that is not counted',
    { event: purchase, settings: settingsSchema.parse({ conversion_names: ['signup'] }) },
    'count other conversions only (signup), not purchase',
  ],
  ['a conversion that came late', { event: purchase, isSeen: false }, 'no run of the window has seen it yet'],
  [
    'a touchpoint that came late for its conversion',
    { conversionsAfter: [after(1)], isSeen: false },
    'no run of the window has seen it yet',
  ],
  [
    'an import holds the window',
    { event: purchase, window: { ...waiting, phase: 'importing', waitsFor: 'the end of the import that holds it' } },
    'not closed yet: importing, waits for the end of the import',
  ],
  [
    'a conversion that came after the horizon',
    { event: purchase, isBeyondHorizon: true },
    'after the late horizon of the window: only a replay',
  ],
  [
    'a conversion that came after the horizon, and nobody has judged it yet',
    { event: purchase, isSeen: false, window: { ...published, phase: 'frozen' } },
    'after the late horizon of the window: only a replay',
  ],
  [
    'a touchpoint that came after the horizon',
    { conversionsAfter: [after(1)], isBeyondHorizon: true },
    'after the late horizon of the window: only a replay',
  ],
  [
    'a window whose credits do not add up',
    {
      event: purchase,
      window: {
        ...waiting,
        run: { runId: '', state: 'inconsistent', finishedAtMs: 0, settingsVersion: 1, traceId: '' },
      },
    },
    'held back: the credits of its run do not add up',
  ],
])('the reason is named: %s', (_what, facts, reason) => {
  const base: ReasonFacts = {
    event: click,
    window: published,
    settings: settingsSchema.parse({}),
    conversionsAfter: [],
    isSeen: true,
    isBeyondHorizon: false,
  };
  expect(explainNoCredit({ ...base, ...facts })).toContain(reason);
});

const clickBefore = (hours: number) => ({ eventType: 'click' as const, occurredAtMs: NOON - hours * HOUR_MS });

it.each([
  ['nothing came before it', [], 'had no touchpoint in the 28.0 d before it'],
  ['the lookback was over', [clickBefore(456)], 'a click, came 19.0 d before it and earns credit for 7.0 d'],
  ['a touchpoint came too late to be counted', [clickBefore(1)], 'came after its window was computed'],
])('a conversion without touchpoints says why: %s', (_what, touchpoints, reason) => {
  const settings = settingsSchema.parse({});
  const facts = { occurredAtMs: NOON, touchpoints, settings, lookedBackMs: 28 * 24 * HOUR_MS };
  expect(explainOrganic(facts)).toContain(reason);
});
