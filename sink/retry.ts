import { UnmogrowpError, toUnmogrowpError } from '../errors.ts';
import { pause } from '../kafka/pause.ts';

export interface RetryOptions {
  waitMsMax: number;
  signal: AbortSignal;
  /** Whether trying again would be of no use; everything else is tried until it works or the signal is aborted. */
  isFinal: (error: UnmogrowpError) => boolean;
  onRetry: (error: UnmogrowpError) => void;
}

const WAIT_MS_MIN = 100;

/** Calls until it works, with growing waits in between. Throws final errors, and `interrupted` when it was aborted. */
export async function untilItWorks<Result>(options: RetryOptions, call: () => Promise<Result>): Promise<Result> {
  let waitMs = WAIT_MS_MIN;
  for (;;) {
    if (options.signal.aborted) throw new UnmogrowpError('interrupted', 'The work was ended before it was done');
    try {
      return await call();
    } catch (thrown) {
      const error = toUnmogrowpError(thrown);
      if (options.isFinal(error)) throw error;
      if (!options.signal.aborted) options.onRetry(error);
    }
    // Half of it by chance, so that sinks that failed together do not come back together.
    await pause(waitMs * (0.5 + Math.random() / 2), options.signal);
    waitMs = Math.min(waitMs * 2, options.waitMsMax);
  }
}
