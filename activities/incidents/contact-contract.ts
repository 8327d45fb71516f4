import type { UntoldOutcome } from '../../incidents/contact/outcomes.ts';
import type { WaitingNotice } from '../../incidents/contact/state.ts';
import type { ChannelKind, ContactReference } from '../../incidents/types.ts';

/** What is sent to a contact at once. */
export interface SendMessageRequest {
  version: 1;
  contact: ContactReference;
  /** At least one; the key of the first is that of the message. */
  told: readonly WaitingNotice[];
}

/** What became of the notices of one message. */
export interface TellOutcomesRequest {
  version: 1;
  outcomes: readonly UntoldOutcome[];
}

/** All I/O of the workflow `contact`. Twice is once: a message that is sent again has the same key. */
export interface ContactActivities {
  /** Looks up where it goes and sends it. Throws `channel_failed` or `channel_refused`. */
  sendMessage(request: SendMessageRequest): Promise<{ channel: ChannelKind }>;
  /** Signals `delivered` to the workflows of the incidents; one that has ended needs no answer any more. */
  tellOutcomes(request: TellOutcomesRequest): Promise<void>;
}
