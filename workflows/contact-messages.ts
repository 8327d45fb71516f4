import type { UntoldOutcome } from '../incidents/contact/outcomes.ts';
import type { ContactState, WaitingNotice } from '../incidents/contact/state.ts';
import type { Throttle } from '../incidents/policy/snapshot.ts';
import type { ContactReference, Notice } from '../incidents/types.ts';

/** The one argument of the workflow `contact`, id `contact/{reference}`. */
export interface ContactInput {
  version: 1;
  contact: ContactReference;
  carried?: ContactCarried;
  /** Only for tests: continue as new when the history has become this long, instead of when the server suggests it. */
  continueAsNewAfterEvents?: number;
}

/** What of a contact goes over into the next run of its workflow. */
export interface ContactCarried {
  state: ContactState;
  /** The message that was being sent; it is sent again, as the same one. */
  sending: readonly WaitingNotice[];
  /** What became of notices that their incidents do not know yet. */
  untold: readonly UntoldOutcome[];
}

/** Argument of the signal `tell`, which is sent together with the start. */
export interface TellNotice {
  version: 1;
  notice: Notice;
  /** What the contact may get, by the policy of this moment. */
  throttle: Throttle;
}
