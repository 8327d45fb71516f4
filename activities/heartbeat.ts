import { Context } from '@temporalio/activity';

const HEARTBEAT_MS = 2_000;

/**
 * Beats while `work` is under way, so that a dead worker is noticed within seconds and a cancellation arrives; the
 * signal aborts then. `details` are what the next attempt gets if this one dies. One that runs inside a workflow task needs
 * no beats: the task notices a dead worker.
 */
export async function withHeartbeat<Result>(
  details: unknown,
  work: (signal: AbortSignal) => Promise<Result>,
): Promise<Result> {
  const context = Context.current();
  if (context.info.isLocal) return work(context.cancellationSignal);
  context.heartbeat(details);
  const timer = setInterval(() => context.heartbeat(details), HEARTBEAT_MS);
  try {
    return await work(context.cancellationSignal);
  } finally {
    clearInterval(timer);
  }
}
