import { ApplicationFailure } from '@temporalio/workflow';

/** A refusal of a command: the caller gets the code and the reason, and the workflow goes on. */
export function refuse(
  code: 'window_invalid' | 'replay_invalid' | 'incident_unknown' | 'incident_refused',
  message: string,
): ApplicationFailure {
  return ApplicationFailure.nonRetryable(message, code);
}
