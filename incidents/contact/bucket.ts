import type { Throttle } from '../policy/snapshot.ts';

/**
 * How much a contact may still get at once. The bucket holds as many messages as the throttle allows and fills evenly: five
 * in fifteen minutes are five at once, and one more every three minutes. One number says all: when it is full again.
 */
export interface Bucket {
  readonly fullAtMs: number;
}

const fillMs = ({ messages, perMs }: Throttle): number => Math.ceil(perMs / messages);

/** How many messages may be sent at this moment. */
export function tokensAt({ fullAtMs }: Bucket, throttle: Throttle, nowMs: number): number {
  const missing = Math.ceil(Math.max(0, fullAtMs - nowMs) / fillMs(throttle));
  return Math.max(0, throttle.messages - missing);
}

/** From when on at least one message may be sent. */
export const nextTokenAtMs = ({ fullAtMs }: Bucket, throttle: Throttle): number =>
  fullAtMs - (throttle.messages - 1) * fillMs(throttle);

/** The bucket after one message. */
export const withoutToken = ({ fullAtMs }: Bucket, throttle: Throttle, nowMs: number): Bucket => ({
  fullAtMs: Math.max(fullAtMs, nowMs) + fillMs(throttle),
});
