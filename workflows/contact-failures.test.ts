import { ActivityFailure, ApplicationFailure, RetryState, TimeoutFailure } from '@temporalio/common';
import { expect, it } from 'vitest';
import { failedSending, wasNeverTried } from './contact-failures.ts';

const ofActivity = (cause: Error): ActivityFailure =>
  new ActivityFailure(undefined, 'sendMessage', '1', RetryState.TIMEOUT, 'worker', cause);

/** The time for all attempts was over, the last of which had failed so. */
const overAfter = (cause: Error): TimeoutFailure =>
  Object.assign(new TimeoutFailure('over', undefined, 'SCHEDULE_TO_CLOSE'), { cause });

const refused = ApplicationFailure.create({ type: 'channel_refused', details: [{ channel: 'email', status: 550 }] });

it.each([
  [
    'the channel has said no',
    ofActivity(refused),
    false,
    { outcome: 'failed', code: 'channel_refused', channel: 'email' },
  ],
  [
    'the time was over after attempts',
    ofActivity(overAfter(ApplicationFailure.create({ type: 'channel_failed' }))),
    false,
    { outcome: 'failed', code: 'channel_failed' },
  ],
  [
    'an attempt hung',
    ofActivity(new TimeoutFailure('over', undefined, 'START_TO_CLOSE')),
    false,
    { outcome: 'failed', code: 'channel_failed' },
  ],
  [
    'the details name no channel',
    ofActivity(ApplicationFailure.create({ type: 'bug', details: [{ channel: 'pigeon' }] })),
    false,
    { outcome: 'failed', code: 'bug' },
  ],
])('when %s, the incident hears so', (_what, error, neverTried, sending) => {
  expect(wasNeverTried(error)).toBe(neverTried);
  expect(failedSending(error)).toEqual(sending);
});

it('nothing has failed while nobody was there to try', () => {
  expect(wasNeverTried(ofActivity(new TimeoutFailure('over', undefined, 'SCHEDULE_TO_CLOSE')))).toBe(true);
});
