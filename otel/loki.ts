import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import pino, { type DestinationStream } from 'pino';

/** Where Loki is, and how it lets us in. */
export interface LokiAddress {
  url: string;
  username?: string | undefined;
  password?: string | undefined;
  /** Of a Loki that serves several. */
  tenant?: string | undefined;
}

/** The way of log lines to Loki. */
export interface LokiStream extends DestinationStream {
  /** Sends what is left, as far as Loki takes it in a few seconds. */
  close(): Promise<void>;
}

type LineOutcome = 'stored' | 'lost';

const CLOSE_MS_MAX = 3_000;
const CLOSE_POLL_MS = 20;

/**
 * Sends log lines to Loki by pino-loki, in a thread of its own: nothing of it holds the process up. pino-loki says nothing
 * about lines that Loki did not take; the thread counts them by the answers.
 */
export function openLoki(address: LokiAddress, onLines: (outcome: LineOutcome, lines: number) => void): LokiStream {
  const target = fileURLToPath(new URL('./loki-transport.ts', import.meta.url));
  const thread = pino.transport<LokiAddress>({ target, options: address });
  let isOpen = true;
  let underWay = 0;
  const settle = (outcome: LineOutcome, lines: number): void => {
    underWay -= lines;
    onLines(outcome, lines);
  };
  // Without the thread there is still standard output.
  const giveUp = (): void => {
    isOpen = false;
    if (underWay > 0) settle('lost', underWay);
  };
  thread.on('lines', settle);
  thread.on('error', giveUp);
  return {
    write: (line) => {
      underWay += 1;
      if (isOpen) thread.write(line);
      else settle('lost', 1);
    },
    close: async () => {
      const endMs = performance.now() + CLOSE_MS_MAX;
      while (underWay > 0 && performance.now() < endMs) await wait(CLOSE_POLL_MS);
      giveUp();
      // It blocks until the thread has ended, which has nothing left to do.
      thread.end();
    },
  };
}
