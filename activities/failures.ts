import { ApplicationFailure, CancelledFailure, Context } from '@temporalio/activity';
import { type UnmogrowpError, toUnmogrowpError } from '../errors.ts';
import { currentTraceId } from './trace-id.ts';

type Activity = (input: never) => Promise<unknown>;

/**
 * The activities as a worker takes them: whatever they throw becomes a failure whose type is the error's code, and which
 * is retried only if the code says that it may pass. What a cancellation interrupted is cancelled, not failed.
 * `onFailure` hears of each failed attempt.
 */
export function withFailures<Activities extends object>(
  activities: Activities,
  onFailure: (error: UnmogrowpError) => void,
): Activities {
  const wrapped = Object.entries(activities).map(([name, activity]) => [
    name,
    async (input: never) => {
      try {
        return await (activity as Activity)(input);
      } catch (error) {
        throw toFailure(error, onFailure);
      }
    },
  ]);
  return Object.fromEntries(wrapped) as Activities;
}

function toFailure(thrown: unknown, onFailure: (error: UnmogrowpError) => void): Error {
  if (thrown instanceof CancelledFailure) return thrown;
  const error = toUnmogrowpError(thrown);
  const wasCancelled = Context.current().cancellationSignal.aborted;
  if (error.code === 'interrupted' && wasCancelled) return new CancelledFailure(error.message);
  onFailure(error);
  return ApplicationFailure.create({
    message: error.message,
    type: error.code,
    nonRetryable: !error.retryable,
    ...nextRetryOf(error),
    // What logs a failure, or shows it much later, does so outside of its trace.
    details: [{ ...error.context, trace_id: currentTraceId() }],
    cause: error,
  });
}

/** The other side has said how long it wants to be left alone. */
function nextRetryOf({ context: { retry_after_ms: retryAfterMs } }: UnmogrowpError): { nextRetryDelay?: number } {
  return typeof retryAfterMs === 'number' ? { nextRetryDelay: retryAfterMs } : {};
}
