import type { ErrorCode } from '../../errors.ts';
import type { ChannelKind, ContactReference, DeliveryOutcome, Notice } from '../types.ts';
import type { WaitingNotice } from './state.ts';

/** What became of a notice, and the workflow of the incident that waits to hear it. */
export interface UntoldOutcome {
  readonly workflowId: string;
  readonly outcome: DeliveryOutcome;
}

/** How the sending of one message ended. */
export type Sending =
  | { readonly outcome: 'sent'; readonly channel: ChannelKind }
  | { readonly outcome: 'failed'; readonly code: string; readonly channel?: ChannelKind };

const OVERLOADED: ErrorCode = 'contact_overloaded';

/** What the incidents of a message have to hear: of each notice in it, and of each that one of them made superfluous. */
export function outcomesOf(
  told: readonly WaitingNotice[],
  { contact, sending, atMs }: { contact: ContactReference; sending: Sending; atMs: number },
): UntoldOutcome[] {
  return told.flatMap(({ notice, coveredKeys }) =>
    [...coveredKeys, notice.deliveryKey].map((deliveryKey) => ({
      workflowId: notice.workflowId,
      outcome: { deliveryKey, contact, ...sending, bundled: told.length, atMs },
    })),
  );
}

/** A notice that came when too many waited already. */
export const overloaded = (notice: Notice, contact: ContactReference, atMs: number): UntoldOutcome => ({
  workflowId: notice.workflowId,
  outcome: { deliveryKey: notice.deliveryKey, contact, outcome: 'failed', code: OVERLOADED, bundled: 0, atMs },
});
