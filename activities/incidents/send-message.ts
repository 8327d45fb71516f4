import { UnmogrowpError } from '../../errors.ts';
import type { SendByChannel } from '../../incidents/channels/all.ts';
import type { Message } from '../../incidents/channels/port.ts';
import type { WaitingNotice } from '../../incidents/contact/state.ts';
import { type LinkSettings, actionLinks } from '../../incidents/links/action-links.ts';
import { type Environment, addressOf } from '../../incidents/policy/contacts.ts';
import type { PolicySource } from '../../incidents/policy/load.ts';
import type { ContactReference } from '../../incidents/types.ts';
import { withHeartbeat } from '../heartbeat.ts';
import type { ContactActivities } from './contact-contract.ts';

export interface SendMessageDependencies {
  readonly policy: PolicySource;
  /** What the variables of the policy are looked up in. */
  readonly environment: Environment;
  readonly sendByChannel: SendByChannel;
  /** Null where links are not configured. */
  readonly links: LinkSettings | null;
}

/**
 * Looks up in the present policy where a message goes, and sends it. A contact that the policy does not know any more, or
 * whose variables are empty, is `channel_refused`.
 */
export function createSendMessage({
  policy,
  environment,
  sendByChannel,
  links,
}: SendMessageDependencies): ContactActivities['sendMessage'] {
  return async function sendMessage({ contact, told }) {
    const address = addressOf(policy.current().document, contact, environment);
    if (address.kind === 'unknown') throw unknownAddress(address);
    const { destination } = address;
    await withHeartbeat(undefined, (signal) => sendByChannel(messageOf(told, contact, links), destination, signal));
    return { channel: destination.kind };
  };
}

function messageOf(told: readonly WaitingNotice[], contact: ContactReference, settings: LinkSettings | null): Message {
  const parts = told.map(({ notice, coveredKeys }) => ({
    notice,
    coveredKeys,
    links: settings === null ? null : actionLinks(notice, contact, settings),
  }));
  const [first] = parts;
  if (first === undefined) throw new UnmogrowpError('bug', 'A message tells at least one notice.');
  return { deliveryKey: first.notice.deliveryKey, parts };
}

function unknownAddress(address: Extract<ReturnType<typeof addressOf>, { kind: 'unknown' }>): UnmogrowpError {
  return address.reason === 'contact_removed'
    ? new UnmogrowpError('channel_refused', 'The present policy does not know the contact any more.')
    : new UnmogrowpError('channel_refused', `The contact needs ${address.variable}, which is not set.`, {
        context: { variable: address.variable },
      });
}
