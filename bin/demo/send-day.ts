import type { GeneratedDay } from '../../events/generator.ts';
import { type SendEvents, type SendResult } from '../../importers/send-events.ts';
import { sendInOrder } from '../../importers/send-in-order.ts';
import { startProgressBar } from '../progress-bar.ts';

/** What ingest answered, added up. */
export interface SentCounts {
  sent: number;
  accepted: number;
  rejected: number;
  rejectedByCode: Record<string, number>;
}

export const newSentCounts = (): SentCounts => ({ sent: 0, accepted: 0, rejected: 0, rejectedByCode: {} });

const CONCURRENCY = 4;

/** Sends requests as they are, adds the answers to `counts`, and shows how far it is. */
export async function sendRequests(options: {
  label: string;
  requests: GeneratedDay['requests'];
  send: SendEvents;
  counts: SentCounts;
  signal: AbortSignal;
}): Promise<void> {
  const { label, requests, send, counts, signal } = options;
  const bar = startProgressBar(label, requests.length);
  let answered = 0;
  try {
    await sendInOrder<unknown[], SendResult>({
      batches: eachOf(requests),
      concurrency: CONCURRENCY,
      send: (events) => send(events.map((event) => JSON.stringify(event))),
      commit: (events, result) => {
        addAnswer(counts, events.length, result);
        answered += 1;
        bar.update(answered, `${counts.accepted} accepted, ${counts.rejected} rejected`);
        return Promise.resolve();
      },
      signal,
    });
    signal.throwIfAborted();
  } finally {
    bar.stop();
  }
}

async function* eachOf<Item>(items: readonly Item[]): AsyncGenerator<Item> {
  for (const item of items) yield await Promise.resolve(item);
}

function addAnswer(counts: SentCounts, sent: number, { accepted, rejected }: SendResult): void {
  counts.sent += sent;
  counts.accepted += accepted;
  counts.rejected += rejected.length;
  for (const { code } of rejected) counts.rejectedByCode[code] = (counts.rejectedByCode[code] ?? 0) + 1;
}
