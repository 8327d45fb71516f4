import { type DeadLetterSource, readDeadLetters } from '../activities/read-dead-letters.ts';
import type { Metrics } from '../otel/metrics.ts';
import type { DEAD_LETTER_METRICS } from '../otel/registry/dead-letters.ts';
import { DEAD_LETTER_REASONS } from '../otel/registry/sink.ts';
import { countDeadLetters } from '../postgres/dead-letters.ts';

/** What reads the gauges of dead letters before a scrape. A part that is away leaves them as they were. */
export function createDeadLetterGauges(options: {
  source: DeadLetterSource;
  metrics: Metrics<typeof DEAD_LETTER_METRICS>;
  onError: (error: unknown) => void;
}): () => Promise<void> {
  const { source, metrics, onError } = options;

  async function readWaiting(): Promise<void> {
    await readDeadLetters(source);
    const counts = await countDeadLetters(source.pool, {}, ['waiting']);
    for (const reason of DEAD_LETTER_REASONS) {
      const ofReason = counts.filter((count) => count.reason === reason);
      metrics.deadLettersWaiting.set(
        { reason },
        ofReason.reduce((sum, { letters }) => sum + letters, 0),
      );
    }
  }

  return function readGauges() {
    return readWaiting().catch(onError);
  };
}
