import { UnmogrowpError } from '../errors.ts';

/** Ctrl-C as a signal that work can look at. */
export interface Interruption {
  readonly signal: AbortSignal;
  /** From now on Ctrl-C ends the program at once again. */
  close(): void;
}

/** The first Ctrl-C (or SIGTERM) asks the work to stop in order, the second one ends the program at once. */
export function onInterruption(what: string): Interruption {
  const controller = new AbortController();
  const interrupt = (): void => {
    if (controller.signal.aborted) process.exit(INTERRUPTED_EXIT_CODE);
    controller.abort(new UnmogrowpError('interrupted', `${what} was interrupted`));
  };
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
  for (const signal of signals) process.on(signal, interrupt);
  return {
    signal: controller.signal,
    close: () => {
      for (const signal of signals) process.off(signal, interrupt);
    },
  };
}

/** What a shell gives to a program that Ctrl-C ended. */
export const INTERRUPTED_EXIT_CODE = 130;
