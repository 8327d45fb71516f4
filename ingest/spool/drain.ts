import { setTimeout as wait } from 'node:timers/promises';
import { type UnmogrowpError, toUnmogrowpError } from '../../errors.ts';
import type { ProduceRecords } from '../publish-records.ts';
import type { Spool, SpoolState } from './spool.ts';

export interface DrainOptions {
  spool: Spool;
  produce: ProduceRecords;
  /** Tells the rest of the platform what the spool holds, so that windows wait for it. */
  report: (state: SpoolState) => Promise<void>;
  onError: (error: UnmogrowpError) => void;
  /** How often an empty spool is looked at. */
  idleMs?: number;
  retryMsMax?: number;
}

const BATCH_BYTES_MAX = 1_048_576;
const RETRY_MS_MIN = 200;

/**
 * Sends what the spool holds to Kafka, in order, whenever Kafka takes it; gives the function that stops it. What is left
 * at the end stays on disk for the next process.
 */
export function startDrain(options: DrainOptions): () => Promise<void> {
  const stop = new AbortController();
  const running = drainUntil(stop.signal, options);
  return async () => {
    stop.abort();
    await running;
  };
}

async function drainUntil(signal: AbortSignal, options: DrainOptions): Promise<void> {
  const { spool, idleMs = 100, retryMsMax = 5_000 } = options;
  const reporter = createReporter(options);
  let retryMs = RETRY_MS_MIN;
  while (!signal.aborted) {
    reporter.report(spool.state());
    const sent = await sendBatch(options);
    if (sent === 'failed') {
      await pause(retryMs, signal);
      retryMs = Math.min(retryMs * 2, retryMsMax);
    } else {
      retryMs = RETRY_MS_MIN;
      if (sent === 'nothing') await pause(idleMs, signal);
    }
  }
  await reporter.settled();
  reporter.report(spool.state());
  await reporter.settled();
}

async function sendBatch({ spool, produce, onError }: DrainOptions): Promise<'sent' | 'nothing' | 'failed'> {
  if (spool.state().records === 0) return 'nothing';
  try {
    const batch = await spool.readBatch(BATCH_BYTES_MAX);
    if (batch === undefined) return 'nothing';
    await produce(batch.records);
    await batch.discard();
    return 'sent';
  } catch (error) {
    onError(toUnmogrowpError(error));
    return 'failed';
  }
}

const REPORT_MS = 1_000;

/**
 * Reports when the spool begins or ceases to hold records, and once a second while it does or while reporting fails.
 * Never more than one report at a time, and never in the way of the records.
 */
function createReporter({ report, onError }: DrainOptions) {
  let reported: boolean | undefined;
  let triedAtMs = Number.NEGATIVE_INFINITY;
  let pending: Promise<void> | undefined;
  return {
    report(state: SpoolState): void {
      const isEmpty = state.records === 0;
      const isDue = performance.now() - triedAtMs >= REPORT_MS;
      if (
        pending !== undefined ||
        (isEmpty === reported && (isEmpty || !isDue)) ||
        (reported === undefined && !isDue)
      ) {
        return;
      }
      triedAtMs = performance.now();
      pending = report(state).then(
        () => {
          reported = isEmpty;
          pending = undefined;
        },
        (error: unknown) => {
          reported = undefined;
          pending = undefined;
          onError(toUnmogrowpError(error));
        },
      );
    },
    async settled(): Promise<void> {
      await pending;
    },
  };
}

async function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  try {
    await wait(milliseconds, undefined, { signal });
  } catch {
    // Stopped.
  }
}
