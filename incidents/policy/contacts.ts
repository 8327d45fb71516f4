import type { Destination } from '../channels/port.ts';
import type { ContactReference, Target, Urgency } from '../types.ts';
import type { Endpoint, Person, PolicyDocument } from './schema.ts';
import type { Throttle } from './snapshot.ts';
import { throttleOf } from './take-snapshot.ts';

/** What the variables of a policy are looked up in. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** Where a contact is told now, and how much at once; or why nothing can be sent to it. */
export type ContactAddress =
  | { readonly kind: 'known'; readonly destination: Destination; readonly throttle: Throttle }
  | { readonly kind: 'unknown'; readonly reason: 'contact_removed' }
  | { readonly kind: 'unknown'; readonly reason: 'variable_unset'; readonly variable: string };

/** Ways to tell one person or channel, in the order in which they are tried. */
export type ContactChain = readonly ContactReference[];

/** A target as contacts. `unreachable` are persons whom the policy does not know or has no contact for. */
export interface ResolvedTarget {
  readonly chains: readonly ContactChain[];
  readonly unreachable: readonly string[];
}

/**
 * Whom a target means, in a document: one chain for each person, or one for the channel. Who is on call is asked
 * elsewhere and given as `onCall` when the target is a schedule.
 */
export function contactsOf(
  document: PolicyDocument,
  target: Target,
  { urgency, onCall = [] }: { urgency: Urgency; onCall?: readonly string[] },
): ResolvedTarget {
  if (target.kind === 'channel') {
    const isKnown = document.channels.some(({ id }) => id === target.channel);
    return { chains: isKnown ? [[`channel:${target.channel}`]] : [], unreachable: [] };
  }
  const people = target.kind === 'person' ? [target.person] : [...new Set(onCall)];
  const resolved = people.map((id) => ({ id, chain: chainOf(personOf(document, id), urgency) }));
  return {
    chains: resolved.map(({ chain }) => chain).filter((chain) => chain.length > 0),
    unreachable: resolved.filter(({ chain }) => chain.length === 0).map(({ id }) => id),
  };
}

/** Where a contact is told, by the document and the environment of now. */
export function addressOf(
  document: PolicyDocument,
  reference: ContactReference,
  environment: Environment,
): ContactAddress {
  const endpoint = endpointOf(document, reference);
  if (endpoint === undefined) return { kind: 'unknown', reason: 'contact_removed' };
  const unset = variablesOf(endpoint).find((name) => isUnset(environment, name));
  if (unset !== undefined) return { kind: 'unknown', reason: 'variable_unset', variable: unset };
  const destination = destinationOf(endpoint, (name) => environment[name] ?? '');
  return { kind: 'known', destination, throttle: throttleOf(endpoint.throttle ?? document.throttle) };
}

/** Variables of the environment that a contact or channel needs. */
export function variablesOf(endpoint: Endpoint): string[] {
  const names =
    endpoint.kind === 'email'
      ? [endpoint.address_variable]
      : [endpoint.url_variable, ...(endpoint.kind === 'slack' ? [] : [endpoint.secret_variable])];
  return names.filter((name) => name !== undefined);
}

/** An empty variable is one that somebody forgot to fill. */
export const isUnset = (environment: Environment, name: string): boolean => (environment[name] ?? '') === '';

const personOf = ({ people }: PolicyDocument, person: string): Person | undefined =>
  people.find(({ id }) => id === person);

const chainOf = (person: Person | undefined, urgency: Urgency): ContactChain =>
  (person?.notify[urgency] ?? []).map((contact): ContactReference => `person:${person?.id ?? ''}/${contact}`);

function endpointOf(document: PolicyDocument, reference: ContactReference): Endpoint | undefined {
  const [, person = '', contact = ''] = /^person:([^/]+)\/(.+)$/.exec(reference) ?? [];
  if (person !== '') return personOf(document, person)?.contacts.find(({ id }) => id === contact);
  return document.channels.find(({ id }) => reference === `channel:${id}`);
}

function destinationOf(endpoint: Endpoint, read: (variable: string) => string): Destination {
  switch (endpoint.kind) {
    case 'email':
      return { kind: 'email', address: endpoint.address ?? read(endpoint.address_variable ?? '') };
    case 'slack':
      return { kind: 'slack', url: read(endpoint.url_variable) };
    case 'webhook':
      return { kind: 'webhook', url: read(endpoint.url_variable), secret: read(endpoint.secret_variable) };
    case 'pagerduty': {
      const url = endpoint.url_variable === undefined ? {} : { url: read(endpoint.url_variable) };
      return { kind: 'pagerduty', routingKey: read(endpoint.secret_variable), ...url };
    }
    case 'alertmanager': {
      const token = endpoint.secret_variable === undefined ? {} : { token: read(endpoint.secret_variable) };
      return { kind: 'alertmanager', url: read(endpoint.url_variable), ...token };
    }
  }
}
