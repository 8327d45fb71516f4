/** Seconds of a tenant's rate that may come at once. */
const BURST_SECONDS = 2;

export interface RateLimiter {
  /** Takes `events` from the tenant's bucket: 0, or the seconds to wait when the bucket does not hold them. */
  take(tenantId: string, events: number, eventsPerSecondMax: number): number;
}

interface Bucket {
  tokens: number;
  filledAtMs: number;
}

/**
 * Token buckets per tenant, in this process: no tenant starves another. A request larger than a whole bucket is let
 * through when the bucket is full and paid off afterwards, or a small limit would refuse it for ever.
 */
export function createRateLimiter(nowMs: () => number): RateLimiter {
  const buckets = new Map<string, Bucket>();
  return {
    take(tenantId, events, eventsPerSecondMax) {
      const now = nowMs();
      const capacity = eventsPerSecondMax * BURST_SECONDS;
      const bucket = buckets.get(tenantId) ?? { tokens: capacity, filledAtMs: now };
      const gained = (Math.max(0, now - bucket.filledAtMs) / 1_000) * eventsPerSecondMax;
      bucket.tokens = Math.min(capacity, bucket.tokens + gained);
      bucket.filledAtMs = now;
      buckets.set(tenantId, bucket);
      const missing = Math.min(events, capacity) - bucket.tokens;
      if (missing > 0) return Math.ceil(missing / eventsPerSecondMax);
      bucket.tokens -= events;
      return 0;
    },
  };
}
