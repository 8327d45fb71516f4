import { ActivityFailure, ApplicationFailure, TimeoutFailure } from '@temporalio/workflow';
import type { Sending } from '../incidents/contact/outcomes.ts';
import { CHANNEL_KINDS, type ChannelKind } from '../incidents/types.ts';

/** Nobody was there to try it: that says nothing about the channel. */
export function wasNeverTried(error: unknown): boolean {
  const cause = error instanceof ActivityFailure ? error.cause : undefined;
  return cause instanceof TimeoutFailure && cause.timeoutType === 'SCHEDULE_TO_CLOSE' && cause.cause === undefined;
}

/** How a message ended that was not sent: by the code and the channel of the last attempt. */
export function failedSending(error: unknown): Sending {
  const causes = [error instanceof ActivityFailure ? error.cause : undefined];
  causes.push(causes[0] instanceof TimeoutFailure ? causes[0].cause : undefined);
  const failure = causes.find((cause) => cause instanceof ApplicationFailure);
  const channel = channelOf(failure);
  const code = failure?.type ?? 'channel_failed';
  return { outcome: 'failed', code, ...(channel === undefined ? {} : { channel }) };
}

/** Channels write their kind into the facts of their errors. */
function channelOf(failure: ApplicationFailure | undefined): ChannelKind | undefined {
  const [facts] = failure?.details ?? [];
  const named = typeof facts === 'object' && facts !== null && 'channel' in facts ? facts.channel : undefined;
  return CHANNEL_KINDS.find((kind) => kind === named);
}
