import type { ActionLinks } from '../channels/port.ts';
import { asksForAnswer } from '../contact/order.ts';
import type { ContactReference, Notice } from '../types.ts';
import { LINK_ACTIONS, type LinkKeys, linkId, signLink } from './link.ts';

/** Long enough for a night; whoever comes later uses the command line. */
const LIFETIME_MS = 24 * 3_600_000;

/** Where links lead, and what they are signed with. */
export interface LinkSettings {
  readonly publicUrl: string;
  readonly keys: LinkKeys;
}

/** The links of a notice for a contact; null when nothing is asked. The same notice always has the same links. */
export function actionLinks(notice: Notice, contact: ContactReference, settings: LinkSettings): ActionLinks | null {
  if (!asksForAnswer(notice)) return null;
  const { deliveryKey, workflowId, incidentId, createdAtMs } = notice;
  const addresses = LINK_ACTIONS.map((action) => {
    const id = linkId(`${deliveryKey}/${contact}`, action);
    const expiresAtMs = createdAtMs + LIFETIME_MS;
    const token = signLink(
      { id, workflowId, incidentId, action, person: personOf(contact), expiresAtMs },
      settings.keys,
    );
    return [action, `${settings.publicUrl.replace(/\/+$/, '')}/links/${token}`];
  });
  return Object.fromEntries(addresses) as Record<(typeof LINK_ACTIONS)[number], string>;
}

/** Who acts by a link of this contact: the person, or everybody who reads the channel. */
function personOf(contact: ContactReference): string {
  const [, person] = /^person:([^/]+)\//.exec(contact) ?? [];
  return person ?? contact;
}
