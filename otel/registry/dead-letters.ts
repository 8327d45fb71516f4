import { gauge } from './declare.ts';
import { DEAD_LETTER_REASONS } from './sink.ts';

/** What the worker measures about dead letters. */
export const DEAD_LETTER_METRICS = {
  deadLettersWaiting: gauge({
    name: 'unmogrowp_dead_letters_waiting',
    help: 'Dead letters that nobody has put back on Kafka or given up, by the reason. See: unmogrowp dlq list.',
    labels: { reason: DEAD_LETTER_REASONS },
  }),
} as const;
