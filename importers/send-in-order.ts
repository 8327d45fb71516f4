import { toUnmogrowpError } from '../errors.ts';

export interface OrderedSending<Batch, Sent> {
  batches: AsyncIterable<Batch>;
  /** How many are sent at the same time. */
  concurrency: number;
  send: (batch: Batch) => Promise<Sent>;
  /** Called for one batch after another, in their order, once it and all before it are sent. */
  commit: (batch: Batch, sent: Sent) => Promise<void>;
  signal: AbortSignal;
}

/**
 * Sends several batches at the same time and commits them in their order, so that what is committed never lies ahead of
 * what was sent. After a failure nothing new is sent, what is under way is waited for and committed as far as it can
 * be, and the first failure is thrown. An interruption is no failure.
 */
export async function sendInOrder<Batch, Sent>(options: OrderedSending<Batch, Sent>): Promise<void> {
  const { concurrency, send, commit, signal } = options;
  const underWay: Promise<unknown>[] = [];
  let committed: Promise<void> = Promise.resolve();
  let failure: unknown;
  const fail = (error: unknown): void => {
    failure ??= error;
  };
  for await (const batch of options.batches) {
    if (failure !== undefined || signal.aborted) break;
    const sent = send(batch);
    const before = committed;
    committed = before.then(async () => commit(batch, await sent));
    committed.catch(fail);
    const settled = sent.catch(fail);
    underWay.push(settled);
    // The oldest of them holds up the commits anyway.
    if (underWay.length >= concurrency) await underWay.shift();
  }
  await committed.catch(fail);
  await Promise.all(underWay);
  if (failure !== undefined && !(signal.aborted && isInterruption(failure))) throw failure;
}

const isInterruption = (error: unknown): boolean => toUnmogrowpError(error).code === 'interrupted';
