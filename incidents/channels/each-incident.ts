import type { Notice } from '../types.ts';
import type { Message, MessagePart } from './port.ts';

/** So many requests at once: a bundle of a storm must not become one on the other side. */
const REQUESTS_MAX = 8;

/**
 * For each incident of a message what is said of it last by a notice that counts: within one incident the order of a
 * message is that of time.
 */
export function newestOfEachIncident({ parts }: Message, counts: (notice: Notice) => boolean): MessagePart[] {
  const counted = parts.filter(({ notice }) => counts(notice));
  return [...new Map(counted.map((part) => [part.notice.incidentId, part])).values()];
}

/** Does it for one incident after the other, some at once; the first failure ends it, and no other begins. */
export async function forEachIncident(
  parts: readonly MessagePart[],
  send: (part: MessagePart) => Promise<void>,
): Promise<void> {
  const waiting = parts.values();
  let hasFailed = false;
  const lane = async (): Promise<void> => {
    // All lanes take from the same iterator.
    for (const part of waiting) {
      if (hasFailed) return;
      try {
        await send(part);
      } catch (error) {
        hasFailed = true;
        throw error;
      }
    }
  };
  const ended = await Promise.allSettled(Array.from({ length: REQUESTS_MAX }, lane));
  const failed = ended.find((outcome) => outcome.status === 'rejected');
  if (failed !== undefined) throw failed.reason;
}
