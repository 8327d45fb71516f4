import type { RejectionCode } from './codes.ts';
import type { GeneratedEvent } from './generator-journey.ts';
import type { Random } from './generator-random.ts';
import { LIMITS } from './limits.ts';

/** What somebody did to a good event, and how ingest has to answer. */
interface Mistake {
  code: RejectionCode;
  spoil: (event: GeneratedEvent) => unknown;
}

const YEAR_MS = 365 * 86_400_000;

const MISTAKES: readonly Mistake[] = [
  { code: 'malformed_event', spoil: (event) => JSON.stringify(event) },
  { code: 'unknown_type', spoil: (event) => ({ ...event, type: 'view' }) },
  { code: 'invalid_event_id', spoil: (event) => ({ ...event, event_id: event.event_id.slice(1) }) },
  { code: 'missing_field', spoil: ({ app_id: _app, ...event }) => event },
  { code: 'invalid_field', spoil: (event) => ({ ...event, country: 'Germany' }) },
  { code: 'field_too_long', spoil: (event) => ({ ...event, app_id: 'x'.repeat(LIMITS.appIdLengthMax + 1) }) },
  { code: 'invalid_time', spoil: (event) => ({ ...event, occurred_at: 'yesterday' }) },
  { code: 'time_out_of_range', spoil: (event) => ({ ...event, occurred_at: event.occurred_at - 30 * YEAR_MS }) },
  { code: 'missing_identity', spoil: ({ event_id, occurred_at }) => ({ ...ANONYMOUS, event_id, occurred_at }) },
  { code: 'invalid_revenue', spoil: (event) => ({ ...purchase(event), revenue: '-9.90' }) },
  { code: 'unknown_currency', spoil: (event) => ({ ...purchase(event), currency: 'XXX' }) },
  {
    code: 'properties_too_large',
    spoil: (event) => ({ ...event, properties: { note: 'x'.repeat(LIMITS.propertiesBytesMax) } }),
  },
  { code: 'nesting_too_deep', spoil: (event) => ({ ...event, properties: nested(LIMITS.propertiesDepthMax + 1) }) },
  { code: 'forbidden_field', spoil: (event) => ({ ...event, properties: { user_id: 'in clear' } }) },
];

const ANONYMOUS = { type: 'click', app_id: 'shop', channel: 'search' };

const purchase = ({ event_id, occurred_at, app_id }: GeneratedEvent) => ({
  event_id,
  occurred_at,
  app_id,
  user_id: 'customer',
  type: 'conversion',
  name: 'purchase',
  revenue: '9.90',
  currency: 'EUR',
});

const nested = (depth: number): unknown => (depth === 0 ? {} : { inner: nested(depth - 1) });

/** `count` events that must be refused, each with its code; every code comes before one comes again. */
export function generateBad(
  random: Random,
  samples: readonly GeneratedEvent[],
  count: number,
): { event: unknown; code: RejectionCode }[] {
  if (samples.length === 0) return [];
  return Array.from({ length: count }, (_, index) => {
    const { code, spoil } = MISTAKES[index % MISTAKES.length] as Mistake;
    return { event: spoil({ ...random.pick(samples), event_id: random.uuid() }), code };
  });
}
