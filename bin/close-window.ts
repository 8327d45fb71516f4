import { randomUUID } from 'node:crypto';
import { WorkflowUpdateFailedError } from '@temporalio/client';
import { ApplicationFailure } from '@temporalio/common';
import { type WindowClient, closeWindow, describeWindow, windowName } from '../activities/client.ts';
import type { WindowKey } from '../activities/contract.ts';
import { ERROR_CODES, type ErrorCode, UnmogrowpError } from '../errors.ts';
import type { WindowOutcome } from '../workflows/messages.ts';
import { printProgress } from './output.ts';

const POLL_MS = 500;
const NO_ANSWER_MS = 5_000;

/**
 * Closes a window and waits for the outcome, saying where it stands. Throws `interrupted` when the signal aborts; the
 * window goes on with what it was told.
 */
export async function closeWithProgress(
  client: WindowClient,
  window: WindowKey,
  signal: AbortSignal,
): Promise<WindowOutcome> {
  const { promise: interrupted, reject } = Promise.withResolvers<never>();
  const interrupt = (): void => reject(signal.reason as Error);
  signal.addEventListener('abort', interrupt, { once: true });
  const stopShowing = showPhases(client, window);
  try {
    return await Promise.race([closeWindow(client, window, randomUUID()), interrupted]);
  } catch (error) {
    throw refusalOf(error, window);
  } finally {
    stopShowing();
    signal.removeEventListener('abort', interrupt);
  }
}

/** What the window refused, as the platform's error. */
function refusalOf(thrown: unknown, window: WindowKey): unknown {
  const failure = thrown instanceof WorkflowUpdateFailedError ? thrown.cause : undefined;
  if (!(failure instanceof ApplicationFailure)) return thrown;
  const code = failure.type ?? '';
  return new UnmogrowpError(isCode(code) ? code : 'bug', `${windowName(window)}: ${failure.message}`, {
    cause: thrown,
  });
}

const isCode = (code: string): code is ErrorCode => code in ERROR_CODES;

/** Prints each phase when it begins, until the returned function is called. */
function showPhases(client: WindowClient, window: WindowKey): () => void {
  let shown = '';
  let isStopped = false;
  let isWarned = false;
  const startedAtMs = performance.now();
  const show = async (): Promise<void> => {
    try {
      const description = await client.temporal.withDeadline(Date.now() + NO_ANSWER_MS, () =>
        describeWindow(client, window),
      );
      const text = description === undefined ? '' : `${description.phase}: waits for ${description.waitsFor}`;
      if (!isStopped && text !== '' && text !== shown) printProgress(text);
      shown = text;
    } catch {
      // The command itself reports what is wrong with Temporal; here only silence has to be explained.
      if (isStopped || isWarned || performance.now() - startedAtMs < NO_ANSWER_MS) return;
      isWarned = true;
      printProgress(`No worker answers on the task queue ${client.taskQueue}. Is one running? See: unmogrowp status`);
    }
  };
  const again = (): void => {
    if (!isStopped) void show().then(() => setTimeout(again, POLL_MS).unref());
  };
  again();
  return () => {
    isStopped = true;
  };
}
