import { randomUUID } from 'node:crypto';

/** A trace id as W3C Trace Context has it: of UUIDs, because their random bytes are drawn in advance, which costs a tenth. */
export const newTraceId = (): string => randomUUID().replaceAll('-', '');

/** A span id as W3C Trace Context has it, of the random digits of a UUID. */
export function newSpanId(): string {
  const uuid = randomUUID();
  return uuid.slice(-12) + uuid.slice(0, 4);
}
