import type { ContactState } from '../incidents/contact/state.ts';
import type { Throttle } from '../incidents/policy/snapshot.ts';
import type { ContactReference, DeliveryOutcome, Notice } from '../incidents/types.ts';

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
  /** What became of notices that their incidents do not know yet. */
  untold: readonly UntoldOutcome[];
}

/** An outcome and the workflow of the incident that waits for it. */
export interface UntoldOutcome {
  workflowId: string;
  outcome: DeliveryOutcome;
}

/** Argument of the signal `tell`, which is sent together with the start. */
export interface TellNotice {
  version: 1;
  notice: Notice;
  /** What the contact may get, by the policy of this moment. */
  throttle: Throttle;
}
